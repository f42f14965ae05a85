//! The core: RFC 8620.

use crate::world::{Client, USING, message};
use jmap::Jmap;
use serde_json::{Value, json};

fn problem(client: &Client, body: &str) -> Value {
    let reply = client.post(body);
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    serde_json::from_slice(&reply.body).unwrap()
}

fn session(client: &Client) -> Value {
    let reply = client.host.request("GET", "/jmap/").send::<Jmap>();
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("cache-control"),
        Some("no-cache, no-store, must-revalidate")
    );
    serde_json::from_slice(&reply.body).unwrap()
}

#[test]
fn s2_session_has_absolute_urls_and_the_account() {
    let client = Client::new();
    let session = session(&client);
    assert_eq!(session["username"], "alice");
    assert_eq!(session["apiUrl"], "https://example.org/jmap/");
    for variable in ["{accountId}", "{blobId}", "{type}", "{name}"] {
        assert!(session["downloadUrl"].as_str().unwrap().contains(variable));
    }
    assert!(
        session["uploadUrl"]
            .as_str()
            .unwrap()
            .contains("{accountId}")
    );
    for variable in ["{types}", "{closeafter}", "{ping}"] {
        assert!(
            session["eventSourceUrl"]
                .as_str()
                .unwrap()
                .contains(variable)
        );
    }
    let account = &session["accounts"]["alice"];
    assert_eq!(account["isPersonal"], true);
    assert_eq!(account["isReadOnly"], false);
    let mail = "urn:ietf:params:jmap:mail";
    assert!(account["accountCapabilities"][mail].is_object());
    assert_eq!(session["primaryAccounts"][mail], "alice");
    let core = &session["capabilities"]["urn:ietf:params:jmap:core"];
    assert!(core["maxSizeRequest"].as_u64().unwrap() >= 10_000_000);
    assert!(core["maxObjectsInGet"].as_u64().unwrap() >= 500);
}

