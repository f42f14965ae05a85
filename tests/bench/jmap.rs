//! Mail over JMAP: a thousand messages in the inbox, then a hundred times as many.

use crate::load::request;
use crate::rows::Bench;
use chapar_tests::support::Client;
use serde_json::{Value, json};

const USING: [&str; 3] = [
    "urn:ietf:params:jmap:core",
    "urn:ietf:params:jmap:mail",
    "urn:ietf:params:jmap:blob",
];
/// Messages that one request brings.
const TOGETHER: usize = 100;

/// A message with what messages of people have.
fn message(n: usize) -> String {
    let answer = match n % 3 {
        0 => String::new(),
        _ => format!("References: <m{}@example.net>\r\n", n - n % 3),
    };
    let text = "We could meet on Thursday, if that is fine with everybody. ".repeat(20);
    format!(
        "Return-Path: <sender{n}@example.net>\r\nReceived: from mail.example.net by example.org\r\n\
         \twith ESMTPS id {n:08}; Thu, 1 Jan 2026 00:00:00 +0000\r\n\
         From: Sender {} <sender{}@example.net>\r\nTo: Alice <alice@example.org>\r\n{answer}\
         Subject: {}Topic {}\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\
         Message-ID: <m{n}@example.net>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--b\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n<p>{text}</p>\r\n--b--\r\n",
        n % 40,
        n % 40,
        if n.is_multiple_of(3) { "" } else { "Re: " },
        n / 3,
    )
}

fn body(calls: &Value) -> Vec<u8> {
    let body = json!({ "using": USING, "methodCalls": calls });
    body.to_string().into_bytes()
}

fn call(client: &mut Client, calls: &Value) -> Value {
    let headers = [("content-type", "application/json")];
    let answer = client.send("POST", "/jmap/", &headers, &body(calls));
    let answer: Value = serde_json::from_slice(&answer.expect(200).body).unwrap();
    answer["methodResponses"].clone()
}

/// Brings messages of these numbers.
fn fill(bench: &Bench, inbox: &str, numbers: std::ops::Range<usize>) {
    std::thread::scope(|scope| {
        for part in 0..4 {
            let mut client = bench.client();
            let numbers = numbers.clone();
            scope.spawn(move || {
                let starts = numbers.clone().step_by(TOGETHER);
                for start in starts.skip(part).step_by(4) {
                    let (mut blobs, mut emails) = (json!({}), json!({}));
                    for n in start..(start + TOGETHER).min(numbers.end) {
                        let name = format!("b{n}");
                        blobs[&name] = json!({ "data": [{ "data:asText": message(n) }] });
                        emails[&name] = json!({
                            "blobId": format!("#{name}"),
                            "mailboxIds": { inbox: true },
                            "receivedAt": format!("2026-01-{:02}T{:02}:{:02}:{:02}Z",
                                1 + n / 3600 % 28, n / 60 % 24, n % 60, n / 7 % 60),
                        });
                    }
                    let told = call(
                        &mut client,
                        &json!([
                            ["Blob/upload", { "accountId": "alice", "create": blobs }, "0"],
                            ["Email/import", { "accountId": "alice", "emails": emails }, "1"],
                        ]),
                    );
                    assert!(told[1][1]["notCreated"].is_null(), "{told}");
                }
            });
        }
    });
}

/// Mail.
pub fn mail(bench: &mut Bench) {
    let mut client = bench.client();
    let told = call(
        &mut client,
        &json!([["Mailbox/query", { "accountId": "alice", "filter": { "role": "inbox" } }, "0"]]),
    );
    let inbox = told[0][1]["ids"][0].as_str().unwrap().to_owned();
    let list = json!([
        ["Email/query", {
            "accountId": "alice",
            "filter": { "inMailbox": inbox },
            "sort": [{ "property": "receivedAt", "isAscending": false }],
            "collapseThreads": true,
            "limit": 50,
        }, "0"],
        ["Email/get", {
            "accountId": "alice",
            "#ids": { "resultOf": "0", "name": "Email/query", "path": "/ids" },
            "properties": ["threadId", "mailboxIds", "keywords", "hasAttachment", "from",
                "subject", "receivedAt", "size", "preview"],
        }, "1"],
    ]);
    let authorization = bench.authorization.clone();
    let ask = |calls: &Value| {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
        ];
        request("POST", "/jmap/", &headers, &body(calls))
    };
    let echo = json!([["Core/echo", { "hello": true }, "0"]]);
    bench.row_of_cpu("Core/echo", 70.0, &ask(&echo));
    let mailboxes = json!([["Mailbox/get", { "accountId": "alice" }, "0"]]);
    let mut filled = 0;
    for (count, target) in [(1_000, 900.0), (100_000, 1_350.0)] {
        fill(bench, &inbox, filled..count);
        filled = count;
        let told = call(&mut client, &list);
        assert_eq!(told[1][1]["list"].as_array().unwrap().len(), 50);
        let name = format!("newest 50 of {count} messages");
        bench.row_of_cpu(&name, target, &ask(&list));
        let name = format!("Mailbox/get of {count} messages");
        bench.row_of_cpu(&name, 200.0, &ask(&mailboxes));
    }
}
