//! Message Disposition Notifications: RFC 9007.

use crate::world::{Client, message};
use serde_json::{Value, json};

fn using(client: &Client, calls: Value) -> Vec<Value> {
    let using = [
        "urn:ietf:params:jmap:core",
        "urn:ietf:params:jmap:mail",
        "urn:ietf:params:jmap:mdn",
        "urn:ietf:params:jmap:submission",
    ];
    let reply = client.post(&json!({ "using": using, "methodCalls": calls }).to_string());
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    answer["methodResponses"]
        .as_array()
        .expect(&reply.text())
        .clone()
}

#[test]
fn s2_1_s2_2_a_notification_is_sent_once_and_parsed() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let asks = message("joe@example.com", "World domination", "1", "plans").replacen(
        "From: ",
        "Disposition-Notification-To: joe@example.com\r\nFrom: ",
        1,
    );
    let id = client.import(&asks, &inbox, "2020-01-01T00:00:00Z");
    let silent = message("joe@example.com", "Nothing", "2", "x");
    let silent = client.import(&silent, &inbox, "2020-01-01T00:00:00Z");
    let identity = client.call("Identity/get", json!({}))["list"][0]["id"].clone();
    let send = |email: &str, patch: Value| {
        using(
            &client,
            json!([["MDN/send", {
            "accountId": "alice",
            "identityId": identity,
            "send": { "k1546": {
                "forEmailId": email,
                "subject": "Read receipt for: World domination",
                "textBody": "This receipt shows that the email has been displayed.",
                "reportingUA": "linux.example.com; Client",
                "disposition": {
                    "actionMode": "manual-action",
                    "sendingMode": "mdn-sent-manually",
                    "type": "displayed",
                },
                "extensionFields": { "EXTENSION-EXAMPLE": "example.com" },
            }},
            "onSuccessUpdateEmail": { "#k1546": patch },
        }, "0"]]),
        )
    };
    let told = send(&id, json!({}));
    assert_eq!(told[0][1]["notSent"]["k1546"]["type"], "invalidProperties");
    let patch = json!({ "keywords/$mdnsent": true });
    assert_eq!(
        send(&silent, patch.clone())[0][1]["notSent"]["k1546"]["type"],
        "notFound"
    );
    let told = send(&id, patch.clone());
    let sent = &told[0][1]["sent"]["k1546"];
    assert_eq!(sent["originalMessageId"], "<1@example.net>", "{}", told[0]);
    assert!(
        sent["finalRecipient"]
            .as_str()
            .unwrap()
            .contains("alice@example.org")
    );
    assert_eq!(told[1][0], "Email/set");
    assert_eq!(told[1][1]["updated"], json!({ &id: null }));
    assert_eq!(
        send(&id, patch)[0][1]["notSent"]["k1546"]["type"],
        "mdnAlreadySent"
    );

    let submissions = client.host.submissions();
    let [(envelope, message)] = submissions.as_slice() else {
        panic!("one message goes out");
    };
    assert_eq!(
        (envelope.sender.as_str(), envelope.recipients.as_slice()),
        ("", &["joe@example.com".to_owned()][..])
    );
    let blob = client.upload(message);
    let told = using(
        &client,
        json!([["MDN/parse", {
        "accountId": "alice", "blobIds": [blob, "nothing"],
    }, "0"]]),
    );
    let parsed = &told[0][1]["parsed"][&blob];
    assert_eq!(parsed["forEmailId"], id.as_str());
    assert_eq!(parsed["disposition"]["type"], "displayed");
    assert_eq!(
        parsed["extensionFields"]["EXTENSION-EXAMPLE"],
        "example.com"
    );
    assert_eq!(told[0][1]["notFound"], json!(["nothing"]));
}
