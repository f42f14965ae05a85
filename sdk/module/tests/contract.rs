//! The in-memory host does what the contract says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use module::native::Host;
use module::{
    Annotation, Batch, Condition, Content, Error, Exclusion, Fields, Grant, Identifier, Key,
    LockRequest, Mailbox, MailboxScope, Put, Query, Rights, Scope, Term, Test, UniqueScope,
};

fn host() -> Host {
    let host = Host::new();
    host.user("alice")
        .user("bob")
        .group("staff", &["bob"])
        .act_as("alice");
    host
}

fn path(parts: &[&str]) -> Vec<String> {
    ["user", "alice", "#box"]
        .iter()
        .chain(parts)
        .map(|&part| part.to_owned())
        .collect()
}

/// Opens a mailbox of alice's, made before if it is missing.
fn mailbox(parts: &[&str]) -> Mailbox {
    let batch = Batch::new();
    batch.create_mailbox(&path(parts), "box", None);
    let _ = batch.commit();
    Mailbox::open(&path(parts)).unwrap()
}

fn put(name: &str, body: &str, condition: Condition, keys: Vec<Key>) -> Put<'static> {
    Put {
        name: Some(name.to_owned()),
        condition,
        header: b"Subject: x\r\n\r\n".to_vec(),
        content: Content::Bytes(body.as_bytes().to_vec()),
        content_type: "text/plain".to_owned(),
        flags: Vec::new(),
        keys,
        keys_version: 1,
    }
}

fn store(mailbox: &Mailbox, name: &str, body: &str) -> Result<u32, Error> {
    let batch = Batch::new();
    batch.put(mailbox, put(name, body, Condition::None, Vec::new()));
    Ok(batch.commit()?[0].uid)
}

#[test]
fn a_batch_is_committed_whole_or_not_at_all() {
    let _host = host();
    let inbox = mailbox(&[]);
    let before = inbox.status().unwrap();
    let batch = Batch::new();
    batch.put(&inbox, put("a", "1", Condition::Free, Vec::new()));
    let second = batch.put(&inbox, put("a", "2", Condition::Free, Vec::new()));
    let failure = batch.commit().unwrap_err();
    assert_eq!((failure.change, failure.error), (second, Error::Exists));
    assert_eq!(inbox.status().unwrap(), before);
}

#[test]
fn conditions_hold_or_nothing_happens() {
    let _host = host();
    let inbox = mailbox(&[]);
    let first = store(&inbox, "a", "1").unwrap();
    let state = inbox.status().unwrap().modseq;
    let second = store(&inbox, "a", "2").unwrap();
    assert!(second > first);
    let batch = Batch::new();
    batch.put(
        &inbox,
        put("a", "3", Condition::Unchanged(first), Vec::new()),
    );
    assert_eq!(batch.commit().unwrap_err().error, Error::Conflict);
    let batch = Batch::new();
    batch.expect_modseq(&inbox, state);
    assert_eq!(batch.commit().unwrap_err().error, Error::Conflict);
    let batch = Batch::new();
    batch.remove(&inbox, first);
    assert_eq!(batch.commit().unwrap_err().error, Error::Conflict);
}

#[test]
fn modseqs_run_per_owner_and_a_batch_takes_one() {
    let _host = host();
    let (one, two) = (mailbox(&[]), mailbox(&["two"]));
    let batch = Batch::new();
    batch.put(&one, put("a", "1", Condition::None, Vec::new()));
    batch.put(&two, put("a", "1", Condition::None, Vec::new()));
    let outcomes = batch.commit().unwrap();
    assert_eq!(outcomes[0].modseq, outcomes[1].modseq);
    store(&two, "b", "1").unwrap();
    let status = one.status().unwrap();
    assert_eq!(status.owner_modseq, status.modseq + 1);
}

#[test]
fn changes_tell_of_removals_and_replacements_once() {
    let _host = host();
    let inbox = mailbox(&[]);
    store(&inbox, "a", "1").unwrap();
    let gone = store(&inbox, "b", "1").unwrap();
    let since = inbox.status().unwrap().modseq;
    let new = store(&inbox, "a", "2").unwrap();
    let batch = Batch::new();
    batch.remove(&inbox, gone);
    batch.commit().unwrap();
    let page = inbox.changes(since, 10, Fields::NAME).unwrap();
    let told: Vec<_> = page
        .iter()
        .map(|entry| (entry.name(), entry.uid(), entry.removed()))
        .collect();
    assert_eq!(told, [("a", new, false), ("b", gone, true)]);
    let from_nothing = inbox.changes(0, 10, Fields::NAME).unwrap();
    assert!(from_nothing.iter().all(|entry| !entry.removed()));
    assert_eq!(
        inbox.changes(999, 10, Fields::NAME).unwrap_err(),
        Error::TooOld
    );
}

