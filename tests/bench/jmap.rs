//! Mail over JMAP: a thousand messages in the inbox, then a hundred times as many.

use crate::load::request;
use crate::rows::Bench;
use chapar_tests::support::Client;
use serde_json::{Value, json};

const USING: [&str; 2] = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"];
/// Messages that one request brings.
const TOGETHER: usize = 100;

/// A message with what messages of people have.
fn message(n: usize, inbox: &str) -> Value {
    let text = "We could meet on Thursday, if that is fine with everybody. ".repeat(20);
    let html = format!("<p>{text}</p>");
    let (day, hour) = (1 + n / 3600 % 28, n / 150 % 24);
    let mut email = json!({
        "mailboxIds": { inbox: true },
        "receivedAt": format!("2026-01-{day:02}T{hour:02}:{:02}:{:02}Z", n / 60 % 60, n % 60),
        "messageId": [format!("m{n}@example.net")],
        "from": [{ "name": format!("Sender {}", n % 40), "email": "sender@example.net" }],
        "to": [{ "name": "Alice", "email": "alice@example.org" }],
        "subject": format!("Topic {}", n / 3),
        "textBody": [{ "partId": "t", "type": "text/plain" }],
        "htmlBody": [{ "partId": "h", "type": "text/html" }],
        "bodyValues": { "t": { "value": text }, "h": { "value": html } },
    });
    if !n.is_multiple_of(3) {
        email["references"] = json!([format!("m{}@example.net", n - n % 3)]);
    }
    email
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
                    let mut emails = json!({});
                    for n in start..(start + TOGETHER).min(numbers.end) {
                        emails[format!("k{n}")] = message(n, inbox);
                    }
                    let set =
                        json!([["Email/set", { "accountId": "alice", "create": emails }, "0"]]);
                    let told = call(&mut client, &set);
                    assert!(told[0][1]["notCreated"].is_null(), "{told}");
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
