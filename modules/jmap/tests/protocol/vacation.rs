//! The VacationResponse: RFC 8621 §8.

use crate::world::{Client, USING};
use jmap::Jmap;
use module::{Parcel, Purpose, Receiver};
use serde_json::{Value, json};

#[test]
fn s8_1_there_is_always_exactly_one() {
    let client = Client::new();
    let told = client.call("VacationResponse/get", json!({}));
    assert_eq!(
        told["list"],
        json!([{
            "id": "singleton", "isEnabled": false, "fromDate": null, "toDate": null,
            "subject": null, "textBody": null, "htmlBody": null,
        }])
    );
    let told = client.call(
        "VacationResponse/get",
        json!({ "ids": ["singleton", "other"], "properties": ["isEnabled"] }),
    );
    assert_eq!(
        told["list"],
        json!([{ "id": "singleton", "isEnabled": false }])
    );
    assert_eq!(told["notFound"], json!(["other"]));
}

#[test]
fn s8_2_it_is_patched_and_neither_made_nor_destroyed() {
    let client = Client::new();
    let state = client.call("VacationResponse/get", json!({}))["state"].clone();
    let told = client.call(
        "VacationResponse/set",
        json!({
            "ifInState": state,
            "create": { "new": { "isEnabled": true } },
            "update": { "singleton": {
                "isEnabled": true,
                "fromDate": "2026-08-01T00:00:00Z",
                "subject": "Fort",
                "textBody": "Zurück am 1. September.",
            }, "other": { "isEnabled": true } },
        }),
    );
    assert_eq!(told["updated"], json!({ "singleton": null }));
    assert_eq!(told["notCreated"]["new"]["type"], "singleton");
    assert_eq!(told["notUpdated"]["other"]["type"], "notFound");
    assert_eq!(told["oldState"], state);
    assert_ne!(told["newState"], state);
    let told = client.call("VacationResponse/set", json!({ "destroy": ["singleton"] }));
    assert_eq!(told["notDestroyed"]["singleton"]["type"], "singleton");

    // What is kept is kept with the account, not in the memory of an instance.
    jmap::forget();
    let told = client.call("VacationResponse/get", json!({}));
    let one = &told["list"][0];
    assert_eq!(
        (&one["isEnabled"], &one["fromDate"], &one["toDate"]),
        (&json!(true), &json!("2026-08-01T00:00:00Z"), &Value::Null)
    );
    assert_eq!(one["textBody"], "Zurück am 1. September.");
    let stale = json!({ "ifInState": state, "update": { "singleton": { "isEnabled": false } } });
    assert_eq!(client.error("VacationResponse/set", stale), "stateMismatch");

    // A null is the default again.
    let reset = json!({ "update": { "singleton": { "isEnabled": null, "subject": null } } });
    client.call("VacationResponse/set", reset);
    let told = client.call("VacationResponse/get", json!({}));
    assert_eq!(told["list"][0]["isEnabled"], false);
    assert_eq!(told["list"][0]["subject"], Value::Null);
}

#[test]
fn s8_what_can_not_be_sent_is_refused_by_its_name() {
    let client = Client::new();
    for (property, value) in [
        ("isEnabled", json!("yes")),
        ("fromDate", json!("2026-08-01")),
        ("toDate", json!("2026-08-01T00:00:00+02:00")),
        ("subject", json!("Away\r\nBcc: all@example.com")),
        ("textBody", json!("x".repeat(100_000))),
        ("htmlBody", json!(["<p>"])),
        ("id", json!("another")),
        ("unknown", json!(1)),
    ] {
        let told = client.call(
            "VacationResponse/set",
            json!({ "update": { "singleton": { property: value } } }),
        );
        let error = &told["notUpdated"]["singleton"];
        assert_eq!(error["type"], "invalidProperties", "{property}: {told}");
        assert_eq!(error["properties"], json!([property]));
    }
}

#[test]
fn s1_3_3_the_capability_is_of_the_own_account() {
    let client = Client::new();
    let calls = json!([["VacationResponse/get", { "accountId": "alice" }, "0"]]);
    let body = json!({ "using": [USING[0], USING[1]], "methodCalls": calls });
    let told: Value = serde_json::from_slice(&client.post(&body.to_string()).body).unwrap();
    assert_eq!(told["methodResponses"][0][1]["type"], "unknownMethod");
    let reply = client.host.request("GET", "/jmap/").send::<jmap::Jmap>();
    let session: Value = serde_json::from_slice(&reply.body).unwrap();
    let capability = "urn:ietf:params:jmap:vacationresponse";
    assert_eq!(session["capabilities"][capability], json!({}));
    assert_eq!(session["primaryAccounts"][capability], "alice");
    let account = &session["accounts"]["alice"]["accountCapabilities"];
    assert_eq!(account[capability], json!({}));
}

