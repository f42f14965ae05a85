//! Clients that wait: RFC 8620 §7.

use crate::world::{Client, message};
use jmap::Jmap;
use module::{Push, Reason, Subscription, Topic, Transport, Waker};
use serde_json::Value;

fn wait(client: &Client, query: &str) -> Subscription {
    let path = format!("/jmap/eventsource/?{query}");
    let reply = client.host.request("GET", &path).send::<Jmap>();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(
        reply
            .header("content-type")
            .unwrap()
            .starts_with("text/event-stream")
    );
    reply.subscription.unwrap()
}

fn event(push: &Push) -> (String, Value) {
    let text = String::from_utf8(push.pieces[0].clone()).unwrap();
    let field = |name: &str| {
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default().to_owned()
    };
    assert!(text.ends_with("\n\n"));
    (
        field("event"),
        serde_json::from_str(&field("data")).unwrap(),
    )
}

#[test]
fn s7_3_a_change_is_told_with_its_state() {
    let client = Client::new();
    client.mailbox("inbox");
    let waiting = wait(&client, "types=*&closeafter=no&ping=0");
    assert_eq!(waiting.transport, Transport::Body);
    assert_eq!(waiting.topics, [Topic::Owner("alice".to_owned())]);
    assert_eq!(waiting.ping_ms, 0);
    let push = Jmap::wake(Reason::Changed, waiting.since, waiting.token);
    assert!(push.pieces.is_empty(), "nothing has changed");
    client.deliver(&message("a@b", "Hi", "1", "x"));
    let push = Jmap::wake(Reason::Changed, push.since, push.token);
    let (name, change) = event(&push);
    assert_eq!(name, "state");
    assert_eq!(change["@type"], "StateChange");
    let state = client.call("Email/get", serde_json::json!({}))["state"].clone();
    assert_eq!(change["changed"]["alice"]["Email"], state);
    assert!(change["changed"]["alice"].get("Identity").is_none());
    assert!(!push.close);
    let push = Jmap::wake(Reason::Changed, push.since, push.token);
    assert!(push.pieces.is_empty(), "it is told once");
}

#[test]
fn s7_3_types_closeafter_and_ping_are_heeded() {
    let client = Client::new();
    client.mailbox("inbox");
    let other = wait(&client, "types=Identity&closeafter=no&ping=1");
    assert_eq!(other.ping_ms, 30_000);
    let one = wait(&client, "types=Mailbox,Email&closeafter=state&ping=0");
    client.deliver(&message("a@b", "Hi", "1", "x"));
    assert!(
        Jmap::wake(Reason::Changed, other.since, other.token.clone())
            .pieces
            .is_empty()
    );
    let push = Jmap::wake(Reason::Changed, one.since, one.token);
    assert!(push.close);
    assert!(event(&push).1["changed"]["alice"].get("Thread").is_none());
    let push = Jmap::wake(Reason::Ping, other.since, other.token);
    assert_eq!(
        event(&push),
        ("ping".to_owned(), serde_json::json!({ "interval": 30 }))
    );
    for bad in ["closeafter=never", "ping=soon"] {
        let path = format!("/jmap/eventsource/?{bad}");
        assert_eq!(client.host.request("GET", &path).send::<Jmap>().status, 400);
    }
}

#[test]
fn s7_3_who_comes_back_is_told_what_was_missed() {
    let client = Client::new();
    client.mailbox("inbox");
    let first = wait(&client, "");
    client.deliver(&message("a@b", "Hi", "1", "x"));
    let push = Jmap::wake(Reason::Changed, first.since, first.token);
    let text = String::from_utf8(push.pieces[0].clone()).unwrap();
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("id: "))
        .unwrap()
        .to_owned();
    let again = |last: &str| {
        let request = client.host.request("GET", "/jmap/eventsource/");
        let reply = request.header("last-event-id", last).send::<Jmap>();
        let waiting = reply.subscription.unwrap();
        Jmap::wake(Reason::Changed, waiting.since, waiting.token)
            .pieces
            .len()
    };
    assert_eq!(again(&id), 0);
    client.deliver(&message("a@b", "Ho", "2", "x"));
    assert_eq!(again(&id), 1);
}

/// RFC 9670 §1.4, §3: what is shared is told of, and accounts that nobody wants to see are not.
#[test]
fn s7_1_what_is_shared_moves_the_notifications_of_who_may_see_it() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    client.host.user("bob").act_as("bob");
    jmap::forget();
    let waiting = wait(&client, "types=*&closeafter=no&ping=0");
    let share = |rights: Value| {
        client.host.act_as("alice");
        jmap::forget();
        let patch = serde_json::json!({ "shareWith": { "bob": rights } });
        client.call(
            "Mailbox/set",
            serde_json::json!({ "update": { &inbox: patch } }),
        );
        client.host.act_as("bob");
        jmap::forget();
    };
    share(serde_json::json!({ "mayReadItems": true }));
    let push = Jmap::wake(Reason::Changed, waiting.since, waiting.token);
    let (_, change) = event(&push);
    assert!(change["changed"]["bob"]["ShareNotification"].is_string());
    assert!(change["changed"]["alice"]["Mailbox"].is_string());
    // To find it out is no change of its own.
    let push = Jmap::wake(Reason::Changed, push.since, push.token);
    assert!(push.pieces.is_empty());
    let set = serde_json::json!({ "accountId": "alice", "update": { &inbox: { "isSubscribed": false } } });
    client.call("Mailbox/set", set);
    let push = Jmap::wake(Reason::Changed, push.since, push.token);
    let told = push
        .pieces
        .first()
        .map(|_| event(&push).1["changed"].clone());
    assert_eq!(told.unwrap_or_default()["alice"], Value::Null);
}
