//! The VacationResponse: RFC 8621 §8.

use crate::world::{Client, USING};
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
