//! PushSubscription: RFC 8620 §7.2, and RFC 9749.

use crate::world::{Client, USING, message};
use jmap::Jmap;
use module::native::StoredEndpoint;
use module::{Batch, Push, Reason, Rights, Scope, Topic, Waker};
use serde_json::{Value, json};

const WEEK_MS: i64 = 7 * 86_400_000;
/// RFC 8291 §5: the keys of the example there.
const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

fn call(client: &Client, method: &str, arguments: Value) -> Value {
    let answers = client.calls(json!([[method, arguments, "0"]]));
    assert_eq!(answers[0][0], method, "{}", answers[0]);
    answers[0][1].clone()
}

fn error(client: &Client, method: &str, arguments: Value) -> String {
    let answers = client.calls(json!([[method, arguments, "0"]]));
    assert_eq!(answers[0][0], "error", "{}", answers[0]);
    answers[0][1]["type"].as_str().unwrap().to_owned()
}

fn set(client: &Client, arguments: Value) -> Value {
    call(client, "PushSubscription/set", arguments)
}

fn get(client: &Client) -> Vec<Value> {
    let answer = call(client, "PushSubscription/get", json!({ "ids": null }));
    answer["list"].as_array().unwrap().clone()
}

/// Subscribes, and gives what the server said of it.
fn create(client: &Client, more: Value) -> Value {
    let mut object =
        json!({ "deviceClientId": "a889-ffea-910", "url": "https://example.com/push" });
    let members = more.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(members);
    let answer = set(client, json!({ "create": { "4f29": object } }));
    assert_eq!(answer["notCreated"], Value::Null, "{answer}");
    answer["created"]["4f29"].clone()
}

fn refused(client: &Client, more: Value) -> Value {
    let mut object =
        json!({ "deviceClientId": "a889-ffea-910", "url": "https://example.com/push" });
    let members = more.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(members);
    let answer = set(client, json!({ "create": { "4f29": object } }));
    answer["notCreated"]["4f29"].clone()
}

fn stored(client: &Client) -> StoredEndpoint {
    client.host.endpoints().pop().unwrap()
}

/// What was sent to the URL first.
fn sent(client: &Client) -> Value {
    serde_json::from_slice(&stored(client).first).unwrap()
}

fn update(client: &Client, id: &Value, patch: Value) -> Value {
    let id = id.as_str().unwrap();
    set(client, json!({ "update": { id: patch } }))
}

fn verify(client: &Client, id: &Value) {
    let code = sent(client)["verificationCode"].clone();
    let answer = update(client, id, json!({ "verificationCode": code }));
    assert!(
        answer["updated"]
            .as_object()
            .unwrap()
            .contains_key(id.as_str().unwrap())
    );
}

/// What is said when something has changed.
fn wake(client: &Client) -> Push {
    Jmap::wake(Reason::Changed, 0, stored(client).endpoint.token)
}

fn told(push: &Push) -> Value {
    serde_json::from_slice(&push.pieces[0]).unwrap()
}

