//! Whole conversations, over a store of their own. RFC 2033, RFC 5321, RFC 3030.

use super::recipient::{MAIL, inbox};
use super::session::Session;
use super::wire::Wire;
use crate::config::{Config, syntax};
use crate::tenant::Snapshot;
use std::path::Path as FilePath;
use std::sync::Arc;
use storage::{
    Actor, Batch, Change, Fields, Grant, Identifier, Kind, Part, Path, Principal, Rights, Store,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::sync::watch;

struct World {
    snapshot: Arc<Snapshot>,
    store: Arc<dyn Store>,
    _folder: TempDir,
}

fn owner(user: &str) -> Actor {
    Actor {
        principal: Some(user.to_owned()),
        ..Actor::default()
    }
}

/// A server for `a.test`, with these options, where alice is, and bob with an address.
async fn world(options: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().display();
    let text =
        format!("configdirectory: {state}\nservername: mx.a.test\ndomains: a.test\n{options}");
    let file = FilePath::new("imapd.conf");
    let lines = syntax::parse(&text, file).unwrap();
    let config = Arc::new(Config::from_lines(lines, Some(file)).unwrap());
    let snapshot = Arc::new(Snapshot::new(config, Vec::new()));
    let open = snapshot.default_site().open().await.unwrap();
    let store = open.tenant.store.clone();
    for (user, kind, address) in [
        ("alice", Kind::User, None),
        ("bob", Kind::User, Some("Robert.Smith@a.test")),
        ("all", Kind::Group, None),
    ] {
        let principal = Principal {
            id: user.to_owned(),
            kind,
            display_name: String::new(),
            addresses: address.into_iter().map(str::to_owned).collect(),
        };
        store.put_principal(&principal).await.unwrap();
    }
    World {
        snapshot,
        store,
        _folder: folder,
    }
}

impl World {
    /// Says all of this at once, and returns all that is answered.
    async fn say(&self, text: &str) -> String {
        self.say_in_pieces(text.as_bytes(), text.len().max(1)).await
    }

    async fn say_in_pieces(&self, bytes: &[u8], size: usize) -> String {
        let (mut client, server) = duplex(64 << 10);
        let (_stopping, stopped) = watch::channel(false);
        let snapshot = self.snapshot.clone();
        let session = Session::new(
            Wire::new(server, stopped),
            Box::new(move || snapshot.clone()),
            "[127.0.0.1]".to_owned(),
        );
        let served = tokio::spawn(session.run());
        let (mut from, mut to) = tokio::io::split(&mut client);
        let write = async {
            for piece in bytes.chunks(size) {
                // A server that has ended the connection reads no more.
                if to.write_all(piece).await.is_err() {
                    return;
                }
            }
            let _ = to.shutdown().await;
        };
        let mut said = String::new();
        let (_, read) = tokio::join!(write, from.read_to_string(&mut said));
        read.unwrap();
        served.await.unwrap();
        said
    }

    /// The codes of what is answered, after the greeting and the answer to LHLO.
    async fn codes(&self, text: &str) -> String {
        let said = self.say(&format!("LHLO c.test\r\n{text}")).await;
        let lines = said
            .lines()
            .filter(|line| line.as_bytes().get(3) == Some(&b' '));
        let codes: Vec<&str> = lines.skip(2).map(|line| &line[..3]).collect();
        codes.join(" ")
    }

    /// The messages of a mailbox.
    async fn messages(&self, user: &str, path: &Path) -> Vec<String> {
        let actor = owner(user);
        let Ok(status) = self.store.open(&actor, path).await else {
            return Vec::new();
        };
        let fields = Fields::default();
        let page = self
            .store
            .list(&actor, status.mailbox, 0, 100, fields)
            .await;
        let uids: Vec<_> = page.unwrap().entries.iter().map(|it| it.uid).collect();
        let read = self.store.read(&actor, status.mailbox, &uids, Part::Whole);
        let read = read.await.unwrap();
        read.iter()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect()
    }

    async fn inbox(&self, user: &str) -> Vec<String> {
        self.messages(user, &inbox(user)).await
    }

    async fn change(&self, user: &str, change: Change) {
        let batch = Batch {
            tokens: Vec::new(),
            changes: vec![change],
        };
        self.store.commit(&owner(user), batch).await.unwrap();
    }

    async fn folder(&self, user: &str, name: &str, grants: Vec<Grant>) -> Path {
        let mut path = inbox(user);
        path.0.push(name.to_owned());
        let create = Change::CreateMailbox {
            path: path.clone(),
            mailbox_type: MAIL.to_owned(),
            grants: Some(grants),
        };
        self.change(user, create).await;
        path
    }
}

const MAIL_FROM: &str = "MAIL FROM:<sender@x.test>\r\n";
const ALICE: &str = "RCPT TO:<alice@a.test>\r\n";
const MESSAGE: &str = "DATA\r\nSubject: one\r\n\r\nhello\r\n.\r\n";

/// The example of RFC 2033 §4.2, with names that are here and one that is not.
#[tokio::test]
async fn s4_2_an_answer_for_each_recipient() {
    let world = world("").await;
    let said = world
        .say(
            "LHLO foo.edu\r\nMAIL FROM:<chris@bar.com>\r\nRCPT TO:<alice@a.test>\r\n\
             RCPT TO:<jones@a.test>\r\nRCPT TO:<bob@a.test>\r\nDATA\r\n\
             Blah blah blah...\r\n...etc. etc. etc.\r\n.\r\nQUIT\r\n",
        )
        .await;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "220 mx.a.test LMTP Chapar",
            "250-mx.a.test",
            "250-PIPELINING",
            "250-8BITMIME",
            "250-SMTPUTF8",
            "250-CHUNKING",
            "250-ENHANCEDSTATUSCODES",
            "250 SIZE 4294967296",
            "250 2.1.0 sender OK",
            "250 2.1.5 recipient OK",
            "550 5.1.1 no such user here",
            "250 2.1.5 recipient OK",
            "354 go ahead, a dot ends it",
            "250 2.1.5 delivered",
            "250 2.1.5 delivered",
            "221 2.0.0 bye",
        ]
    );
    for user in ["alice", "bob"] {
        let messages = world.inbox(user).await;
        let [message] = messages.as_slice() else {
            panic!("{messages:?}");
        };
        let trace = format!("\tfor <{user}@a.test>;\r\n");
        assert!(message.starts_with(
            "Return-Path: <chris@bar.com>\r\nReceived: from foo.edu ([127.0.0.1])\r\n\tby mx.a.test"
        ));
        assert!(message.contains(&trace), "{message}");
        assert!(message.ends_with("+0000\r\nBlah blah blah...\r\n..etc. etc. etc.\r\n\r\n"));
    }
}

