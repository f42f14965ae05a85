//! What no client of good will sends: an answer in bounds, an error that says what is wrong, and never
//! a panic.

use crate::world::{Client, USING, message};
use serde_json::{Value, json};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    fn junk(&mut self) -> Value {
        let all = [
            json!(null),
            json!(true),
            json!(-1),
            json!(0),
            json!(u64::MAX),
            json!(1e300),
            json!(""),
            json!("\u{0}"),
            json!("#x"),
            json!("../"),
            json!("é".repeat(300)),
            json!([]),
            json!([[]]),
            json!({}),
            json!({ "operator": "NOT", "conditions": [{}] }),
            json!({ "": { "": 1 } }),
            json!({ "a/b": true, "~": null }),
        ];
        all[self.below(all.len())].clone()
    }

    /// Changes something somewhere.
    fn mutate(&mut self, value: &mut Value) {
        if self.below(4) == 0 {
            *value = self.junk();
            return;
        }
        match value {
            Value::Array(items) if !items.is_empty() => {
                let at = self.below(items.len());
                self.mutate(&mut items[at]);
            }
            Value::Object(members) if !members.is_empty() => {
                let at = self.below(members.len());
                let name = members.keys().nth(at).unwrap().clone();
                match self.below(5) {
                    0 => {
                        let value = members.remove(&name).unwrap();
                        members.insert(format!("#{name}"), value);
                    }
                    1 => {
                        let value = members.remove(&name).unwrap();
                        members.insert(format!("{name}/x"), value);
                    }
                    _ => self.mutate(members.get_mut(&name).unwrap()),
                }
            }
            other => *other = self.junk(),
        }
    }
}

#[test]
fn s8_5_requests_that_are_mangled_get_an_answer() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let id = client.import(
        &message("a@b", "Hi", "1", "x"),
        &inbox,
        "2020-01-01T00:00:00Z",
    );
    let blob = client.upload(b"some bytes");
    let a = "alice";
    let calls = [
        json!(["Mailbox/get", { "accountId": a, "ids": [inbox], "properties": ["name"] }, "0"]),
        json!(["Mailbox/query", { "accountId": a, "filter": { "name": "x" }, "sortAsTree": true,
            "sort": [{ "property": "name", "isAscending": true }], "limit": 3, "position": -2 }, "0"]),
        json!(["Mailbox/set", { "accountId": a, "create": { "k": { "name": "n", "parentId": null,
            "role": null, "sortOrder": 1, "isSubscribed": true } },
            "update": { &inbox: { "sortOrder": 3 } }, "destroy": ["x"] }, "0"]),
        json!(["Email/query", { "accountId": a, "filter": { "operator": "OR", "conditions": [
            { "inMailbox": inbox, "after": "2020-01-01T00:00:00Z", "minSize": 1 },
            { "text": "x \"y z\"", "hasKeyword": "$seen", "header": ["Subject", "Hi"] }] },
            "sort": [{ "property": "hasKeyword", "keyword": "$seen" }], "anchor": id,
            "anchorOffset": -1, "calculateTotal": true, "collapseThreads": true }, "0"]),
        json!(["Email/get", { "accountId": a, "ids": [id], "properties": ["header:Subject:asText",
            "bodyValues", "bodyStructure"], "bodyProperties": ["partId", "header:X"],
            "fetchAllBodyValues": true, "maxBodyValueBytes": 3 }, "0"]),
        json!(["Email/set", { "accountId": a, "update": { &id: { "keywords/$seen": true,
            format!("mailboxIds/{inbox}"): true } }, "create": { "k": { "mailboxIds": { &inbox: true },
            "keywords": { "x": true }, "from": [{ "name": "n", "email": "e@x" }],
            "header:X-Y:asText": "v", "receivedAt": "2020-01-01T00:00:00Z",
            "bodyStructure": { "type": "multipart/mixed", "subParts": [
                { "partId": "1", "type": "text/plain" }, { "blobId": blob, "type": "image/png" }] },
            "bodyValues": { "1": { "value": "v" } } } } }, "0"]),
        json!(["Email/import", { "accountId": a, "emails": { "k": { "blobId": blob,
            "mailboxIds": { &inbox: true }, "keywords": { "$seen": true } } } }, "0"]),
        json!(["Email/parse", { "accountId": a, "blobIds": [blob], "properties": ["from"] }, "0"]),
        json!(["SearchSnippet/get", { "accountId": a, "filter": { "text": "x" }, "emailIds": [id] }, "0"]),
        json!(["Thread/changes", { "accountId": a, "sinceState": "AAAA.1.x", "maxChanges": 2 }, "0"]),
        json!(["Identity/set", { "accountId": a, "create": { "k": { "email": "alice@example.org",
            "replyTo": [{ "email": "x@y" }] } } }, "0"]),
        json!(["EmailSubmission/set", { "accountId": a, "create": { "k": { "identityId": "i",
            "emailId": id, "envelope": { "mailFrom": { "email": "x@y", "parameters": { "HOLDFOR": "1" } },
            "rcptTo": [{ "email": "x@y" }] } } }, "onSuccessUpdateEmail": { "#k": {} } }, "0"]),
        json!(["Blob/upload", { "accountId": a, "create": { "k": { "data": [
            { "data:asText": "x" }, { "blobId": blob, "offset": 1, "length": 2 }] } } }, "0"]),
        json!(["Blob/get", { "accountId": a, "ids": [blob], "offset": 1, "length": 3 }, "0"]),
    ];
    let mut random = Random(0x5851_f42d_4c95_7f2d);
    for round in 0..1500 {
        let mut call = calls[round % calls.len()].clone();
        for _ in 0..=random.below(3) {
            random.mutate(&mut call);
        }
        let echo = json!(["Core/echo", { "ids": [id], "x": { "y": [1, { "z": "w" }] } }, "e"]);
        let mut body = json!({ "using": USING, "methodCalls": [echo, call] });
        if random.below(12) == 0 {
            random.mutate(&mut body);
        }
        let reply = client.post(&body.to_string());
        assert!(
            matches!(reply.status, 200 | 400),
            "{} for {body}",
            reply.status
        );
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        let failed = reply.text().contains("serverFail");
        assert!(!failed && answer.is_object(), "{answer} for {body}");
    }
}

