//! A host with accounts and mail in them, and a client that talks to the module.

use jmap::Jmap;
use module::native::{Host, Reply};
use module::{Batch, Condition, Content, Indexer, Mailbox, Put, Unindexed};
use serde_json::{Value, json};

pub const USING: [&str; 7] = [
    "urn:ietf:params:jmap:core",
    "urn:ietf:params:jmap:mail",
    "urn:ietf:params:jmap:submission",
    "urn:ietf:params:jmap:quota",
    "urn:ietf:params:jmap:blob",
    "urn:ietf:params:jmap:vacationresponse",
    "urn:ietf:params:jmap:sieve",
];

/// A client of somebody.
pub struct Client {
    pub host: Host,
    pub account: String,
}

impl Client {
    /// Of alice, whose account is new.
    pub fn new() -> Self {
        Self::of("alice")
    }

    pub fn of(user: &str) -> Self {
        jmap::forget();
        let host = Host::new();
        host.user(user).act_as(user).load::<Jmap>();
        Self {
            host,
            account: user.to_owned(),
        }
    }

    /// Sends a body to the API.
    pub fn post(&self, body: &str) -> Reply {
        self.host
            .request("POST", "/jmap/")
            .header("content-type", "application/json")
            .body(body)
            .send::<Jmap>()
    }

    /// Sends method calls, and gives the Response object.
    pub fn request(&self, calls: Value) -> Value {
        self.request_using(&USING, calls)
    }

    /// Sends method calls with these capabilities.
    pub fn request_using(&self, using: &[&str], calls: Value) -> Value {
        let body = json!({ "using": using, "methodCalls": calls });
        let reply = self.post(&body.to_string());
        assert_eq!(reply.status, 200, "{}", reply.text());
        serde_json::from_slice(&reply.body).unwrap()
    }

    /// Sends method calls, and gives the answers.
    pub fn calls(&self, calls: Value) -> Vec<Value> {
        let answer = self.request(calls);
        answer["methodResponses"].as_array().unwrap().clone()
    }

    /// Calls one method in the client's account, and gives the arguments of the answer.
    pub fn call(&self, method: &str, mut arguments: Value) -> Value {
        let object = arguments.as_object_mut().unwrap();
        object
            .entry("accountId")
            .or_insert_with(|| self.account.clone().into());
        let answers = self.calls(json!([[method, arguments, "0"]]));
        assert_eq!(answers[0][0], method, "{}", answers[0]);
        answers[0][1].clone()
    }

    /// Calls one method, and gives the type of the error.
    pub fn error(&self, method: &str, mut arguments: Value) -> String {
        let object = arguments.as_object_mut().unwrap();
        object
            .entry("accountId")
            .or_insert_with(|| self.account.clone().into());
        let answers = self.calls(json!([[method, arguments, "0"]]));
        assert_eq!(answers[0][0], "error", "{}", answers[0]);
        answers[0][1]["type"].as_str().unwrap().to_owned()
    }

    /// The id of the Mailbox with a role.
    pub fn mailbox(&self, role: &str) -> String {
        let answer = self.call("Mailbox/get", json!({}));
        let list = answer["list"].as_array().unwrap().clone();
        let found = list.iter().find(|mailbox| mailbox["role"] == role);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Uploads bytes, and gives the id of the blob.
    pub fn upload(&self, bytes: &[u8]) -> String {
        let reply = self
            .host
            .request("POST", &format!("/jmap/upload/{}/", self.account))
            .header("content-type", "message/rfc822")
            .body(bytes)
            .send::<Jmap>();
        assert_eq!(reply.status, 201, "{}", reply.text());
        let told: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(told["size"], bytes.len());
        told["blobId"].as_str().unwrap().to_owned()
    }

    /// Imports a message, and gives its id.
    pub fn import(&self, message: &str, mailbox: &str, received: &str) -> String {
        let blob = self.upload(message.as_bytes());
        let answer = self.call(
            "Email/import",
            json!({ "emails": { "a": {
                "blobId": blob,
                "mailboxIds": { mailbox: true },
                "receivedAt": received,
            }}}),
        );
        let created = &answer["created"]["a"];
        created["id"]
            .as_str()
            .expect(&answer.to_string())
            .to_owned()
    }

    /// A message comes into the inbox.
    pub fn deliver(&self, message: &str) {
        deliver(&self.account, message);
    }
}

/// A message comes into somebody's inbox as LMTP brings it: without a name, indexed by the host.
pub fn deliver(account: &str, message: &str) {
    let path = ["user", account].map(str::to_owned);
    let inbox = Mailbox::open(&path).unwrap();
    let split = message.find("\r\n\r\n").unwrap() + 4;
    let batch = Batch::new();
    batch.put(
        &inbox,
        Put {
            name: None,
            condition: Condition::None,
            header: message[..split].into(),
            content: Content::Bytes(message[split..].into()),
            content_type: "text/plain".to_owned(),
            flags: Vec::new(),
            keys: Jmap::keys(Unindexed {
                mailbox_type: "email".to_owned(),
                content_type: "text/plain".to_owned(),
                created: 0,
                reach: None,
                message: message.into(),
            }),
            keys_version: Jmap::version(),
        },
    );
    batch.commit().unwrap();
}

/// A message of plain text.
pub fn message(from: &str, subject: &str, id: &str, body: &str) -> String {
    format!(
        "From: {from}\r\nTo: alice@example.org\r\nSubject: {subject}\r\n\
         Date: Thu, 30 Oct 2014 14:12:00 +0800\r\nMessage-ID: <{id}@example.net>\r\n\r\n{body}\r\n"
    )
}

/// A message of plain text that answers another one.
pub fn reply(from: &str, subject: &str, id: &str, to: &str, body: &str) -> String {
    let extra = format!("References: <{to}@example.net>\r\nFrom: ");
    message(from, subject, id, body).replacen("From: ", &extra, 1)
}