#[tokio::test]
async fn s4_2_data_for_nobody_is_refused() {
    let world = world("").await;
    let nobody = format!("{MAIL_FROM}RCPT TO:<x@a.test>\r\nDATA\r\nNOOP\r\n");
    assert_eq!(world.codes(&nobody).await, "250 550 503 250");
    let nobody = format!("{MAIL_FROM}BDAT 6 LAST\r\nNOOP\r\nNOOP\r\n");
    assert_eq!(world.codes(&nobody).await, "250 503 250");
}

#[tokio::test]
async fn commands_come_in_order() {
    let world = world("").await;
    let said = world
        .say("MAIL FROM:<a@b.test>\r\nEHLO x\r\nRCPT TO:<alice>\r\n")
        .await;
    let codes: Vec<&str> = said.lines().map(|line| &line[..9]).collect();
    assert_eq!(codes, ["220 mx.a.", "503 5.5.1", "500 5.5.1", "503 5.5.1"]);
    assert_eq!(
        world
            .codes(&format!("{ALICE}DATA\r\nBDAT 0 LAST\r\n"))
            .await,
        "503 503 503"
    );
    let twice = format!("{MAIL_FROM}{MAIL_FROM}RSET\r\n{MAIL_FROM}VRFY x\r\nQUIT\r\n");
    assert_eq!(world.codes(&twice).await, "250 503 250 250 252 221");
}