#[test]
fn s1_6_2_what_others_share_is_in_an_account_of_theirs() {
    let client = Client::of("bob");
    let bobs = client.mailbox("inbox");
    client.deliver(&message("a@b", "Hi", "1", "x"));
    client.host.user("alice");
    let path = ["user", "bob"].map(str::to_owned);
    let share = |letters: &str| {
        client.host.act_as("bob");
        let inbox = module::Mailbox::open(&path).unwrap();
        let mut grants = inbox.grants().unwrap();
        let alice = module::Identifier::Principal("alice".to_owned());
        grants.retain(|grant| grant.identifier != alice);
        let rights = module::Rights::from_letters(letters).unwrap();
        grants.push(module::Grant::new(alice, rights));
        let batch = module::Batch::new();
        batch.set_rights(&inbox, &grants);
        batch.commit().unwrap();
        client.host.act_as("alice");
        jmap::forget();
    };
    let get = json!({ "accountId": "bob" });
    client.host.act_as("alice");
    assert_eq!(client.error("Email/get", get.clone()), "accountNotFound");

    share("lr");
    let told = session(&client);
    let account = &told["accounts"]["bob"];
    assert_eq!(
        (&account["isPersonal"], &account["isReadOnly"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        told["primaryAccounts"]["urn:ietf:params:jmap:mail"],
        "alice"
    );
    let told = client.call("Mailbox/get", get.clone());
    assert_eq!(told["list"][0]["id"], bobs.as_str());
    assert_eq!(told["list"][0]["myRights"]["mayReadItems"], true);
    assert_eq!(told["list"][0]["myRights"]["maySetSeen"], false);
    assert_eq!(told["list"][0]["isSubscribed"], true);
    let told = client.call("Email/get", get.clone());
    let email = told["list"][0]["id"].as_str().unwrap().to_owned();
    let (state, set) = (
        told["state"].clone(),
        json!({ "accountId": "bob", "destroy": [email] }),
    );
    assert_eq!(client.error("Email/set", set), "accountReadOnly");

    share("lrs");
    let set = json!({ "accountId": "bob", "update": { &email: { "keywords/$seen": true } } });
    assert_eq!(
        client.call("Email/set", set)["updated"],
        json!({ &email: null })
    );
    let set = json!({ "accountId": "bob", "update": { &email: { "keywords/x": true } } });
    assert_eq!(
        client.call("Email/set", set)["notUpdated"][&email]["type"],
        "forbidden"
    );
    let since = json!({ "accountId": "bob", "sinceState": state });
    assert_eq!(
        client.call("Email/changes", since.clone())["updated"],
        json!([email])
    );

    // What may not be read any more is not there any more, whatever was remembered.
    share("l");
    assert_eq!(client.call("Email/get", get.clone())["list"], json!([]));
    assert_eq!(
        client.error("Email/changes", since),
        "cannotCalculateChanges"
    );
    assert_eq!(client.call("Mailbox/get", get)["list"][0]["totalEmails"], 0);
}

#[test]
fn s3_6_2_a_sign_in_that_may_only_read_changes_nothing() {
    let client = Client::new();
    client.mailbox("inbox");
    client.host.scope(module::Scope::READ_ONLY);
    jmap::forget();
    let set = json!({ "create": { "x": { "name": "x" } } });
    assert_eq!(client.error("Mailbox/set", set), "accountReadOnly");
    assert_eq!(session(&client)["accounts"]["alice"]["isReadOnly"], true);
    let upload = client.host.request("POST", "/jmap/upload/alice/").body("x");
    assert_eq!(upload.send::<Jmap>().status, 403);
}

#[test]
fn s3_4_answers_carry_the_state_of_the_session() {
    let client = Client::new();
    let state = session(&client)["state"].clone();
    let answer = client.request(json!([]));
    assert_eq!(answer["sessionState"], state);
    assert_eq!(answer["methodResponses"], json!([]));
    assert_eq!(answer.get("createdIds"), None);
}

#[test]
fn s3_6_1_requests_that_are_none_are_problems() {
    let client = Client::new();
    let kind = |body: &str| problem(&client, body)["type"].clone();
    let of = |name: &str| format!("urn:ietf:params:jmap:error:{name}");
    assert_eq!(kind("{"), of("notJSON"));
    assert_eq!(
        kind(r#"{"using":[],"using":[],"methodCalls":[]}"#),
        of("notJSON")
    );
    assert_eq!(
        kind(r#"{"using":[],"methodCalls":[["a",{"x":1,"x":2},"0"]]}"#),
        of("notJSON")
    );
    assert_eq!(kind("[]"), of("notRequest"));
    assert_eq!(kind(r#"{"using":[]}"#), of("notRequest"));
    assert_eq!(
        kind(r#"{"using":[],"methodCalls":[["Core/echo",{}]]}"#),
        of("notRequest")
    );
    let unknown = r#"{"using":["https://example.com/apis/foobar"],"methodCalls":[]}"#;
    assert_eq!(kind(unknown), of("unknownCapability"));
    let deep = "[".repeat(10_000);
    assert_eq!(kind(&deep), of("notJSON"));
    let wrong_type = client
        .host
        .request("POST", "/jmap/")
        .header("content-type", "text/plain")
        .body("{}")
        .send::<Jmap>();
    assert_eq!(wrong_type.status, 400);
}

#[test]
fn s3_6_1_limits_are_enforced_and_named() {
    let client = Client::new();
    client.host.option("jmap_max_calls_in_request", "2");
    client.host.option("jmap_max_size_request", "1k");
    let call = json!(["Core/echo", {}, "0"]);
    let body = json!({ "using": USING, "methodCalls": [call, call, call] });
    let told = problem(&client, &body.to_string());
    assert_eq!(told["type"], "urn:ietf:params:jmap:error:limit");
    assert_eq!(told["limit"], "maxCallsInRequest");
    let told = problem(&client, &" ".repeat(1025));
    assert_eq!(told["limit"], "maxSizeRequest");
}

#[test]
fn s3_6_2_methods_fail_one_by_one() {
    let client = Client::new();
    let answers = client.calls(json!([
        ["Foo/get", { "accountId": "alice" }, "a"],
        ["Core/echo", { "x": [1, "two", null] }, "b"],
        ["Mailbox/get", { "accountId": "bob" }, "c"],
        ["Mailbox/get", { "accountId": "alice", "ids": "all" }, "d"],
        ["Mailbox/get", { "accountId": "alice", "properties": ["colour"] }, "e"],
        ["Mailbox/get", { "accountId": "alice", "colour": "red" }, "f"],
        ["Mailbox/get", {}, "g"],
    ]));
    let told: Vec<_> = answers
        .iter()
        .map(|answer| answer[1]["type"].clone())
        .collect();
    assert_eq!(told[0], "unknownMethod");
    assert_eq!(
        answers[1],
        json!(["Core/echo", { "x": [1, "two", null] }, "b"])
    );
    assert_eq!(told[2], "accountNotFound");
    for invalid in &told[3..] {
        assert_eq!(invalid, "invalidArguments");
    }
    // A method of a capability that was not named is not known.
    let body = json!({
        "using": ["urn:ietf:params:jmap:core"],
        "methodCalls": [["Mailbox/get", { "accountId": "alice" }, "0"]],
    });
    let reply = client.post(&body.to_string());
    assert!(reply.text().contains("unknownMethod"));
}

#[test]
fn s3_7_results_are_referred_to() {
    let client = Client::new();
    let answers = client.calls(json!([
        ["Core/echo", { "list": [{ "a/b": ["x"] }, { "a/b": ["y", "z"] }], "one": { "k": 7 } }, "0"],
        ["Core/echo", { "#all": { "resultOf": "0", "name": "Core/echo", "path": "/list/*/a~1b" } }, "1"],
        ["Core/echo", { "#first": { "resultOf": "0", "name": "Core/echo", "path": "/list/0/a~1b/0" } }, "2"],
        ["Core/echo", { "#k": { "resultOf": "0", "name": "Core/echo", "path": "/one/k" } }, "3"],
        ["Core/echo", { "#k": { "resultOf": "0", "name": "Foo/get", "path": "/one/k" } }, "4"],
        ["Core/echo", { "#k": { "resultOf": "9", "name": "Core/echo", "path": "/one/k" } }, "5"],
        ["Core/echo", { "#k": { "resultOf": "0", "name": "Core/echo", "path": "/none" } }, "6"],
        ["Core/echo", { "k": 1, "#k": { "resultOf": "0", "name": "Core/echo", "path": "/one/k" } }, "7"],
    ]));
    assert_eq!(answers[1][1], json!({ "all": ["x", "y", "z"] }));
    assert_eq!(answers[2][1], json!({ "first": "x" }));
    assert_eq!(answers[3][1], json!({ "k": 7 }));
    for failed in &answers[4..7] {
        assert_eq!(failed[1]["type"], "invalidResultReference");
    }
    assert_eq!(answers[7][1]["type"], "invalidArguments");
}

#[test]
fn s3_7_references_that_double_are_stopped() {
    let client = Client::new();
    let whole = |of: usize| json!({ "resultOf": of.to_string(), "name": "Core/echo", "path": "" });
    let mut calls = vec![json!(["Core/echo", { "x": "y".repeat(1000) }, "0"])];
    for call in 1..50 {
        let arguments = json!({ "#a": whole(call - 1), "#b": whole(call - 1) });
        calls.push(json!(["Core/echo", arguments, call.to_string()]));
    }
    let answers = client.calls(calls.into());
    assert_eq!(answers[49][1]["type"], "invalidResultReference");
}

#[test]
fn s4_echo_is_verbatim() {
    let client = Client::new();
    let answers = client.calls(json!([["Core/echo", { "hello": true, "high": 5 }, "b3ff"]]));
    assert_eq!(
        answers[0],
        json!(["Core/echo", { "hello": true, "high": 5 }, "b3ff"])
    );
}

#[test]
fn s5_1_get_tells_each_object_once() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let told = client.call(
        "Mailbox/get",
        json!({ "ids": [inbox, "nothing", inbox, "nothing"], "properties": ["name"] }),
    );
    assert_eq!(told["list"], json!([{ "id": inbox, "name": "Inbox" }]));
    assert_eq!(told["notFound"], json!(["nothing"]));
    client.host.option("jmap_max_objects_in_get", "2");
    assert_eq!(
        client.error("Mailbox/get", json!({ "ids": ["a", "b", "c"] })),
        "requestTooLarge"
    );
    assert_eq!(
        client.error("Mailbox/get", json!({ "ids": null })),
        "requestTooLarge"
    );
}

#[test]
fn s5_2_changes_are_told_in_pages() {
    let client = Client::new();
    let state = client.call("Mailbox/get", json!({}))["state"].clone();
    for name in ["a", "b", "c"] {
        client.call(
            "Mailbox/set",
            json!({ "create": { "x": { "name": name } } }),
        );
    }
    assert_eq!(
        client.error(
            "Mailbox/changes",
            json!({ "sinceState": state, "maxChanges": 0 })
        ),
        "invalidArguments"
    );
    assert_eq!(
        client.error("Mailbox/changes", json!({ "sinceState": "nonsense" })),
        "cannotCalculateChanges"
    );
    let mut since = state;
    let mut created = Vec::new();
    for page in 0..3 {
        let told = client.call(
            "Mailbox/changes",
            json!({ "sinceState": since, "maxChanges": 1 }),
        );
        assert_eq!(told["hasMoreChanges"], page < 2, "{told}");
        created.extend(told["created"].as_array().unwrap().clone());
        since = told["newState"].clone();
    }
    created.sort_by_key(Value::to_string);
    created.dedup();
    assert_eq!(created.len(), 3);
    assert_eq!(since, client.call("Mailbox/get", json!({}))["state"]);
}

#[test]
fn s5_3_set_works_on_each_object_by_itself() {
    let client = Client::new();
    let state = client.call("Mailbox/get", json!({}))["state"].clone();
    let told = client.call(
        "Mailbox/set",
        json!({
            "ifInState": state,
            "create": { "good": { "name": "One" }, "bad": { "name": "" }, "worse": { "id": "x" } },
            "update": { "nothing": { "name": "x" } },
            "destroy": ["nothing"],
        }),
    );
    assert_eq!(told["oldState"], state);
    assert_ne!(told["newState"], state);
    assert!(told["created"]["good"]["id"].is_string());
    assert_eq!(told["notCreated"]["bad"]["type"], "invalidProperties");
    assert_eq!(told["notCreated"]["bad"]["properties"], json!(["name"]));
    assert_eq!(told["notCreated"]["worse"]["type"], "invalidProperties");
    assert_eq!(told["notUpdated"]["nothing"]["type"], "willDestroy");
    assert_eq!(told["notDestroyed"]["nothing"]["type"], "notFound");
    assert_eq!(told["updated"], Value::Null);
    let again = json!({ "ifInState": state, "create": { "x": { "name": "Two" } } });
    assert_eq!(client.error("Mailbox/set", again), "stateMismatch");
    client.host.option("jmap_max_objects_in_set", "1");
    let many = json!({ "create": { "x": { "name": "x" } }, "destroy": ["y"] });
    assert_eq!(client.error("Mailbox/set", many), "requestTooLarge");
}

#[test]
fn s5_3_creation_ids_stand_for_what_was_created() {
    let client = Client::new();
    let body = json!({
        "using": USING,
        "createdIds": { "old": client.mailbox("archive") },
        "methodCalls": [
            ["Mailbox/set", { "accountId": "alice", "create": {
                "inner": { "name": "Inner", "parentId": "#old" },
            }}, "0"],
            ["Mailbox/set", { "accountId": "alice", "create": {
                "leaf": { "name": "Leaf", "parentId": "#inner" },
            }}, "1"],
            ["Mailbox/get", { "accountId": "alice", "ids": ["#leaf"], "properties": ["parentId"] }, "2"],
        ],
    });
    let reply = client.post(&body.to_string());
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    let responses = &answer["methodResponses"];
    let inner = &responses[0][1]["created"]["inner"]["id"];
    assert!(inner.is_string(), "{answer}");
    assert_eq!(&responses[2][1]["list"][0]["parentId"], inner);
    assert_eq!(&answer["createdIds"]["inner"], inner);
}

#[test]
fn s5_3_patches_that_are_none_are_refused() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let id = client.import(
        &message("a@b", "Hi", "1", "x"),
        &inbox,
        "2020-01-01T00:00:00Z",
    );
    let kind = |patch: Value| {
        let told = client.call("Email/set", json!({ "update": { &id: patch } }));
        told["notUpdated"][&id]["type"].clone()
    };
    assert_eq!(
        kind(json!({ "keywords": {}, "keywords/$seen": true })),
        "invalidPatch"
    );
    assert_eq!(kind(json!({ "keywords/$seen/x": true })), "invalidPatch");
    assert_eq!(kind(json!({ "subject": "Ho" })), "invalidProperties");
    assert_eq!(kind(json!({ "subject": "Hi", "id": id })), Value::Null);
    assert_eq!(kind(json!({ "mailboxIds": {} })), "invalidProperties");
    assert_eq!(kind(json!({ "keywords/a b": true })), "invalidProperties");
}

#[test]
fn s6_1_s6_2_what_is_uploaded_is_downloaded() {
    let client = Client::new();
    let blob = client.upload(b"hello world");
    let path = format!("/jmap/download/alice/{blob}/a%20%C3%A9.txt?type=text%2Fplain");
    let reply = client.host.request("GET", &path).send::<Jmap>();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, b"hello world");
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    let cache = reply.header("cache-control").unwrap();
    assert!(cache.contains("immutable") && cache.contains("private"));
    let disposition = reply.header("content-disposition").unwrap();
    assert!(
        disposition.contains("filename*=UTF-8''a%20%C3%A9.txt"),
        "{disposition}"
    );
    for missing in [
        "/jmap/download/alice/nothing/x",
        "/jmap/download/bob/nothing/x",
        "/jmap/download/alice/",
    ] {
        let reply = client.host.request("GET", missing).send::<Jmap>();
        assert_eq!(reply.status, 404, "{missing}");
    }
    client.host.option("jmap_max_size_upload", "5");
    let reply = client
        .host
        .request("POST", "/jmap/upload/alice/")
        .body("too big")
        .send::<Jmap>();
    assert_eq!(reply.status, 413);
    // Unreferenced blobs are only the uploader's.
    client.host.user("bob").act_as("bob");
    let path = format!("/jmap/download/bob/{blob}/x");
    assert_eq!(client.host.request("GET", &path).send::<Jmap>().status, 404);
}

/// Follows the changes of a type from one page on, and says what is told as gone.
fn gone_since(client: &Client, kind: &str, mut state: Value) -> Vec<Value> {
    let mut gone = Vec::new();
    loop {
        let told = client.call(
            &format!("{kind}/changes"),
            json!({ "sinceState": state, "maxChanges": 1 }),
        );
        gone.extend(told["destroyed"].as_array().unwrap().clone());
        state = told["newState"].clone();
        if told["hasMoreChanges"] == false {
            return gone;
        }
    }
}

#[test]
fn s5_2_what_was_told_on_one_page_and_is_gone_before_the_next_is_told() {
    let client = Client::new();
    let kinds = ["Email", "Thread", "Mailbox", "Identity"];
    let state =
        |kind: &str| client.call(&format!("{kind}/get"), json!({ "ids": [] }))["state"].clone();
    let states = kinds.map(state);
    let inbox = client.mailbox("inbox");
    for number in 0..3 {
        let text = message("a@b", &format!("Hi {number}"), &number.to_string(), "x");
        client.import(&text, &inbox, "2020-01-01T00:00:00Z");
        let name = format!("Box {number}");
        client.call(
            "Mailbox/set",
            json!({ "create": { "x": { "name": name } } }),
        );
        let identity = json!({ "email": "alice@example.org" });
        client.call("Identity/set", json!({ "create": { "x": identity } }));
    }
    let mut pages = Vec::new();
    for (kind, mut state) in kinds.into_iter().zip(states) {
        loop {
            let told = client.call(
                &format!("{kind}/changes"),
                json!({ "sinceState": state, "maxChanges": 1 }),
            );
            assert_eq!(told["hasMoreChanges"], true, "{kind} {told}");
            state = told["newState"].clone();
            if let Some(id) = told["created"].get(0) {
                pages.push((kind, id.clone(), state));
                break;
            }
        }
    }
    for (kind, id, _) in &pages {
        if *kind != "Thread" {
            let told = client.call(&format!("{kind}/set"), json!({ "destroy": [id] }));
            assert_eq!(told["destroyed"], json!([id]), "{kind} {told}");
        }
    }
    for (kind, id, state) in pages {
        assert!(gone_since(&client, kind, state).contains(&id), "{kind}");
    }
}

#[test]
fn s5_2_what_was_told_of_a_new_mailbox_and_is_gone_is_told_or_not_known() {
    let client = Client::new();
    let state = client.call("Email/get", json!({ "ids": [] }))["state"].clone();
    let told = client.call(
        "Mailbox/set",
        json!({ "create": { "x": { "name": "New" } } }),
    );
    let new = told["created"]["x"]["id"].as_str().unwrap().to_owned();
    let inbox = client.mailbox("inbox");
    let put = |mailbox: &str, number: usize| {
        let text = message("a@b", &format!("Hi {number}"), &number.to_string(), "x");
        client.import(&text, mailbox, "2020-01-01T00:00:00Z")
    };
    let first = put(&new, 0);
    put(&new, 1);
    // One that lies elsewhere, too, and will again lie there alone.
    let both = put(&inbox, 2);
    let patch =
        |value: Value| json!({ "update": { &both: { format!("mailboxIds/{new}"): value } } });
    client.call("Email/set", patch(true.into()));
    put(&inbox, 3);
    let page = json!({ "sinceState": state, "maxChanges": 3 });
    let told = client.call("Email/changes", page);
    assert_eq!(told["hasMoreChanges"], true);
    let created = told["created"].as_array().unwrap();
    assert!(created.contains(&json!(first)) && created.contains(&json!(both)));
    let state = told["newState"].clone();
    client.call("Email/set", json!({ "destroy": [first] }));
    client.call("Email/set", patch(Value::Null));
    let told = client.call("Email/changes", json!({ "sinceState": state }));
    assert_eq!(told["destroyed"], json!([first]), "{told}");
    let mut changed = told["created"].as_array().unwrap().clone();
    changed.extend(told["updated"].as_array().unwrap().clone());
    assert!(changed.contains(&json!(both)), "{told}");
    client.call(
        "Mailbox/set",
        json!({ "destroy": [new], "onDestroyRemoveEmails": true }),
    );
    let error = client.error("Email/changes", json!({ "sinceState": state }));
    assert_eq!(error, "cannotCalculateChanges");
}