#[test]
fn s4_1_messages_that_are_made_to_hurt_are_shown() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let mut deep = "From: a@b\r\n".to_owned();
    for level in 0..200 {
        deep.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
        ));
    }
    let wide = format!(
        "From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n{}",
        "--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n".repeat(5000)
    );
    let long = format!(
        "From: a@b\r\nSubject: {}\r\n\r\nx",
        "=?utf-8?q?=C3?= ".repeat(20_000)
    );
    let many = format!("From: a@b\r\nTo: {}\r\n\r\nx", "x@y, ".repeat(20_000));
    for text in [
        deep,
        wide,
        long,
        many,
        "From: a@b".to_owned(),
        "X:\r\n\r\n\r\n".to_owned(),
    ] {
        let id = client.import(&text, &inbox, "2020-01-01T00:00:00Z");
        let told = client.call(
            "Email/get",
            json!({
                "ids": [id], "fetchAllBodyValues": true, "maxBodyValueBytes": 100,
                "properties": ["bodyStructure", "bodyValues", "textBody", "attachments", "headers",
                    "from", "to", "subject", "preview", "hasAttachment", "header:To:asRaw:all"],
            }),
        );
        assert_eq!(told["list"].as_array().unwrap().len(), 1);
    }
    let found = client.call(
        "Email/query",
        json!({ "filter": { "from": "a" }, "limit": 10 }),
    );
    assert!(found["ids"].as_array().unwrap().len() <= 10);
    // Bytes that are no message are none.
    for bytes in [
        &b""[..],
        b"\xff\xfe",
        b"no header at all",
        b"From: a\0b\r\n\r\n",
    ] {
        let blob = client.upload(bytes);
        let told = client.call(
            "Email/import",
            json!({ "emails": { "a": {
                "blobId": blob, "mailboxIds": { &inbox: true },
            }}}),
        );
        assert_eq!(told["notCreated"]["a"]["type"], "invalidEmail", "{told}");
    }
}

/// Bytes of an answer that are enough for one message of any make, of which 100 bytes of each part
/// are asked for.
const ANSWER_MAX: usize = 4 << 20;

