//! JMAP over WebSocket, by the clauses of RFC 8887.

use crate::world::{Client, message};
use jmap::Jmap;
use module::native::{Connection, Reply};
use module::{Batch, Grant, Identifier, Mailbox, Rights, Topic, Transport};
use serde_json::{Value, json};

/// A client and its WebSocket.
struct Speaking {
    client: Client,
    connection: Connection,
}

fn handshake(client: &Client, protocols: &str) -> Reply {
    let request = client.host.request("GET", "/jmap/ws/");
    let request = request.header("upgrade", "websocket");
    request
        .header("sec-websocket-protocol", protocols)
        .send::<Jmap>()
}

impl Speaking {
    fn new() -> Self {
        let client = Client::new();
        client.mailbox("inbox");
        let reply = handshake(&client, "jmap");
        let connection = Connection::new(reply.subscription.unwrap());
        Self { client, connection }
    }

    /// Sends a message, and gives the answer, of which there is one.
    fn say(&mut self, message: impl ToString) -> Value {
        let mut said = self.tell(message);
        assert_eq!(said.len(), 1, "{said:?}");
        said.remove(0)
    }

    fn tell(&mut self, message: impl ToString) -> Vec<Value> {
        values(self.connection.say::<Jmap>(&message.to_string()))
    }

    fn changed(&mut self) -> Vec<Value> {
        values(self.connection.changed::<Jmap>())
    }
}

fn values(pieces: Vec<Vec<u8>>) -> Vec<Value> {
    let read = |piece: &Vec<u8>| serde_json::from_slice(piece).unwrap();
    pieces.iter().map(read).collect()
}

#[test]
fn s3_the_session_says_where() {
    let client = Client::new();
    let reply = client.host.request("GET", "/jmap/").send::<Jmap>();
    let session: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        session["capabilities"]["urn:ietf:params:jmap:websocket"],
        json!({ "url": "wss://example.org/jmap/ws/", "supportsPush": true })
    );
}

#[test]
fn s4_2_the_subprotocol_is_jmap() {
    let client = Client::new();
    let reply = handshake(&client, "chat, jmap");
    assert_eq!(reply.header("sec-websocket-protocol"), Some("jmap"));
    let subscription = reply.subscription.unwrap();
    assert_eq!(subscription.transport, Transport::Websocket);
    assert_eq!(subscription.topics, [Topic::Owner("alice".to_owned())]);
    for others in ["", "chat", "jmap2, xjmap"] {
        let reply = handshake(&client, others);
        assert_eq!(reply.status, 400, "{others}");
        assert!(reply.text().contains("Sec-WebSocket-Protocol"));
    }
    let put = client.host.request("POST", "/jmap/ws/").send::<Jmap>();
    assert_eq!((put.status, put.header("allow")), (405, Some("GET")));
    client.host.act_as_anonymous();
    assert_eq!(handshake(&client, "jmap").status, 401);
}

/// The messages of the first example.
#[test]
fn s4_4_the_examples() {
    let mut alice = Speaking::new();
    let echo = json!({ "hello": true, "high": 5 });
    let answer = alice.say(json!({
        "@type": "Request",
        "id": "R1",
        "using": ["urn:ietf:params:jmap:core"],
        "methodCalls": [["Core/echo", echo, "b3ff"]],
    }));
    assert_eq!(answer["@type"], "Response");
    assert_eq!(answer["requestId"], "R1");
    assert_eq!(
        answer["methodResponses"],
        json!([["Core/echo", echo, "b3ff"]])
    );
    assert!(answer["sessionState"].is_string());

    let answer = alice.say("The quick brown fox jumps\n over the lazy dog.");
    assert_eq!(answer["@type"], "RequestError");
    assert_eq!(answer["requestId"], Value::Null);
    assert_eq!(answer["type"], "urn:ietf:params:jmap:error:notJSON");
    assert_eq!(answer["status"], 400);
    assert!(answer["detail"].is_string());

    let enable = json!({
        "@type": "WebSocketPushEnable",
        "dataTypes": ["Mailbox", "Email"],
        "pushState": "aaa",
    });
    let change = alice.say(enable);
    assert_eq!(change["@type"], "StateChange");
    let told = change["changed"]["alice"].as_object().unwrap();
    assert_eq!(Vec::from_iter(told.keys()), ["Email", "Mailbox"]);
    let before = change["pushState"].clone();
    alice.client.deliver(&message("a@b", "Hi", "1", "x"));
    let change = alice.changed().remove(0);
    assert_eq!(change["@type"], "StateChange");
    let state = alice.client.call("Email/get", json!({}))["state"].clone();
    assert_eq!(change["changed"]["alice"]["Email"], state);
    assert_ne!(change["pushState"], before);
}

