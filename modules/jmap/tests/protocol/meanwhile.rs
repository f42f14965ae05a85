//! What another client does between what a method reads and what it commits: RFC 8620 §5.3.

use crate::world::{Client, deliver, message};
use module::{Annotation, Batch, Mailbox};
use serde_json::{Value, json};

fn inbox() -> Mailbox {
    Mailbox::open(&["user", "alice"].map(str::to_owned)).unwrap()
}

/// Another client flags the first message of the inbox.
fn flag() {
    let batch = Batch::new();
    batch.set_flags(&inbox(), 1, &["\\Flagged".to_owned()], &[]);
    batch.commit().unwrap();
}

/// Another client has an Identity more.
fn identify() {
    let object = json!({ "email": "alice@example.org", "name": "B" });
    keep_identities(
        99,
        &json!({ "i9": { "created": 99, "changed": 99, "object": object } }),
    );
}

fn keep_identities(changes: u64, records: &Value) {
    let kept = json!({ "changes": changes, "oldest": 0, "records": records });
    let annotation = Annotation::private("jmap/identities", Some(kept.to_string().into_bytes()));
    let batch = Batch::new();
    batch.annotate(&inbox(), None, &annotation);
    batch.commit().unwrap();
}

fn keywords(client: &Client, id: &str) -> Value {
    let told = client.call(
        "Email/get",
        json!({ "ids": [id], "properties": ["keywords"] }),
    );
    told["list"][0]["keywords"].clone()
}

fn state(client: &Client, kind: &str) -> Value {
    client.call(&format!("{kind}/get"), json!({ "ids": [] }))["state"].clone()
}

#[test]
fn s5_3_a_patch_of_one_keyword_leaves_the_others() {
    let client = Client::new();
    let at = "2020-01-01T00:00:00Z";
    let id = client.import(
        &message("a@b", "Hi", "1", "x"),
        &client.mailbox("inbox"),
        at,
    );
    client.host.meanwhile(flag);
    client.call(
        "Email/set",
        json!({ "update": { &id: { "keywords/$Seen": true, "keywords/$draft": null } } }),
    );
    assert_eq!(
        keywords(&client, &id),
        json!({ "$seen": true, "$flagged": true })
    );
}

#[test]
fn s5_3_a_patch_of_one_property_leaves_the_others() {
    let client = Client::new();
    let identity = json!({ "email": "alice@example.org", "name": "A" });
    let told = client.call("Identity/set", json!({ "create": { "a": identity } }));
    let id = told["created"]["a"]["id"].as_str().unwrap().to_owned();
    let mut object = told["created"]["a"].clone();
    for name in ["id", "mayDelete"] {
        object.as_object_mut().unwrap().remove(name);
    }
    object["email"] = identity["email"].clone();
    object["name"] = "B".into();
    let records = json!({ &id: { "created": 1, "changed": 99, "object": object } });
    client.host.meanwhile(move || keep_identities(99, &records));
    let update = json!({ "update": { &id: { "textSignature": "-- A" } } });
    let told = client.call("Identity/set", update);
    assert_eq!(told["notUpdated"], Value::Null, "{told}");
    let told = client.call("Identity/get", json!({ "ids": [id] }));
    assert_eq!(told["list"][0]["name"], "B");
    assert_eq!(told["list"][0]["textSignature"], "-- A");
}

#[test]
fn s5_3_nothing_is_committed_in_another_state_than_the_client_knows() {
    let client = Client::new();
    let (drafts, at) = (client.mailbox("drafts"), "2020-01-01T00:00:00Z");
    let id = client.import(
        &message("a@b", "Hi", "1", "x"),
        &client.mailbox("inbox"),
        at,
    );
    let update = json!({ "update": { &id: { "keywords/$seen": true } } });
    let create = json!({ "create": { "c": { "mailboxIds": { &drafts: true } } } });
    let come = || deliver("alice", &message("a@b", "Other", "2", "x"));
    for (mut set, act) in [
        (update.clone(), flag as fn()),
        (update.clone(), come),
        (create, come),
        (json!({ "destroy": [id] }), come),
    ] {
        set["ifInState"] = state(&client, "Email");
        client.host.meanwhile(act);
        assert_eq!(client.error("Email/set", set), "stateMismatch");
    }
    assert_eq!(keywords(&client, &id), json!({ "$flagged": true }));
    let found = client.call("Email/query", json!({ "filter": { "inMailbox": drafts } }));
    assert_eq!(found["ids"], json!([]));
    // What is of another type is no change.
    let mut set = update;
    set["ifInState"] = state(&client, "Email");
    client.host.meanwhile(identify);
    assert_eq!(client.call("Email/set", set)["notUpdated"], Value::Null);
    assert_eq!(keywords(&client, &id)["$seen"], true);
}

#[test]
fn s5_3_nor_are_objects_that_are_committed_one_by_one() {
    let client = Client::new();
    let archive = client.mailbox("archive");
    let come = || deliver("alice", &message("a@b", "Hi", "1", "x"));
    for mut set in [
        json!({ "create": { "c": { "name": "New" } } }),
        json!({ "update": { &archive: { "name": "Old" } } }),
        json!({ "destroy": [archive] }),
    ] {
        set["ifInState"] = state(&client, "Mailbox");
        client.host.meanwhile(come);
        assert_eq!(client.error("Mailbox/set", set), "stateMismatch");
    }
    let one = json!({ "email": "alice@example.org" });
    let set = |state: Value| json!({ "ifInState": state, "create": { "a": one, "b": one } });
    client.host.meanwhile(identify);
    let error = client.error("Identity/set", set(state(&client, "Identity")));
    assert_eq!(error, "stateMismatch");
    // A message is no Identity, and one that has come and gone is no change.
    let pass = || keep_identities(999, &json!({}));
    for act in [come as fn(), pass] {
        let state = state(&client, "Identity");
        client.host.meanwhile(act);
        let told = client.call("Identity/set", set(state));
        assert_eq!(told["notCreated"], Value::Null, "{told}");
    }
}