#[test]
fn pages_go_on_after_their_last_message() {
    let _host = host();
    let inbox = mailbox(&[]);
    for number in 0..5 {
        store(&inbox, &format!("m{number}"), "1").unwrap();
    }
    let first = inbox.list(0, 3, Fields::NAME).unwrap();
    let last = first.last().unwrap();
    assert_eq!((first.len(), first.more, last.name()), (3, true, "m2"));
    let second = inbox.list(last.uid(), 3, Fields::empty()).unwrap();
    assert_eq!((second.len(), second.more), (2, false));
    assert_eq!(second.last().unwrap().name(), "");
}

#[test]
fn rights_decide_and_what_may_not_be_seen_is_not_there() {
    let host = host();
    let inbox = mailbox(&[]);
    store(&inbox, "a", "1").unwrap();
    host.act_as("bob");
    assert_eq!(Mailbox::open(&path(&[])).unwrap_err(), Error::NotFound);
    host.act_as("alice");
    let grant =
        |identifier, letters| Grant::new(identifier, Rights::from_letters(letters).unwrap());
    let grants = [
        grant(Identifier::Principal("alice".to_owned()), "lrswipkxtea"),
        grant(Identifier::Group("staff".to_owned()), "lrw"),
        Grant {
            negative: true,
            ..grant(Identifier::Authenticated, "w")
        },
    ];
    let batch = Batch::new();
    batch.set_rights(&inbox, &grants);
    batch.commit().unwrap();
    host.act_as("bob");
    let inbox = Mailbox::open(&path(&[])).unwrap();
    assert_eq!(inbox.status().unwrap().rights.letters(), "lr");
    assert_eq!(inbox.list(0, 10, Fields::NAME).unwrap().len(), 1);
    assert_eq!(
        store(&inbox, "b", "1").unwrap_err(),
        Error::Forbidden(Rights::INSERT)
    );
    assert!(matches!(inbox.grants(), Err(Error::Forbidden(_))));
    let shared = Mailbox::list_all(&MailboxScope::Shared, None, None, 10).unwrap();
    assert_eq!(shared.len(), 1);
}

#[test]
fn a_read_only_sign_in_writes_nothing() {
    let host = host();
    let inbox = mailbox(&[]);
    host.scope(Scope::READ_ONLY);
    assert!(matches!(store(&inbox, "a", "1"), Err(Error::Forbidden(_))));
}

#[test]
fn private_annotations_are_nobody_elses() {
    let host = host();
    let inbox = mailbox(&[]);
    let uid = store(&inbox, "a", "1").unwrap();
    let batch = Batch::new();
    batch.set_rights(&inbox, &[Grant::new(Identifier::Anyone, Rights::all())]);
    batch.commit().unwrap();
    let state = inbox.status().unwrap().modseq;
    let annotate = |annotation: &Annotation| {
        let batch = Batch::new();
        batch.annotate(&Mailbox::open(&path(&[])).unwrap(), Some(uid), annotation);
        batch.commit().unwrap();
    };
    host.act_as("bob");
    annotate(&Annotation::private("x:1", Some(b"bob".to_vec())));
    let own = inbox.status().unwrap();
    assert!(own.modseq > state && own.owner_modseq > state);
    let since = |modseq| inbox.changes(modseq, 10, Fields::NAME).unwrap();
    assert_eq!(since(state).len(), 1);
    assert_eq!(since(own.modseq).len(), 0);
    host.act_as("alice");
    let hers = inbox.status().unwrap();
    assert_eq!(hers.modseq, state, "nobody else's state moves");
    assert_eq!(hers.owner_modseq, state);
    assert_eq!(inbox.changes(state, 10, Fields::NAME).unwrap().len(), 0);
    assert_eq!(inbox.message_annotations(&[uid], "x:").unwrap(), []);
    annotate(&Annotation::shared("x:2", Some(b"all".to_vec())));
    host.act_as("bob");
    assert_eq!(inbox.message_annotations(&[uid], "x:").unwrap().len(), 2);
    assert_eq!(inbox.find("a").unwrap().unwrap().annotations, 2);
}

#[test]
fn locks_ask_for_the_token_of_their_holder() {
    let host = host();
    let inbox = mailbox(&[]);
    let request = LockRequest {
        exclusion: Exclusion::Exclusive,
        deep: true,
        owner: Vec::new(),
        expires: host.now() + 10_000,
    };
    let batch = Batch::new();
    batch.lock(&inbox, None, &request);
    let token = batch.commit().unwrap().remove(0).lock_token;
    assert_eq!(
        store(&inbox, "a", "1").unwrap_err(),
        Error::Locked(token.clone())
    );
    let batch = Batch::new();
    batch.submit_tokens(std::slice::from_ref(&token));
    batch.put(&inbox, put("a", "1", Condition::None, Vec::new()));
    batch.commit().unwrap();
    assert_eq!(inbox.locks(Some("a"), false).unwrap().len(), 1);
    host.advance(20_000);
    store(&inbox, "a", "2").unwrap();
}

