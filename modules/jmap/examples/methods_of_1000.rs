//! What requests cost in the module itself, over the in-memory host: `cargo run --release -p jmap
//! --example methods_of_1000`. What the store costs, and the border of a sandbox, is not in it; the benchmark
//! in `tests/bench` has all of it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that meets what it does not expect stops, and says where"
)]

use jmap::Jmap;
use module::native::Host;
use module::{Batch, Condition, Content, Indexer, Mailbox, Put, Unindexed};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn message(n: usize) -> String {
    let answer = match n % 3 {
        0 => String::new(),
        _ => format!("References: <m{}@example.net>\r\n", n - n % 3),
    };
    let text = "We could meet on Thursday, if that is fine with everybody. ".repeat(20);
    format!(
        "Return-Path: <sender{n}@example.net>\r\nFrom: Sender <sender{n}@example.net>\r\n\
         To: Alice <alice@example.org>\r\n{answer}Subject: Topic {}\r\n\
         Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <m{n}@example.net>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--b\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n<p>{text}</p>\r\n--b--\r\n",
        n / 3
    )
}

fn call(host: &Host, calls: &Value) -> Value {
    let using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"];
    let body = json!({ "using": using, "methodCalls": calls }).to_string();
    let request = host.request("POST", "/jmap/");
    let request = request.header("content-type", "application/json");
    let reply = request.body(body).send::<Jmap>();
    assert_eq!(reply.status, 200, "{}", reply.text());
    serde_json::from_slice(&reply.body).unwrap()
}

/// The median of some runs.
fn median(runs: usize, mut run: impl FnMut()) -> Duration {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times[times.len() / 2]
}

fn fill(count: usize) {
    let inbox = Mailbox::open(&["user", "alice"].map(str::to_owned)).unwrap();
    let batch = Batch::new();
    for n in 0..count {
        let message = message(n);
        let split = message.find("\r\n\r\n").unwrap() + 4;
        let put = Put {
            name: None,
            condition: Condition::None,
            header: message[..split].into(),
            content: Content::Bytes(message[split..].into()),
            content_type: "multipart/alternative".to_owned(),
            flags: Vec::new(),
            keys: Vec::new(),
            keys_version: Jmap::version(),
        };
        batch.put(&inbox, put);
    }
    batch.commit().unwrap();
}

fn main() {
    // Or with as many messages as the arguments say.
    let counts: Vec<usize> = std::env::args()
        .skip(1)
        .map(|count| count.parse().unwrap())
        .collect();
    let counts = match counts.is_empty() {
        true => vec![1_000, 100_000],
        false => counts,
    };
    for count in counts {
        jmap::forget();
        let host = Host::new();
        host.user("alice").act_as("alice");
        let account = "alice";
        let mailboxes = json!([["Mailbox/get", { "accountId": account }, "0"]]);
        let told = call(&host, &mailboxes);
        let told = told["methodResponses"][0][1]["list"]
            .as_array()
            .unwrap()
            .clone();
        let inbox = told.iter().find(|one| one["role"] == "inbox").unwrap()["id"].clone();
        fill(count);
        let list = json!([
            ["Email/query", { "accountId": account, "filter": { "inMailbox": inbox },
                "sort": [{ "property": "receivedAt", "isAscending": false }],
                "collapseThreads": true, "limit": 50 }, "0"],
            ["Email/get", { "accountId": account,
                "#ids": { "resultOf": "0", "name": "Email/query", "path": "/ids" },
                "properties": ["threadId", "mailboxIds", "keywords", "hasAttachment", "from",
                    "subject", "receivedAt", "size", "preview"] }, "1"],
        ]);
        let echo = json!([["Core/echo", { "hello": true }, "0"]]);
        let keys = Unindexed {
            mailbox_type: "email".to_owned(),
            content_type: String::new(),
            created: 0,
            reach: None,
            message: message(1).into_bytes(),
        };
        for (name, calls) in [
            ("Core/echo", &echo),
            ("Mailbox/get", &mailboxes),
            ("newest 50", &list),
        ] {
            let cold = median(3, || {
                jmap::forget();
                call(&host, calls);
            });
            let warm = median(1000, || {
                call(&host, calls);
            });
            println!("{count} messages, {name}: {warm:?}, without memory {cold:?}");
        }
        let keys = median(200, || {
            Jmap::keys(keys.clone());
        });
        println!("keys of a message: {keys:?}");
    }
}
