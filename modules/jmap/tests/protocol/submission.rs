//! Identities and submissions: RFC 8621 §6, §7; quotas: RFC 9425; blobs: RFC 8620 §6.3, RFC 9404.

use crate::world::{Client, USING, message};
use serde_json::{Value, json};

fn draft(client: &Client, from: &str) -> String {
    let told = client.call(
        "Email/set",
        json!({ "create": { "d": {
            "mailboxIds": { client.mailbox("drafts"): true },
            "keywords": { "$draft": true, "$seen": true },
            "from": [{ "email": from }],
            "to": [{ "email": "to@example.com" }],
            "cc": [{ "email": "TO@example.com" }],
            "bcc": [{ "email": "blind@example.com" }],
            "subject": "Hi",
            "bodyValues": { "1": { "value": "text" } },
            "textBody": [{ "partId": "1" }],
        }}}),
    );
    told["created"]["d"]["id"].as_str().unwrap().to_owned()
}

fn identity(client: &Client) -> String {
    let told = client.call("Identity/get", json!({}));
    let list = told["list"].as_array().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["email"], "alice@example.org");
    assert_eq!(list[0]["mayDelete"], false);
    list[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn s6_identities_are_those_of_the_directory_and_further_ones() {
    let client = Client::new();
    let first = identity(&client);
    let state = client.call("Identity/get", json!({}))["state"].clone();
    let told = client.call(
        "Identity/set",
        json!({
            "create": {
                "mine": { "name": "Work", "email": "Alice@example.org", "textSignature": "-- A" },
                "others": { "email": "bob@example.org" },
                "bad": { "email": "alice@example.org", "replyTo": "me" },
            },
            "update": { &first: { "name": "Alice A." } },
        }),
    );
    let mine = told["created"]["mine"]["id"].as_str().unwrap().to_owned();
    assert_eq!(told["created"]["mine"]["mayDelete"], true);
    assert_eq!(told["notCreated"]["others"]["type"], "forbiddenFrom");
    assert_eq!(told["notCreated"]["bad"]["properties"], json!(["replyTo"]));
    let told = client.call("Identity/changes", json!({ "sinceState": state }));
    assert_eq!(told["hasMoreChanges"], false);
    let mut changed: Vec<&Value> = told["created"].as_array().unwrap().iter().collect();
    changed.extend(told["updated"].as_array().unwrap());
    assert_eq!(changed.len(), 2);
    let told = client.call(
        "Identity/get",
        json!({ "ids": [first], "properties": ["name"] }),
    );
    assert_eq!(told["list"][0]["name"], "Alice A.");
    let told = client.call("Identity/set", json!({ "destroy": [first, mine] }));
    assert_eq!(told["destroyed"], json!([mine]));
    assert_eq!(told["notDestroyed"][&first]["type"], "forbidden");
}

#[test]
fn s7_5_what_is_submitted_goes_out_once_to_each() {
    let client = Client::new();
    let (email, identity) = (draft(&client, "alice@example.org"), identity(&client));
    let (drafts, sent) = (client.mailbox("drafts"), client.mailbox("sent"));
    let answers = client.calls(json!([["EmailSubmission/set", {
        "accountId": "alice",
        "create": { "k": { "identityId": identity, "emailId": email } },
        "onSuccessUpdateEmail": { "#k": {
            format!("mailboxIds/{drafts}"): null,
            format!("mailboxIds/{sent}"): true,
            "keywords/$draft": null,
        }},
    }, "0"]]));
    let submission = &answers[0][1]["created"]["k"];
    assert_eq!(submission["undoStatus"], "final", "{}", answers[0]);
    assert_eq!(answers[1][0], "Email/set");
    assert_eq!(answers[1][1]["updated"][&email], Value::Null);
    assert!(
        answers[1][1]["updated"]
            .as_object()
            .unwrap()
            .contains_key(&email)
    );
    let told = client.call(
        "Email/get",
        json!({ "ids": [email], "properties": ["mailboxIds", "keywords"] }),
    );
    assert_eq!(told["list"][0]["mailboxIds"], json!({ sent: true }));
    assert_eq!(told["list"][0]["keywords"], json!({ "$seen": true }));
    let submissions = client.host.submissions();
    let [(envelope, message)] = submissions.as_slice() else {
        panic!("one message goes out");
    };
    assert_eq!(envelope.sender, "alice@example.org");
    assert_eq!(envelope.recipients, ["to@example.com", "blind@example.com"]);
    let text = String::from_utf8_lossy(message);
    assert!(
        !text.contains("blind") && text.contains("Subject: Hi"),
        "{text}"
    );
    let id = submission["id"].as_str().unwrap();
    let told = client.call("EmailSubmission/get", json!({ "ids": [id] }));
    assert_eq!(told["list"][0]["emailId"], email.as_str());
    let found = client.call(
        "EmailSubmission/query",
        json!({ "filter": { "emailIds": [email] } }),
    );
    assert_eq!(found["ids"], json!([id]));
}

#[test]
fn s7_5_what_may_not_be_sent_is_not() {
    let client = Client::new();
    let identity = identity(&client);
    let (good, forged) = (
        draft(&client, "alice@example.org"),
        draft(&client, "bob@example.org"),
    );
    let kind = |email: &str, envelope: Value| {
        let told = client.call(
            "EmailSubmission/set",
            json!({ "create": { "k": {
                "identityId": identity, "emailId": email, "envelope": envelope,
            }}}),
        );
        told["notCreated"]["k"]["type"].clone()
    };
    let to = |rcpt: Value| json!({ "mailFrom": { "email": "alice@example.org" }, "rcptTo": rcpt });
    assert_eq!(kind(&forged, Value::Null), "forbiddenFrom");
    assert_eq!(kind("nothing", Value::Null), "invalidProperties");
    assert_eq!(kind(&good, to(json!([]))), "noRecipients");
    assert_eq!(
        kind(&good, to(json!([{ "email": "no" }]))),
        "invalidRecipients"
    );
    let many: Vec<Value> = (0..501)
        .map(|n| json!({ "email": format!("{n}@x.org") }))
        .collect();
    assert_eq!(kind(&good, to(many.into())), "tooManyRecipients");
    let forged = json!({ "mailFrom": { "email": "b@x.org" }, "rcptTo": [{ "email": "a@x.org" }] });
    assert_eq!(kind(&good, forged), "forbiddenMailFrom");
    assert!(client.host.submissions().is_empty());
}

/// What goes out of a message that was imported, or the SetError.
fn sent(client: &Client, message: &str) -> Result<String, Value> {
    let (identity, drafts) = (identity(client), client.mailbox("drafts"));
    let email = client.import(message, &drafts, "2020-01-01T00:00:00Z");
    let before = client.host.submissions().len();
    let told = client.call(
        "EmailSubmission/set",
        json!({ "create": { "k": { "identityId": identity, "emailId": email } } }),
    );
    match client.host.submissions().get(before) {
        Some((_, message)) => Ok(String::from_utf8_lossy(message).into_owned()),
        None => Err(told["notCreated"]["k"].clone()),
    }
}

#[test]
fn rfc5321_s2_3_8_no_cr_and_no_lf_goes_out_alone() {
    let client = Client::new();
    let message = "From: alice@example.org\r\nTo: bob@example.com\r\n\r\n\
        line\n.\nMAIL FROM:<evil@x.org>\nbare\rcr\r\n.\r\nend\n";
    let sent = sent(&client, message).unwrap();
    assert!(
        sent.ends_with("\r\n\r\nline\r\n.\r\nMAIL FROM:<evil@x.org>\r\nbare\r\ncr\r\n.\r\nend\r\n"),
        "{sent:?}"
    );
}

#[test]
fn s7_5_who_sends_is_told_once_and_is_an_identity() {
    let client = Client::new();
    let kind = |header: &str| {
        let error = sent(&client, &format!("{header}To: b@x.org\r\n\r\nx\r\n")).unwrap_err();
        (error["type"].clone(), error["properties"].clone())
    };
    let mine = "From: alice@example.org\r\n";
    let from = json!(["from"]);
    // RFC 5322 §3.6: one From, one Sender.
    let two = kind(&format!("From: ceo@example.org\r\n{mine}"));
    assert_eq!(two, (json!("invalidEmail"), from.clone()));
    // A line that ends on a CR, for who takes that for an end.
    let hidden = kind(&format!("X-A: b\rFrom: ceo@example.org\r\n{mine}"));
    assert_eq!(hidden, (json!("invalidEmail"), from.clone()));
    // Behind a line that is no field.
    let behind = kind(&format!("{mine}what is this\r\nFrom: ceo@example.org\r\n"));
    assert_eq!(behind.0, "invalidEmail");
    assert_eq!(kind("Subject: x\r\n"), (json!("invalidEmail"), from));
    let sender = "Sender: alice@example.org\r\n";
    let two = kind(&format!("{mine}{sender}{sender}"));
    assert_eq!(two, (json!("invalidEmail"), json!(["sender"])));
    let forged = kind(&format!("{mine}Sender: ceo@example.org\r\n"));
    assert_eq!(forged.0, "forbiddenFrom");
    let good = format!("{mine}{sender}To: b@x.org\r\n\r\nx\r\n");
    assert_eq!(sent(&client, &good), Ok(good));
}

#[test]
fn s7_5_who_gets_it_blindly_is_not_told() {
    let client = Client::new();
    let message = "From: alice@example.org\r\nTo: b@x.org\r\nBcc: one@x.org\r\n\
        Resent-Bcc: two@x.org,\r\n three@x.org\r\nSubject: x\r\n\r\nx\r\n";
    let sent = sent(&client, message).unwrap();
    let left = "From: alice@example.org\r\nTo: b@x.org\r\nSubject: x\r\n\r\nx\r\n";
    assert_eq!(sent, left);
}

#[test]
fn s7_a_submission_that_waits_can_be_undone() {
    let client = Client::new();
    let (email, identity) = (draft(&client, "alice@example.org"), identity(&client));
    let told = client.call(
        "EmailSubmission/set",
        json!({ "create": { "k": {
            "identityId": identity, "emailId": email, "envelope": {
                "mailFrom": { "email": "alice@example.org", "parameters": { "HOLDFOR": "600" } },
                "rcptTo": [{ "email": "a@x.org" }],
            },
        }}}),
    );
    let id = told["created"]["k"]["id"]
        .as_str()
        .expect(&told.to_string())
        .to_owned();
    assert_eq!(told["created"]["k"]["undoStatus"], "pending");
    let told = client.call(
        "EmailSubmission/set",
        json!({ "update": { &id: { "undoStatus": "canceled" } } }),
    );
    let undone = told["updated"]
        .as_object()
        .is_some_and(|updated| updated.contains_key(&id));
    let refused = told["notUpdated"][&id]["type"] == "cannotUnsend";
    assert!(undone || refused, "{told}");
}

#[test]
fn s7_one_sends_on_however_much_was_sent() {
    let client = Client::new();
    let (email, identity) = (draft(&client, "alice@example.org"), identity(&client));
    let send = |count: usize, parameters: Value| {
        let to: Vec<Value> = (0..40)
            .map(|n| json!({ "email": format!("a-colleague-{n:02}@company.example") }))
            .collect();
        let one = json!({ "identityId": identity, "emailId": email, "envelope": {
            "mailFrom": { "email": "alice@example.org", "parameters": parameters },
            "rcptTo": to,
        }});
        let create: serde_json::Map<String, Value> =
            (0..count).map(|n| (format!("k{n}"), one.clone())).collect();
        let patch = json!({ format!("keywords/k{}", client.host.submissions().len()): true });
        client.call(
            "EmailSubmission/set",
            json!({ "create": create, "onSuccessUpdateEmail": { "#k0": patch } }),
        )
    };
    for _ in 0..5 {
        let told = send(100, Value::Null);
        assert_eq!(told["notCreated"], Value::Null);
        // Some that are gone are remembered, so that who follows need not begin anew.
        let state = told["newState"].clone();
        assert_eq!(send(10, Value::Null)["notCreated"], Value::Null);
        let told = client.call("EmailSubmission/changes", json!({ "sinceState": state }));
        assert_eq!(told["created"].as_array().unwrap().len(), 10);
    }
    // The Email is changed even where the submission is forgotten already.
    let told = client.call(
        "Email/get",
        json!({ "ids": [email], "properties": ["keywords"] }),
    );
    assert_eq!(told["list"][0]["keywords"]["k0"], true);
    // What waits is not forgotten.
    let told = send(20, json!({ "HOLDFOR": "600" }));
    assert_eq!(told["notCreated"], Value::Null);
    assert_eq!(send(60, Value::Null)["notCreated"], Value::Null);
    let told = client.call("EmailSubmission/get", json!({}));
    let left = told["list"].as_array().unwrap().iter();
    let waiting = left.filter(|it| it["undoStatus"] == "pending");
    assert_eq!(waiting.count(), 20);
}

#[test]
fn s7_the_envelope_is_told_as_it_was_given() {
    let client = Client::new();
    let (email, identity) = (draft(&client, "alice@example.org"), identity(&client));
    let from = json!({ "email": "alice@example.org", "parameters": { "HOLDFOR": "600" } });
    let to = |address: &str| json!({ "email": address, "parameters": null });
    let envelope = json!({ "mailFrom": from, "rcptTo": [to("a@x.org"), to("b@x.org")] });
    let told = client.call(
        "EmailSubmission/set",
        json!({ "create": { "k": {
            "identityId": identity, "emailId": email, "envelope": envelope,
        }}}),
    );
    assert_eq!(told["created"]["k"]["envelope"], envelope, "{told}");
    let told = client.call("EmailSubmission/get", json!({ "properties": ["envelope"] }));
    assert_eq!(told["list"][0]["envelope"], envelope);
}

#[test]
fn rfc9425_s4_quotas_are_told() {
    let client = Client::new();
    assert_eq!(client.call("Quota/get", json!({}))["list"], json!([]));
    client.host.quota("alice", Some(10_000), None);
    let inbox = client.mailbox("inbox");
    let text = message("a@b", "Hi", "1", "x");
    client.import(&text, &inbox, "2020-01-01T00:00:00Z");
    let told = client.call("Quota/get", json!({}));
    assert_eq!(told["list"][0]["resourceType"], "octets");
    assert_eq!(told["list"][0]["hardLimit"], 10_000);
    assert!(told["list"][0]["used"].as_u64().unwrap() >= text.len() as u64);
    let big = client.upload(message("a@b", "Big", "2", &"x".repeat(20_000)).as_bytes());
    let told = client.call(
        "Email/import",
        json!({ "emails": { "a": {
            "blobId": big, "mailboxIds": { inbox: true },
        }}}),
    );
    assert_eq!(told["notCreated"]["a"]["type"], "overQuota");
}

#[test]
fn rfc9404_s4_blobs_are_made_and_read() {
    let client = Client::new();
    let told = client.call(
        "Blob/upload",
        json!({ "create": { "a": {
            "data": [{ "data:asText": "How quick was that?" }], "type": "text/plain",
        }}}),
    );
    assert_eq!(told["created"]["a"]["size"], 19);
    let a = told["created"]["a"]["id"].as_str().unwrap().to_owned();
    let told = client.call(
        "Blob/upload",
        json!({ "create": { "b": { "data": [
        { "blobId": a, "offset": 4, "length": 5 }, { "data:asBase64": "IHg=" },
    ]}, "c": { "data": [{ "blobId": a, "offset": 18, "length": 5 }] } }}),
    );
    let b = told["created"]["b"]["id"].as_str().unwrap().to_owned();
    assert_eq!(told["notCreated"]["c"]["type"], "invalidProperties");
    let told = client.call(
        "Blob/get",
        json!({ "ids": [b, "nothing"], "properties":
        ["data:asText", "size", "digest:sha-256"] }),
    );
    assert_eq!(told["list"][0]["data:asText"], "quick x");
    assert_eq!(told["list"][0]["size"], 7);
    assert_eq!(told["notFound"], json!(["nothing"]));
    let inbox = client.mailbox("inbox");
    let id = client.import(
        &message("a@b", "Hi", "1", "x"),
        &inbox,
        "2020-01-01T00:00:00Z",
    );
    let told = client.call(
        "Email/get",
        json!({ "ids": [id], "properties": ["blobId"] }),
    );
    let blob = told["list"][0]["blobId"].clone();
    let told = client.call(
        "Blob/lookup",
        json!({ "typeNames": ["Mailbox", "Email"], "ids": [blob] }),
    );
    assert_eq!(
        told["list"][0]["matchedIds"],
        json!({ "Mailbox": [inbox], "Email": [id] })
    );
    let lookup = json!({ "typeNames": ["Nothing"], "ids": [] });
    assert_eq!(client.error("Blob/lookup", lookup), "unknownDataType");
}

#[test]
fn rfc8620_s6_3_blobs_and_emails_go_to_another_account() {
    let client = Client::of("bob");
    let bobs = client.mailbox("inbox");
    client.host.user("alice").act_as("bob");
    let inbox = module::Mailbox::open(&["user", "bob"].map(str::to_owned)).unwrap();
    let mut grants = inbox.grants().unwrap();
    let rights = module::Rights::from_letters("lrswi").unwrap();
    let alice = module::Identifier::Principal("alice".to_owned());
    grants.push(module::Grant::new(alice, rights));
    let batch = module::Batch::new();
    batch.set_rights(&inbox, &grants);
    batch.commit().unwrap();
    client.host.act_as("alice");
    jmap::forget();
    let client = Client {
        host: client.host,
        account: "alice".to_owned(),
    };
    let mine = client.mailbox("inbox");
    let id = client.import(
        &message("a@b", "Hi", "1", "x"),
        &mine,
        "2020-01-01T00:00:00Z",
    );
    let told = client.call(
        "Email/get",
        json!({ "ids": [id], "properties": ["blobId"] }),
    );
    let blob = told["list"][0]["blobId"].as_str().unwrap().to_owned();
    let told = client.call(
        "Blob/copy",
        json!({
            "fromAccountId": "alice", "accountId": "bob", "blobIds": [blob, "nothing"],
        }),
    );
    assert!(told["copied"][&blob].is_string());
    assert_eq!(told["notCopied"]["nothing"]["type"], "notFound");
    let body = json!({ "using": USING, "methodCalls": [["Email/copy", {
        "fromAccountId": "alice", "accountId": "bob", "onSuccessDestroyOriginal": true,
        "create": { "c": { "id": id, "mailboxIds": { bobs: true }, "keywords": { "$seen": true } } },
    }, "0"]] });
    let reply = client.post(&body.to_string());
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    let answers = &answer["methodResponses"];
    let copy = answers[0][1]["created"]["c"]["id"]
        .as_str()
        .expect(&reply.text())
        .to_owned();
    assert_eq!(answers[1][0], "Email/set");
    assert_eq!(answers[1][1]["destroyed"], json!([id]));
    let told = client.call(
        "Email/get",
        json!({ "accountId": "bob", "ids": [copy],
        "properties": ["subject", "keywords", "receivedAt"] }),
    );
    assert_eq!(told["list"][0]["subject"], "Hi");
    assert_eq!(told["list"][0]["receivedAt"], "2020-01-01T00:00:00Z");
    // Identities and submissions are for the own account.
    let answers = client.calls(json!([["Identity/get", { "accountId": "bob" }, "0"]]));
    assert_eq!(answers[0][1]["type"], "accountNotSupportedByMethod");
    let told = client.call(
        "Email/set",
        json!({ "accountId": "bob", "destroy": [copy] }),
    );
    assert_eq!(told["notDestroyed"][&copy]["type"], "forbidden");
}