/// In whatever pieces it comes, and two messages after each other.
#[tokio::test]
async fn pipelined_commands_and_messages() {
    let world = world("").await;
    let text = format!(
        "LHLO c.test\r\n{MAIL_FROM}{ALICE}{MESSAGE}{MAIL_FROM}{ALICE}DATA\r\n\r\n..a\r\n.\r\nQUIT\r\n"
    );
    for size in [1, 7, 1000] {
        let said = world.say_in_pieces(text.as_bytes(), size).await;
        assert_eq!(said.matches("250 2.1.5 delivered").count(), 2, "{said}");
    }
    let messages = world.inbox("alice").await;
    assert_eq!(messages.len(), 6);
    assert!(messages[0].ends_with("+0000\r\nSubject: one\r\n\r\nhello\r\n"));
    assert!(messages[1].ends_with("+0000\r\n\r\n.a\r\n"));
}

/// RFC 3030 §2: chunks are one message, whatever is in them.
#[tokio::test]
async fn chunks() {
    let world = world("").await;
    let chunks = format!(
        "{MAIL_FROM}{ALICE}RCPT TO:<bob@a.test>\r\nBDAT 10\r\nSubject: aBDAT 2\r\n\r\n\
         BDAT 8\r\n\r\n.\r\nb\r\nBDAT 0 LAST\r\n"
    );
    assert_eq!(
        world.codes(&chunks).await,
        "250 250 250 250 250 250 250 250"
    );
    let messages = world.inbox("alice").await;
    assert!(messages[0].ends_with("+0000\r\nSubject: a\r\n\r\n.\r\nb\r\n"));
    // No recipient more, and no DATA, once a chunk has come.
    let mixed = format!("{MAIL_FROM}{ALICE}BDAT 1\r\na{ALICE}DATA\r\nRSET\r\nDATA\r\n");
    assert_eq!(world.codes(&mixed).await, "250 250 250 503 503 250 503");
    assert_eq!(world.inbox("alice").await.len(), 1);
}

/// What another program may take for the end of a message, and for commands after it.
#[tokio::test]
async fn smuggled_commands_are_refused() {
    let world = world("").await;
    for smuggled in [
        "a\n.\nRSET",
        "a\r.\rRSET",
        "a\r\n.\rRSET",
        "a\r\n.\nRSET",
        "a\n.\r\nRSET",
    ] {
        let text = format!("{MAIL_FROM}{ALICE}DATA\r\n{smuggled}\r\n.\r\nNOOP\r\n");
        assert_eq!(
            world.codes(&text).await,
            "250 250 354 554 250",
            "{smuggled:?}"
        );
    }
    let chunk = format!("{MAIL_FROM}{ALICE}BDAT 4 LAST\r\na\nb\nNOOP\r\n");
    assert_eq!(world.codes(&chunk).await, "250 250 554 250");
    assert_eq!(
        world.codes("MAIL FROM:<a@b.test>\nNOOP\r\n").await,
        "500 250"
    );
    assert_eq!(world.inbox("alice").await.len(), 0);
}

#[tokio::test]
async fn addresses_lead_to_mailboxes() {
    let world = world("").await;
    let anyone = |rights| Grant {
        identifier: Identifier::Anyone,
        rights,
        negative: false,
    };
    let open = world
        .folder("alice", "Lists", vec![anyone(Rights::POST)])
        .await;
    let shut = world
        .folder("alice", "Private", vec![anyone(Rights::READ)])
        .await;
    for (address, expected) in [
        ("alice", "250"),
        ("ALICE@A.TEST", "250"),
        ("robert.smith@a.test", "250"),
        ("alice+Lists@a.test", "250"),
        ("alice+Private@a.test", "250"),
        ("\"alice+None such\"@a.test", "250"),
        ("alice+../bob@a.test", "250"),
        ("all@a.test", "550"),
        ("alice@b.test", "550"),
        ("alice@b.test@a.test", "550"),
        ("+Lists@a.test", "550"),
    ] {
        let text = format!("{MAIL_FROM}RCPT TO:<{address}>\r\n");
        assert_eq!(
            world.codes(&text).await,
            format!("250 {expected}"),
            "{address}"
        );
        if expected == "250" {
            let text = format!("{MAIL_FROM}RCPT TO:<{address}>\r\n{MESSAGE}");
            assert_eq!(world.codes(&text).await, "250 250 354 250", "{address}");
        }
    }
    assert_eq!(world.messages("alice", &open).await.len(), 1);
    assert_eq!(world.messages("alice", &shut).await.len(), 0);
    assert_eq!(world.inbox("bob").await.len(), 1);
    assert_eq!(world.inbox("alice").await.len(), 5);
}