#[test]
fn s4_3_2_ids_are_echoed_and_may_be_left_out() {
    let mut alice = Speaking::new();
    let request = |id: Value| {
        json!({ "@type": "Request", "id": id, "using": ["urn:ietf:params:jmap:core"],
                "methodCalls": [["Core/echo", {}, "0"]], "createdIds": {} })
    };
    let answer = alice.say(request("\u{e4}\"".into()));
    assert_eq!(answer["requestId"], "\u{e4}\"");
    assert_eq!(answer["createdIds"], json!({}));
    let answer = alice.say(request(Value::Null));
    assert_eq!(answer["@type"], "Response");
    assert!(answer.get("requestId").is_none());
    let answer = alice.say(request(1.into()));
    assert_eq!(answer["type"], "urn:ietf:params:jmap:error:notRequest");
}

#[test]
fn s4_3_4_errors_of_a_whole_request_name_it() {
    let mut alice = Speaking::new();
    alice.client.host.option("jmap_max_calls_in_request", "1");
    alice.client.host.option("jmap_max_size_request", "1k");
    let core = ["urn:ietf:params:jmap:core"];
    let call = json!(["Core/echo", {}, "0"]);
    for (members, kind, limit) in [
        (
            json!({ "using": ["urn:x"], "methodCalls": [] }),
            "unknownCapability",
            None,
        ),
        (json!({ "using": core }), "notRequest", None),
        (
            json!({ "using": core, "methodCalls": [call, call] }),
            "limit",
            Some("maxCallsInRequest"),
        ),
    ] {
        let mut request = members;
        request["@type"] = "Request".into();
        request["id"] = "R2".into();
        let answer = alice.say(&request);
        assert_eq!(answer["@type"], "RequestError", "{request}");
        assert_eq!(answer["requestId"], "R2");
        assert_eq!(answer["type"], format!("urn:ietf:params:jmap:error:{kind}"));
        assert_eq!(answer.get("limit").and_then(Value::as_str), limit);
    }
    let answer = alice.say(json!({ "@type": "Request", "x": "x".repeat(1 << 10) }));
    assert_eq!(answer["limit"], "maxSizeRequest");
    for no_type in [
        json!({}),
        json!({ "@type": "Response" }),
        json!({ "@type": 1 }),
    ] {
        let answer = alice.say(no_type);
        assert_eq!(answer["type"], "urn:ietf:params:jmap:error:notRequest");
    }
    assert_eq!(
        alice.say("[]")["type"],
        "urn:ietf:params:jmap:error:notRequest"
    );
    assert!(!alice.connection.is_closed());
}

#[test]
fn s4_3_5_2_nothing_is_told_before_it_is_asked_for() {
    let mut alice = Speaking::new();
    alice.client.deliver(&message("a@b", "Hi", "1", "x"));
    assert!(alice.changed().is_empty());
    let all = json!({ "@type": "WebSocketPushEnable", "dataTypes": null });
    assert!(alice.tell(&all).is_empty(), "what was before is not told");
    assert!(alice.changed().is_empty());
    alice.client.deliver(&message("a@b", "Ho", "2", "x"));
    let told = alice.changed().remove(0)["changed"]["alice"].clone();
    let told = told.as_object().unwrap();
    assert!(
        ["Email", "Mailbox", "Thread"]
            .iter()
            .all(|name| told.contains_key(*name))
    );
    assert!(!told.contains_key("Identity"), "that has not changed");
    assert!(alice.changed().is_empty(), "it is told once");

    for types in [json!(["Identity"]), json!(["Calendar"]), json!([])] {
        let enable = json!({ "@type": "WebSocketPushEnable", "dataTypes": types });
        assert!(alice.tell(enable).is_empty());
        alice.client.deliver(&message("a@b", "Hu", "3", "x"));
        assert!(alice.changed().is_empty(), "{types}");
    }
    for wrong in [
        json!({ "dataTypes": "Email" }),
        json!({ "dataTypes": [1] }),
        json!({ "dataTypes": null, "pushState": 1 }),
    ] {
        let mut enable = wrong;
        enable["@type"] = "WebSocketPushEnable".into();
        let answer = alice.say(&enable);
        assert_eq!(
            answer["type"], "urn:ietf:params:jmap:error:notRequest",
            "{enable}"
        );
    }
}