#[test]
fn s7_2_2_a_subscription_is_verified_before_anything_is_told() {
    let client = Client::new();
    client.mailbox("inbox");
    let created = create(&client, json!({}));
    let verification = sent(&client);
    assert_eq!(verification["@type"], "PushVerification");
    assert_eq!(verification["pushSubscriptionId"], created["id"]);
    assert!(verification["verificationCode"].as_str().unwrap().len() >= 32);
    assert_eq!(stored(&client).target.content_type, "application/json");
    assert_eq!(stored(&client).endpoint.topics, []);
    client.deliver(&message("a@b", "Hi", "1", "x"));
    assert!(wake(&client).pieces.is_empty());
    // "Attempts to update the subscription with an invalid verification code MUST be rejected".
    let answer = update(
        &client,
        &created["id"],
        json!({ "verificationCode": "guess" }),
    );
    let error = &answer["notUpdated"][created["id"].as_str().unwrap()];
    assert_eq!(error["type"], "invalidProperties");
    assert_eq!(error["properties"], json!(["verificationCode"]));
    assert_eq!(stored(&client).endpoint.topics, []);
    assert_eq!(get(&client)[0]["verificationCode"], Value::Null);
    verify(&client, &created["id"]);
    let topics = stored(&client).endpoint.topics;
    assert_eq!(topics, [Topic::Owner("alice".to_owned())]);
    let code = verification["verificationCode"].clone();
    assert_eq!(get(&client)[0]["verificationCode"], code);
    assert!(wake(&client).pieces.is_empty(), "nothing is new since then");
    client.deliver(&message("a@b", "Ho", "2", "x"));
    let push = wake(&client);
    let change = told(&push);
    assert_eq!(change["@type"], "StateChange");
    let state = client.call("Email/get", json!({}))["state"].clone();
    assert_eq!(change["changed"]["alice"]["Email"], state);
    assert!(!push.close);
    // What was posted is known.
    assert!(
        Jmap::wake(Reason::Changed, push.since, push.token)
            .pieces
            .is_empty()
    );
}

#[test]
fn s7_2_types_not_wanted_are_omitted() {
    let client = Client::new();
    client.mailbox("inbox");
    let created = create(&client, json!({ "types": ["Mailbox", "Foo"] }));
    verify(&client, &created["id"]);
    client.deliver(&message("a@b", "Hi", "1", "x"));
    let change = told(&wake(&client));
    let types = change["changed"]["alice"].as_object().unwrap();
    assert_eq!(types.keys().collect::<Vec<_>>(), ["Mailbox"]);
    update(&client, &created["id"], json!({ "types": ["Identity"] }));
    assert!(wake(&client).pieces.is_empty());
    update(&client, &created["id"], json!({ "types": null }));
    let change = told(&wake(&client));
    assert!(change["changed"]["alice"].get("Thread").is_some());
    assert_eq!(get(&client)[0]["types"], Value::Null);
}

#[test]
fn s7_2_1_where_it_leads_to_is_never_told() {
    let client = Client::new();
    let created = create(
        &client,
        json!({ "keys": { "p256dh": P256DH, "auth": AUTH } }),
    );
    let keys = stored(&client).target.keys.unwrap();
    assert_eq!((keys.public_key.len(), keys.auth_secret.len()), (65, 16));
    let answer = call(&client, "PushSubscription/get", json!({}));
    // "it does *not* take or return an "accountId" argument", nor a state.
    assert_eq!(
        answer.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["list", "notFound"]
    );
    let list = answer["list"].as_array().unwrap();
    let mut names: Vec<&str> = list[0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "deviceClientId",
            "expires",
            "id",
            "types",
            "verificationCode"
        ]
    );
    for name in ["url", "keys"] {
        let asked = json!({ "properties": ["id", name] });
        assert_eq!(error(&client, "PushSubscription/get", asked), "forbidden");
    }
    let asked = json!({ "properties": ["nothing"] });
    assert_eq!(
        error(&client, "PushSubscription/get", asked),
        "invalidArguments"
    );
    let asked = json!({ "ids": [created["id"], "P0"], "properties": ["types"] });
    let answer = call(&client, "PushSubscription/get", asked);
    assert_eq!(
        answer["list"],
        json!([{ "id": created["id"], "types": null }])
    );
    assert_eq!(answer["notFound"], json!(["P0"]));
}

#[test]
fn s7_2_only_who_made_it_sees_it() {
    let client = Client::new();
    let created = create(&client, json!({}));
    client.host.user("bob").act_as("bob");
    jmap::forget();
    assert!(get(&client).is_empty());
    let answer = set(&client, json!({ "destroy": [created["id"]] }));
    let id = created["id"].as_str().unwrap();
    assert_eq!(answer["notDestroyed"][id]["type"], "notFound");
    let answer = update(&client, &created["id"], json!({ "types": [] }));
    assert_eq!(answer["notUpdated"][id]["type"], "notFound");
    client.host.act_as("alice").scope(Scope::READ_ONLY);
    jmap::forget();
    assert_eq!(get(&client).len(), 1);
    assert_eq!(refused(&client, json!({}))["type"], "forbidden");
}