#[test]
fn trees_are_copied_and_moved() {
    let _host = host();
    let home = mailbox(&[]);
    let (top, deep) = (mailbox(&["top"]), mailbox(&["top", "deep"]));
    store(&deep, "a", "1").unwrap();
    let since = home.status().unwrap().owner_modseq;
    let batch = Batch::new();
    batch.copy_mailbox(&top, &path(&["copy"]), true);
    batch.rename_mailbox(&top, &path(&["moved"]));
    batch.commit().unwrap();
    for name in ["copy", "moved"] {
        let copy = Mailbox::open(&path(&[name, "deep"])).unwrap();
        assert_eq!(copy.read(&[1], module::Part::Body).unwrap(), [b"1"]);
    }
    let changes = home.mailbox_changes(since, false, 10).unwrap();
    let told = changes
        .iter()
        .map(|change| (change.path[3].as_str(), change.removed));
    let mut told: Vec<_> = told.collect();
    told.sort();
    assert_eq!(told, [("copy", false), ("moved", false), ("top", true)]);
}

#[test]
fn keys_are_searched_and_unique_where_they_must_be() {
    let _host = host();
    let home = mailbox(&[]);
    let (one, two) = (mailbox(&["one"]), mailbox(&["two"]));
    let keys = |uid: &str, start| {
        vec![
            Key::text("uid", uid),
            Key::interval("time", start, start + 10),
        ]
    };
    let batch = Batch::new();
    batch.put(&one, put("a", "1", Condition::None, keys("A", 0)));
    batch.put(&one, put("b", "1", Condition::None, keys("B", 20)));
    batch.commit().unwrap();
    let query = |test| Query {
        all_of: vec![vec![Term::new("time", test)]],
        limit: 10,
        ..Query::default()
    };
    let found = one.search(&query(Test::Overlap((10, 21)))).unwrap().found;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message.name.as_deref(), Some("b"));
    assert_eq!(
        home.search_tree(&query(Test::Present)).unwrap().found.len(),
        2
    );
    let batch = Batch::new();
    let key = Key::text("uid", "A");
    batch.expect_unique(&two, Some("c"), &key, UniqueScope::Mailbox);
    let unique = batch.expect_unique(&two, Some("c"), &key, UniqueScope::Owner);
    batch.put(&two, put("c", "1", Condition::None, keys("A", 0)));
    let failure = batch.commit().unwrap_err();
    assert_eq!(failure.change, unique);
    let Error::DuplicateKey(other) = failure.error else {
        panic!("{}", failure.error);
    };
    assert_eq!(other.name.as_deref(), Some("a"));
}

#[test]
fn quotas_are_kept() {
    let host = host();
    let inbox = mailbox(&[]);
    host.quota("alice", None, Some(1));
    store(&inbox, "a", "1").unwrap();
    assert!(matches!(store(&inbox, "b", "1"), Err(Error::OverQuota(_))));
    assert_eq!(inbox.usage().unwrap().messages, 1);
}

#[test]
fn what_is_remembered_is_for_whoever_it_was() {
    use module::memory::{recall, remember};
    let host = host();
    assert_eq!(recall("a"), None);
    remember("a", b"1");
    remember("b", b"2");
    remember("a", b"3");
    assert_eq!(recall("a").as_deref(), Some(&b"3"[..]));
    host.act_as("bob");
    assert_eq!(recall("a"), None);
    host.act_as("alice");
    remember("a", b"");
    assert_eq!((recall("a"), recall("b")), (None, Some(b"2".to_vec())));
}

#[test]
fn nobody_makes_a_home_for_somebody_else() {
    let host = host();
    host.act_as("bob");
    let batch = Batch::new();
    batch.create_mailbox(&path(&[]), "box", None);
    assert_eq!(batch.commit().unwrap_err().error, Error::NotFound);
}

#[test]
fn rights_have_letters() {
    let rights = Rights::from_letters("lr5").unwrap();
    assert_eq!(
        rights,
        Rights::LOOKUP | Rights::READ | Rights::UPDATE_PRIVATE
    );
    assert_eq!(rights.letters(), "lr5");
    assert_eq!(Rights::from_letters("z"), None);
    assert_eq!(Rights::all().letters(), "lrswipkxtean56789");
}