/// RFC 8620 §1.2: the names of users have more characters than Ids may have.
#[test]
fn any_user_has_an_account_with_an_id() {
    for name in ["jane.doe", "jane@example.org", "_jane", "žaneta"] {
        let mut client = Client::of(name);
        let reply = client.host.request("GET", "/jmap/").send::<jmap::Jmap>();
        let session: Value = serde_json::from_slice(&reply.body).unwrap();
        let id = session["primaryAccounts"]["urn:ietf:params:jmap:mail"].clone();
        let id = id.as_str().unwrap().to_owned();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(id.bytes().all(allowed), "{id}");
        assert_eq!(session["accounts"][&id]["name"], name);
        client.account = id;
        assert!(client.mailbox("inbox").starts_with('m'));
        assert!(client.upload(b"x").starts_with('b'));
        assert_eq!(
            client.error("Mailbox/get", json!({ "accountId": "_x" })),
            "accountNotFound"
        );
    }
}

/// A header section, as the host hands it on.
fn arrived(path: &str, fields: &str) -> Vec<u8> {
    format!(
        "Return-Path: <{path}>\r\nReceived: from x (y) by z;\r\n\tSun, 06 Nov 1994 08:49:37 +0000\r\n\
         From: Bob <bob@example.com>\r\nSubject: Lunch?\r\nMessage-ID: <1@example.com>\r\n{fields}\r\n"
    )
    .into_bytes()
}

fn receive(client: &Client, message: &[u8]) {
    let parcel = Parcel {
        sender: Some(client.account.clone()),
        purpose: Purpose::Invite,
        message: message.to_vec(),
    };
    assert_eq!(Jmap::receive(parcel), Ok(None));
}

fn enable(client: &Client, more: Value) {
    let mut patch = json!({ "isEnabled": true, "textBody": "Gone till Monday." });
    let more = more.as_object().unwrap().clone();
    patch.as_object_mut().unwrap().extend(more);
    let told = client.call(
        "VacationResponse/set",
        json!({ "update": { "singleton": patch } }),
    );
    assert_eq!(told["updated"], json!({ "singleton": null }));
}

const TO_ME: &str = "To: Alice <Alice@Example.org>\r\n";

#[test]
fn s8_a_message_is_answered_once_to_whom_it_came_from() {
    let client = Client::new();
    // While it is off, nobody is answered.
    receive(&client, &arrived("bob@example.com", TO_ME));
    assert!(client.host.submissions().is_empty());
    enable(&client, json!({}));
    receive(&client, &arrived("bob@example.com", TO_ME));
    let sent = client.host.submissions();
    assert_eq!(sent.len(), 1);
    // RFC 3834 §3.3: from nobody, to the Return-Path.
    assert_eq!(sent[0].0.sender, "");
    assert_eq!(sent[0].0.recipients, ["bob@example.com"]);
    let message = String::from_utf8(sent[0].1.clone()).unwrap();
    let has = |field: &str| message.contains(&format!("{field}\r\n"));
    // RFC 3834 §3.1.7, RFC 5230 §5.
    assert!(has("Auto-Submitted: auto-replied (vacation)"), "{message}");
    assert!(has("Subject: Auto: Lunch?"), "{message}");
    assert!(has("In-Reply-To: <1@example.com>"), "{message}");
    assert!(has("References: <1@example.com>"), "{message}");
    assert!(message.contains("alice@example.org"), "{message}");
    assert!(message.contains("Gone till Monday."), "{message}");

    // Not again to the same sender, whatever else happens meanwhile; to others, and with another text.
    receive(&client, &arrived("BOB@example.com", TO_ME));
    assert_eq!(client.host.submissions().len(), 1);
    receive(&client, &arrived("carol@example.com", TO_ME));
    assert_eq!(client.host.submissions().len(), 2);
    enable(
        &client,
        json!({ "subject": "Fort", "textBody": null, "htmlBody": "<p>Bis <b>Montag</b>" }),
    );
    receive(&client, &arrived("bob@example.com", TO_ME));
    let sent = client.host.submissions();
    let message = String::from_utf8(sent[2].1.clone()).unwrap();
    assert!(message.contains("Subject: Fort\r\n"), "{message}");
    assert!(message.contains("multipart/alternative"), "{message}");
    assert!(message.contains("Bis Montag"), "{message}");
}