/// The example, but for the ids: it is told what is left out, and 7 days are the most.
#[test]
fn s7_2_3_example() {
    let client = Client::new();
    let day = |days: i64| {
        let date = mail::Date::from_seconds((client.host.now() + days * 86_400_000) / 1000);
        date.unwrap().to_rfc3339()
    };
    let answer = set(
        &client,
        json!({ "create": { "4f29": {
            "deviceClientId": "a889-ffea-910",
            "url": "https://example.com/push/?device=X8980fc&client=12c6d086",
            "types": null
        }}}),
    );
    let mut created = answer["created"]["4f29"].clone();
    let id = created.as_object_mut().unwrap().remove("id").unwrap();
    let expected = json!({ "keys": null, "verificationCode": null, "expires": day(7) });
    assert_eq!(created, expected);
    let url = stored(&client).target.url;
    assert_eq!(
        url,
        "https://example.com/push/?device=X8980fc&client=12c6d086"
    );
    verify(&client, &id);
    client.host.advance(2 * 86_400_000);
    let answer = update(&client, &id, json!({ "expires": day(30) }));
    assert_eq!(
        answer["updated"][id.as_str().unwrap()],
        json!({ "expires": day(7) })
    );
    let answer = update(&client, &id, json!({ "expires": day(3) }));
    assert_eq!(answer["updated"][id.as_str().unwrap()], Value::Null);
    assert_eq!(get(&client)[0]["expires"], day(3));
    client.host.advance(WEEK_MS);
    assert!(get(&client).is_empty());
}

#[test]
fn s7_2_2_what_is_wrong_is_refused() {
    let client = Client::new();
    let passed = "2020-01-01T00:00:00Z";
    for (more, property) in [
        (json!({ "url": "http://example.com/push" }), "url"),
        (json!({ "url": 5 }), "url"),
        (json!({ "deviceClientId": "" }), "deviceClientId"),
        (
            json!({ "deviceClientId": "x".repeat(256) }),
            "deviceClientId",
        ),
        (json!({ "verificationCode": "mine" }), "verificationCode"),
        (json!({ "expires": passed }), "expires"),
        (json!({ "expires": "tomorrow" }), "expires"),
        (json!({ "types": "Email" }), "types"),
        (json!({ "types": vec!["Email"; 33] }), "types"),
        (json!({ "keys": {} }), "keys"),
        (
            json!({ "keys": { "p256dh": P256DH, "auth": "AAAA" } }),
            "keys",
        ),
        (
            json!({ "keys": { "p256dh": "AAAA", "auth": AUTH } }),
            "keys",
        ),
        (json!({ "id": "P1" }), "id"),
    ] {
        let error = refused(&client, more);
        assert_eq!(error["type"], "invalidProperties", "{error}");
        assert_eq!(error["properties"], json!([property]), "{error}");
    }
    let created = create(&client, json!({}));
    let id = created["id"].as_str().unwrap();
    for patch in [
        json!({ "url": "https://example.com/other" }),
        json!({ "keys": null }),
        json!({ "deviceClientId": "other" }),
        json!({ "expires": passed }),
    ] {
        let answer = update(&client, &created["id"], patch);
        assert_eq!(answer["notUpdated"][id]["type"], "invalidProperties");
    }
    let both = json!({ "update": { id: { "types": [] } }, "destroy": [id] });
    let answer = set(&client, both);
    assert_eq!(answer["notUpdated"][id]["type"], "willDestroy");
    assert_eq!(answer["destroyed"], json!([id]));
    assert!(client.host.endpoints().is_empty());
    for wrong in [json!({ "accountId": "alice" }), json!({ "ifInState": "0" })] {
        let error = error(&client, "PushSubscription/set", wrong);
        assert_eq!(error, "invalidArguments");
    }
    for _ in 0..64 {
        create(&client, json!({}));
    }
    assert_eq!(refused(&client, json!({}))["type"], "overQuota");
}