/// Two addresses of one mailbox: one message, an answer for each.
#[tokio::test]
async fn one_message_for_each_mailbox() {
    let world = world("").await;
    let text = format!("{MAIL_FROM}{ALICE}RCPT TO:<alice>\r\n{MESSAGE}");
    assert_eq!(world.codes(&text).await, "250 250 250 354 250 250");
    assert_eq!(world.inbox("alice").await.len(), 1);
}

#[tokio::test]
async fn quotas_put_off_or_refuse() {
    for (option, code) in [("off", "452"), ("on", "552")] {
        let world = world(&format!("lmtp_over_quota_perm_failure: {option}\n")).await;
        world
            .store
            .set_quota("alice", Some(2000), None)
            .await
            .unwrap();
        let long = format!("DATA\r\n\r\n{}\r\n.\r\n", "a".repeat(1500));
        let text = format!("{MAIL_FROM}{ALICE}RCPT TO:<bob@a.test>\r\n{long}");
        assert_eq!(world.codes(&text).await, "250 250 250 354 250 250");
        assert_eq!(
            world.codes(&text).await,
            format!("250 250 250 354 {code} 250")
        );
        // Said before it is sent, if the size is. RFC 1870 §6.1.
        let sized = format!("MAIL FROM:<a@b.test> SIZE=1500\r\n{ALICE}");
        assert_eq!(world.codes(&sized).await, format!("250 {code}"));
        assert_eq!(world.inbox("alice").await.len(), 1);
    }
}

#[tokio::test]
async fn a_message_has_a_size() {
    let world = world("maxmessagesize: 400000\n").await;
    let sized = "MAIL FROM:<a@b.test> SIZE=400001\r\nMAIL FROM:<> SIZE=400000\r\n";
    assert_eq!(world.codes(sized).await, "552 250");
    for (len, code) in [(390_000, "250"), (400_001, "552")] {
        let lines = format!("{}\r\n", "b".repeat(98)).repeat(len / 100);
        let text = format!(
            "{MAIL_FROM}{ALICE}DATA\r\nA: b\r\n\r\n{lines}{}.\r\nNOOP\r\n",
            "\r\n"
        );
        assert_eq!(
            world.codes(&text).await,
            format!("250 250 354 {code} 250"),
            "{len}"
        );
    }
    let messages = world.inbox("alice").await;
    assert_eq!(messages.len(), 1);
    assert!(messages[0].len() > 390_000);
    assert_eq!(world.store.check(false).await.unwrap().problems, [""; 0]);
}

/// RFC 6531 §3.
#[tokio::test]
async fn international_addresses() {
    let world = world("").await;
    let principal = Principal {
        id: "jos\u{e9}".to_owned(),
        kind: Kind::User,
        display_name: String::new(),
        addresses: Vec::new(),
    };
    world.store.put_principal(&principal).await.unwrap();
    let to = "RCPT TO:<jos\u{e9}@a.test>\r\n";
    assert_eq!(world.codes(&format!("{MAIL_FROM}{to}")).await, "250 553");
    let text = format!("MAIL FROM:<\u{fc}@x.test> SMTPUTF8\r\n{to}{MESSAGE}");
    assert_eq!(world.codes(&text).await, "250 250 354 250");
    let messages = world.inbox("jos\u{e9}").await;
    assert!(
        messages[0].contains(" with UTF8LMTP id "),
        "{}",
        messages[0]
    );
}

#[tokio::test]
async fn nonsense_ends_the_connection() {
    let world = world("").await;
    let said = world.say(&"GET / HTTP/1.1\r\n".repeat(100)).await;
    assert_eq!(said.matches("500 5.5.2").count(), 19);
    assert!(said.ends_with("421 4.7.0 too many errors\r\n"));
    let said = world.say(&"a".repeat(100_000)).await;
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn a_message_that_breaks_off_is_not_delivered() {
    let world = world("").await;
    let long = "b".repeat(600_000);
    for broken in [
        "DATA\r\nA: b\r\n\r\nc",
        "BDAT 5 LAST\r\nab",
        &format!("DATA\r\n\r\n{long}"),
    ] {
        world.codes(&format!("{MAIL_FROM}{ALICE}{broken}")).await;
    }
    assert_eq!(world.inbox("alice").await.len(), 0);
}