#[test]
fn mail_that_comes_is_never_missing_and_never_too_long_to_tell() {
    let head = "From: x@y.example\r\nMIME-Version: 1.0\r\n";
    let typed = |type_: &str, body: &str| format!("{head}Content-Type: {type_}\r\n\r\n{body}");
    let multipart = "multipart/mixed; boundary=b";
    let encoded = |encoding: &str, body: &str| {
        let type_ = format!("text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}");
        typed(&type_, body)
    };
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(5000);
    let same = "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".repeat(5000);
    let html = "<div><a href='x'><table><b>".repeat(20_000);
    let long = format!("{head}Subject: {}\r\n\r\nhi", "a".repeat(250_000));
    let all = [
        ("messages in messages", format!("{head}{nested}x")),
        ("one boundary for all", typed(multipart, &same)),
        ("no end", typed(multipart, "--b\r\n\r\nhi")),
        ("no part", typed(multipart, "hi")),
        ("no boundary", typed("multipart/mixed", "--\r\n\r\nhi")),
        ("parts", typed(multipart, &"--b\r\n\r\n\r\n".repeat(50_000))),
        (
            "charset",
            typed("text/plain; charset=\"x\u{1}-none\"", "caf\u{e9}"),
        ),
        (
            "utf-7",
            typed("text/plain; charset=utf-7", "+AGEAYQBi-+//8-"),
        ),
        (
            "utf-16",
            typed("text/plain; charset=utf-16", "\u{feff}a\0b"),
        ),
        (
            "iso-2022-jp",
            typed("text/plain; charset=iso-2022-jp", "\u{1b}$B$\u{1b}("),
        ),
        ("base64", encoded("base64", &"QUFB====".repeat(50_000))),
        ("no base64", encoded("base64", &"!@#$%".repeat(50_000))),
        (
            "quoted-printable",
            encoded("quoted-printable", &"=".repeat(100_000)),
        ),
        (
            "uuencode",
            encoded("x-uuencode", &"begin 644 x\r\nM".repeat(10_000)),
        ),
        ("html", typed("text/html", &html)),
        (
            "fields",
            format!("{head}{}\r\nhi", "X-Field: value\r\n".repeat(50_000)),
        ),
        ("no body", head.to_owned() + "\r\n"),
        ("nul", format!("{head}Subject: a\0b\r\n\r\n\0")),
        // Longer header sections come as a part of the body: the store takes 256 KiB.
        ("a long field", long.clone()),
    ];
    let client = Client::new();
    client.mailbox("inbox");
    for (what, message) in &all {
        client.deliver(message);
        let reply = client.post(
            &json!({ "using": USING, "methodCalls": [
                ["Email/query", { "accountId": "alice", "limit": 1,
                    "sort": [{ "property": "receivedAt", "isAscending": false }] }, "0"],
                ["Email/get", { "accountId": "alice", "fetchAllBodyValues": true,
                    "maxBodyValueBytes": 100, "properties": ["bodyStructure", "bodyValues", "textBody",
                        "htmlBody", "attachments", "from", "subject", "preview", "size"],
                    "#ids": { "resultOf": "0", "name": "Email/query", "path": "/ids" } }, "1"],
            ] })
            .to_string(),
        );
        assert_eq!(reply.status, 200, "{what}");
        assert!(
            reply.body.len() < ANSWER_MAX,
            "{what}: {}",
            reply.body.len()
        );
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        let email = &answer["methodResponses"][1][1]["list"][0];
        assert_eq!(email["size"], message.len(), "{what}: {answer}");
        assert_eq!(email["from"][0]["email"], "x@y.example", "{what}");
        assert!(email["bodyStructure"].is_object(), "{what}");
    }
    // More of them than a host reads in one go.
    let many = 60;
    for _ in 0..many {
        client.deliver(&long);
    }
    let count = client.call("Email/query", json!({ "calculateTotal": true }));
    assert_eq!(count["total"], all.len() + many);
    let found = client.call(
        "Email/query",
        json!({ "filter": { "from": "x@y.example" }, "calculateTotal": true,
            "sort": [{ "property": "size" }] }),
    );
    assert_eq!(found["total"], all.len() + many);
    let shown = client.call(
        "Email/get",
        json!({ "ids": found["ids"], "properties": ["preview", "from", "messageId"] }),
    );
    assert_eq!(shown["list"].as_array().unwrap().len(), all.len() + many);
}

#[test]
fn s5_5_filters_are_bounded() {
    let client = Client::new();
    let mut deep = json!({});
    for _ in 0..20 {
        deep = json!({ "operator": "NOT", "conditions": [deep] });
    }
    assert_eq!(
        client.error("Email/query", json!({ "filter": deep })),
        "unsupportedFilter"
    );
    let wide: Vec<Value> = (0..200)
        .map(|n| json!({ "subject": n.to_string() }))
        .collect();
    let wide = json!({ "operator": "OR", "conditions": wide });
    assert_eq!(
        client.error("Email/query", json!({ "filter": wide })),
        "unsupportedFilter"
    );
    let sort: Vec<Value> = (0..50).map(|_| json!({ "property": "size" })).collect();
    assert_eq!(
        client.error("Email/query", json!({ "sort": sort })),
        "unsupportedSort"
    );
}