#[test]
fn s7_2_2_one_is_created_and_named_in_the_same_request() {
    let client = Client::new();
    let answers = client.calls(json!([
        ["PushSubscription/set", { "create": { "k": {
            "deviceClientId": "d", "url": "https://example.com/push" } } }, "0"],
        ["PushSubscription/set", { "update": { "#k": { "types": ["Email"] } } }, "1"],
        ["PushSubscription/set", { "destroy": ["#k"] }, "2"],
    ]));
    assert!(answers[1][1]["updated"]["#k"].is_null() && answers[1][1]["notUpdated"].is_null());
    assert_eq!(answers[2][1]["notDestroyed"], Value::Null, "{}", answers[2]);
}

#[test]
fn many_accounts_fit_in_the_token_and_in_messages() {
    let client = Client::new();
    client.mailbox("inbox");
    for number in 0..40 {
        let user = format!("somebody-whose-name-is-rather-long-{number:02}");
        client.host.user(&user).act_as(&user);
        jmap::forget();
        let body = json!({ "using": USING, "methodCalls": [
            ["Mailbox/get", { "accountId": user }, "0"]] });
        assert_eq!(client.post(&body.to_string()).status, 200);
        let inbox = module::Mailbox::open(&["user".to_owned(), user]).unwrap();
        let mut grants = inbox.grants().unwrap();
        let alice = module::Identifier::Principal("alice".to_owned());
        grants.push(module::Grant::new(alice, Rights::READ | Rights::LOOKUP));
        let batch = Batch::new();
        batch.set_rights(&inbox, &grants);
        batch.commit().unwrap();
    }
    client.host.act_as("alice");
    jmap::forget();
    let created = create(&client, json!({}));
    verify(&client, &created["id"]);
    let endpoint = stored(&client).endpoint;
    assert!(endpoint.token.len() <= 4096, "{}", endpoint.token.len());
    assert!(endpoint.topics.len() > 10, "{:?}", endpoint.topics.len());
    assert!(endpoint.topics.contains(&Topic::Owner("alice".to_owned())));
    // As if the client knew nothing yet.
    let mut token: Value = serde_json::from_slice(&endpoint.token).unwrap();
    for (_, known) in token["known"].as_object_mut().unwrap() {
        *known = json!([]);
    }
    let push = Jmap::wake(Reason::Changed, 0, token.to_string().into_bytes());
    assert!(push.pieces.len() > 1);
    let mut accounts = 0;
    for piece in &push.pieces {
        assert!(piece.len() <= 3993);
        let change: Value = serde_json::from_slice(piece).unwrap();
        accounts += change["changed"].as_object().unwrap().len();
    }
    assert_eq!(accounts, endpoint.topics.len());
}

#[test]
fn rfc9749_s3_the_key_of_the_server_is_told_if_there_is_one() {
    const NAME: &str = "urn:ietf:params:jmap:webpush-vapid";
    let client = Client::new();
    let session = || -> Value {
        let reply = client.host.request("GET", "/jmap/").send::<Jmap>();
        serde_json::from_slice(&reply.body).unwrap()
    };
    client.host.server_key(Some(&[4; 65]));
    let first = session();
    let key = first["capabilities"][NAME]["applicationServerKey"]
        .as_str()
        .unwrap();
    assert_eq!((key.len(), &key[..4]), (87, "BAQE"));
    // RFC 9749 §5: "it MUST update the "sessionState" property".
    client.host.server_key(Some(&[5; 65]));
    assert_ne!(session()["state"], first["state"]);
    client.host.server_key(None);
    assert_eq!(session()["capabilities"].get(NAME), None);
    assert_eq!(refused(&client, json!({}))["type"], "forbidden");
}