#[test]
fn rfc3834_s2_what_is_not_answered() {
    let client = Client::new();
    enable(&client, json!({}));
    for (path, fields) in [
        // Nobody, programs, and the user.
        ("", TO_ME),
        ("MAILER-DAEMON@example.com", TO_ME),
        ("owner-list@example.com", TO_ME),
        ("list-request@example.com", TO_ME),
        ("no-reply@example.com", TO_ME),
        ("alice@example.org", TO_ME),
        ("alice+x@example.org", TO_ME),
        ("nobody", TO_ME),
        // RFC 5230 §4.5: not named.
        ("bob@example.com", "To: all@example.org\r\n"),
        ("bob@example.com", ""),
        // RFC 3834 §2, RFC 5230 §4.6: automatic, or for many.
        (
            "bob@example.com",
            "To: alice@example.org\r\nAuto-Submitted: auto-replied\r\n",
        ),
        (
            "bob@example.com",
            "To: alice@example.org\r\nAUTO-SUBMITTED: auto-generated; x=y\r\n",
        ),
        (
            "bob@example.com",
            "To: alice@example.org\r\nPrecedence: bulk\r\n",
        ),
        (
            "bob@example.com",
            "To: alice@example.org\r\nList-Id: <x.example.com>\r\n",
        ),
        (
            "bob@example.com",
            "To: alice@example.org\r\nlist-unsubscribe: <mailto:x@example.com>\r\n",
        ),
        (
            "bob@example.com",
            "To: alice@example.org\r\nX-Auto-Response-Suppress: OOF\r\n",
        ),
    ] {
        receive(&client, &arrived(path, fields));
        assert!(client.host.submissions().is_empty(), "{path} {fields}");
    }
    // A Return-Path that the host has not written means nothing.
    receive(
        &client,
        b"X: y\r\nReturn-Path: <bob@example.com>\r\nTo: alice@example.org\r\n\r\n",
    );
    receive(&client, b"");
    assert!(client.host.submissions().is_empty());
    // What says that no program has sent it is answered, and so is who writes to an address with more.
    let fields = "Cc: x@example.com, alice+work@example.org\r\nAuto-Submitted: no\r\n";
    receive(&client, &arrived("bob@example.com", fields));
    assert_eq!(client.host.submissions().len(), 1);
}

/// RFC 5230 §4.5: what it was delivered to is an address of the user's, even if no directory has it.
#[test]
fn s8_what_comes_to_an_address_that_no_directory_has() {
    let client = Client::new();
    enable(&client, json!({}));
    let message = "Return-Path: <bob@example.com>\r\nReceived: from x (y)\r\n\tby z (Chapar) with LMTP id 1\r\n\
                   \tfor <alice+a@else.test>;\r\n\tSun, 06 Nov 1994 08:49:37 +0000\r\nTo: alice@else.test\r\n\r\n";
    receive(&client, message.as_bytes());
    let sent = client.host.submissions();
    let reply = String::from_utf8(sent[0].1.clone()).unwrap();
    assert!(reply.contains("From: <alice@else.test>\r\n"), "{reply}");
    assert!(reply.contains("Subject: Automatic reply\r\n"), "{reply}");
}

#[test]
fn s8_dates_bound_when_it_is_answered() {
    let client = Client::new();
    for (dates, is_on) in [
        (
            json!({ "fromDate": "2990-01-01T00:00:00Z", "toDate": null }),
            false,
        ),
        (
            json!({ "fromDate": null, "toDate": "2001-01-01T00:00:00Z" }),
            false,
        ),
        (
            json!({ "fromDate": "2001-01-01T00:00:00Z", "toDate": "2990-01-01T00:00:00Z" }),
            true,
        ),
    ] {
        enable(&client, dates.clone());
        receive(&client, &arrived("bob@example.com", TO_ME));
        assert_eq!(
            client.host.submissions().len(),
            usize::from(is_on),
            "{dates}"
        );
    }
}

#[test]
fn s8_while_it_is_on_the_host_hands_mail_on() {
    let client = Client::new();
    let anyone = || {
        let inbox = module::Mailbox::open(&["user", "alice"].map(str::to_owned)).unwrap();
        let grants = inbox.grants().unwrap().into_iter();
        let mut of_anyone = grants.filter(|it| it.identifier == module::Identifier::Anyone);
        of_anyone.next().map(|grant| grant.rights.letters())
    };
    client.mailbox("inbox");
    assert_eq!(anyone(), None);
    enable(&client, json!({}));
    assert_eq!(anyone().unwrap(), "8");
    client.call(
        "Mailbox/set",
        json!({ "create": { "m": { "name": "Beside" } } }),
    );
    let beside = module::Mailbox::open(&["user", "alice", "Beside"].map(str::to_owned)).unwrap();
    let grants = beside.grants().unwrap();
    assert!(
        grants
            .iter()
            .all(|it| it.identifier != module::Identifier::Anyone)
    );
    client.call(
        "VacationResponse/set",
        json!({ "update": { "singleton": { "isEnabled": false } } }),
    );
    assert_eq!(anyone(), None);
}

#[test]
fn nobody_else_has_the_module_answer() {
    let client = Client::new();
    enable(&client, json!({}));
    for (sender, purpose) in [
        (Some("bob".to_owned()), Purpose::Invite),
        (None, Purpose::Invite),
        (Some("alice".to_owned()), Purpose::Question),
    ] {
        let message = arrived("bob@example.com", TO_ME);
        let refused = Jmap::receive(Parcel {
            sender,
            purpose,
            message,
        });
        assert!(
            matches!(refused, Err(module::Refusal::Never(_))),
            "{refused:?}"
        );
    }
    assert!(client.host.submissions().is_empty());
}