#[test]
fn s4_3_5_2_a_push_state_brings_what_was_missed() {
    let mut alice = Speaking::new();
    let enable = |state: &Value, types: &Value| json!({ "@type": "WebSocketPushEnable", "dataTypes": types, "pushState": state });
    let everything = alice.say(enable(&"".into(), &Value::Null));
    let state = everything["pushState"].clone();
    assert!(everything["changed"]["alice"]["Identity"].is_string());
    assert!(
        state.as_str().unwrap().len() < 60,
        "RFC 8887: preferably short"
    );
    assert!(alice.tell(enable(&state, &Value::Null)).is_empty());

    alice.client.deliver(&message("a@b", "Hi", "1", "x"));
    let missed = alice.say(enable(&state, &Value::Null));
    assert!(missed["changed"]["alice"]["Email"].is_string());
    assert!(missed["changed"]["alice"].get("Identity").is_none());
    let only = alice.say(enable(&state, &json!(["Mailbox"])));
    let told = only["changed"]["alice"].as_object().unwrap();
    assert_eq!(Vec::from_iter(told.keys()), ["Mailbox"]);
    assert!(
        alice
            .tell(enable(&missed["pushState"], &Value::Null))
            .is_empty()
    );
}

#[test]
fn s4_3_5_3_push_can_be_disabled() {
    let mut alice = Speaking::new();
    alice.tell(json!({ "@type": "WebSocketPushEnable", "dataTypes": null }));
    assert!(
        alice
            .tell(json!({ "@type": "WebSocketPushDisable" }))
            .is_empty()
    );
    alice.client.deliver(&message("a@b", "Hi", "1", "x"));
    assert!(alice.changed().is_empty());
}

/// The host takes no token longer than 4 KiB.
#[test]
fn s4_3_5_any_number_of_accounts_can_be_followed() {
    let mut client = Client::of("bob");
    for n in 0..70 {
        let user = format!("u{n}");
        client.host.user(&user).act_as(&user);
        client.account.clone_from(&user);
        client.mailbox("inbox");
        let inbox = Mailbox::open(&["user".to_owned(), user]).unwrap();
        let mut grants = inbox.grants().unwrap();
        let bob = Identifier::Principal("bob".to_owned());
        grants.push(Grant::new(bob, Rights::from_letters("lr").unwrap()));
        let batch = Batch::new();
        batch.set_rights(&inbox, &grants);
        batch.commit().unwrap();
    }
    client.host.act_as("bob");
    client.account = "bob".to_owned();
    jmap::forget();
    let subscription = handshake(&client, "jmap").subscription.unwrap();
    assert_eq!(subscription.topics.len(), 64);
    // What a token may have at most, the connection checks.
    let mut connection = Connection::new(subscription);
    let enable = json!({ "@type": "WebSocketPushEnable", "dataTypes": null, "pushState": "" });
    let told = values(connection.say::<Jmap>(&enable.to_string()));
    assert_eq!(told[0]["changed"].as_object().unwrap().len(), 64);
    let body = client
        .host
        .request("GET", "/jmap/eventsource/")
        .send::<Jmap>();
    let mut connection = Connection::new(body.subscription.unwrap());
    assert!(connection.changed::<Jmap>().is_empty());
}

#[test]
fn rfc8621_s1_5_email_delivery_changes_when_an_email_comes_and_not_when_it_is_read() {
    let mut alice = Speaking::new();
    alice.tell(json!({ "@type": "WebSocketPushEnable", "dataTypes": null }));
    alice.client.deliver(&message("a@b", "Hi", "1", "x"));
    let told = alice.changed().remove(0);
    assert!(told["changed"]["alice"]["EmailDelivery"].is_string());

    let found = alice
        .client
        .calls(json!([["Email/query", { "accountId": "alice" }, "0"]]));
    let id = found[0][1]["ids"][0].as_str().unwrap().to_owned();
    let seen = json!([["Email/set", { "accountId": "alice",
        "update": { id: { "keywords/$seen": true } } }, "0"]]);
    assert_eq!(alice.client.calls(seen)[0][0], "Email/set");
    let told = alice.changed().remove(0);
    assert!(told["changed"]["alice"]["Email"].is_string());
    assert_eq!(told["changed"]["alice"].get("EmailDelivery"), None);
}
