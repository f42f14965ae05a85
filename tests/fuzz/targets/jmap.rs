//! Mail over JMAP: whatever requests clients send, of whatever mail has come, over the host in memory.
//!
//! Requests and messages are separated by a line `===`; what begins with `From:` is a message, which
//! comes as mail does, and anything else is sent to the API. `$inbox`, `$email`, `$thread`, `$blob`
//! and `$state` stand for what is there from the start, as no client could guess it.
#![no_main]

use jmap::Jmap;
use libfuzzer_sys::fuzz_target;
use module::native::{Host, Reply};
use module::{Batch, Condition, Content, Indexer, Mailbox, Put, Unindexed};
use serde_json::{Value, json};

/// No answer to what fits into a few requests is longer, in bytes.
const ANSWER_MAX: usize = 8 << 20;

const FIRST: &[u8] = b"From: Joe <joe@example.com>\r\nTo: alice@example.org\r\nSubject: Dinner\r\n\
    Message-ID: <1@example.com>\r\n\r\nOn Thursday?\r\n";

fuzz_target!(|bytes: &[u8]| {
    jmap::forget();
    let host = Host::new();
    host.user("alice").act_as("alice").load::<Jmap>();
    let known = known(&host);
    let mut delivered = 1;
    for part in split(bytes).into_iter().take(6) {
        if part.starts_with(b"From:") {
            deliver(part);
            delivered += 1;
            continue;
        }
        let reply = match std::str::from_utf8(part) {
            Ok(text) => {
                let text = known
                    .iter()
                    .fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
                api(&host, text.as_bytes())
            }
            Err(_) => api(&host, part),
        };
        // What a client has destroyed is gone; nothing else is.
        if destroys(&check(&reply)) {
            return;
        }
    }
    // Mail is shown, however it is made.
    let shown = call(
        &host,
        json!([
            ["Email/query", { "accountId": "alice", "calculateTotal": true }, "0"],
            ["Email/get", { "accountId": "alice", "fetchAllBodyValues": true, "maxBodyValueBytes": 1000,
                "#ids": { "resultOf": "0", "name": "Email/query", "path": "/ids" } }, "1"],
        ]),
    );
    let total = shown[0][1]["total"].as_u64();
    assert!(total >= Some(delivered), "{total:?} of {delivered}");
    let list = shown[1][1]["list"].as_array().map(Vec::len);
    assert_eq!(list.map(|len| len as u64), total, "{shown}");
});

/// The parts between lines `===`.
fn split(bytes: &[u8]) -> Vec<&[u8]> {
    const LINE: &[u8] = b"\n===\n";
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(LINE.len()).position(|window| window == LINE) {
        parts.push(&rest[..at]);
        rest = &rest[at + LINE.len()..];
    }
    parts.push(rest);
    parts
}

/// Mail comes into the inbox without a name, indexed by the host.
fn deliver(message: &[u8]) {
    let inbox = Mailbox::open(&["user", "alice"].map(str::to_owned)).expect("there is an inbox");
    let end = message.windows(4).position(|four| four == b"\r\n\r\n");
    let (header, body) = message.split_at(end.map_or(message.len(), |end| end + 4));
    let batch = Batch::new();
    batch.put(
        &inbox,
        Put {
            name: None,
            condition: Condition::None,
            header: header.to_vec(),
            content: Content::Bytes(body.to_vec()),
            content_type: "message/rfc822".to_owned(),
            flags: Vec::new(),
            keys: Jmap::keys(Unindexed {
                mailbox_type: "email".to_owned(),
                content_type: "message/rfc822".to_owned(),
                created: 0,
                reach: None,
                message: message.to_vec(),
            }),
            keys_version: Jmap::version(),
        },
    );
    batch.commit().expect("mail is taken");
}

/// What is there from the start, by what stands for it.
fn known(host: &Host) -> Vec<(&'static str, String)> {
    let boxes = call(host, json!([["Mailbox/get", { "accountId": "alice" }, "0"]]));
    let boxes = boxes[0][1]["list"].as_array().cloned().unwrap_or_default();
    let inbox = boxes.iter().find(|mailbox| mailbox["role"] == "inbox");
    deliver(FIRST);
    let told = call(
        host,
        json!([
            ["Email/query", { "accountId": "alice" }, "0"],
            ["Email/get", { "accountId": "alice", "properties": ["threadId", "blobId"],
                "#ids": { "resultOf": "0", "name": "Email/query", "path": "/ids" } }, "1"],
        ]),
    );
    let email = &told[1][1]["list"][0];
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    vec![
        ("$inbox", text(&inbox.expect("there is an inbox")["id"])),
        ("$email", text(&email["id"])),
        ("$thread", text(&email["threadId"])),
        ("$blob", text(&email["blobId"])),
        ("$state", text(&told[1][1]["state"])),
    ]
}

/// The answers to method calls.
fn call(host: &Host, calls: Value) -> Value {
    let using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"];
    let body = json!({ "using": using, "methodCalls": calls }).to_string();
    check(&api(host, body.as_bytes()))["methodResponses"].take()
}

fn api(host: &Host, body: &[u8]) -> Reply {
    host.request("POST", "/jmap/")
        .header("content-type", "application/json")
        .body(body)
        .send::<Jmap>()
}

/// The answer, which is in bounds and no fault of the server's.
fn check(reply: &Reply) -> Value {
    assert!((200..500).contains(&reply.status), "{}", reply.status);
    assert!(reply.body.len() <= ANSWER_MAX, "{}", reply.body.len());
    let answer: Value = serde_json::from_slice(&reply.body).expect("an answer is JSON");
    for response in responses(&answer) {
        assert_ne!(response[1]["type"], "serverFail", "{response}");
    }
    answer
}

fn destroys(answer: &Value) -> bool {
    responses(answer).any(|response| {
        let destroyed = response[1]["destroyed"].as_array();
        destroyed.is_some_and(|ids| !ids.is_empty())
    })
}

fn responses(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["methodResponses"].as_array().into_iter().flatten()
}
