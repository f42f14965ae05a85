//! Sharing between users, by the clauses of RFC 9670.

use crate::world::{Client, USING, message};
use jmap::Jmap;
use serde_json::{Value, json};

const PRINCIPALS: &str = "urn:ietf:params:jmap:principals";
const OWNER: &str = "urn:ietf:params:jmap:principals:owner";

/// Two users and a group, and who of them talks now.
struct Office {
    client: Client,
}

impl Office {
    fn new() -> Self {
        let client = Client::of("alice");
        client.host.user("bob").user("carol");
        client.host.group("team", &["carol"]);
        client.host.act_as("alice");
        Self { client }
    }

    fn act_as(&self, user: &str) -> &Self {
        self.client.host.act_as(user);
        jmap::forget();
        self
    }

    /// Calls a method with sharing, and gives its name and the arguments of the answer.
    fn answer(&self, method: &str, arguments: Value) -> (String, Value) {
        let using: Vec<&str> = USING.into_iter().chain([PRINCIPALS]).collect();
        let calls = json!([[method, arguments, "0"]]);
        let told = self.client.request_using(&using, calls);
        let answer = &told["methodResponses"][0];
        (answer[0].as_str().unwrap().to_owned(), answer[1].clone())
    }

    fn call(&self, method: &str, arguments: Value) -> Value {
        let (name, told) = self.answer(method, arguments);
        assert_eq!(name, method, "{told}");
        told
    }

    fn error(&self, method: &str, arguments: Value) -> Value {
        let (name, told) = self.answer(method, arguments);
        assert_eq!(name, "error", "{told}");
        told["type"].clone()
    }

    fn session(&self) -> Value {
        let reply = self.client.host.request("GET", "/jmap/").send::<Jmap>();
        serde_json::from_slice(&reply.body).unwrap()
    }

    fn mailbox(&self, account: &str, id: &str) -> Value {
        let get = json!({ "accountId": account, "ids": [id] });
        let (name, told) = self.answer("Mailbox/get", get);
        match name.as_str() {
            "Mailbox/get" => told["list"][0].clone(),
            _ => told["type"].clone(),
        }
    }

    /// As alice, sets properties of a Mailbox.
    fn set(&self, id: &str, patch: Value) -> Value {
        self.call(
            "Mailbox/set",
            json!({ "accountId": "alice", "update": { id: patch } }),
        )
    }

    /// As alice, makes a Mailbox, and gives its id.
    fn create(&self, mailbox: Value) -> String {
        let set = json!({ "accountId": "alice", "create": { "m": mailbox } });
        let told = self.call("Mailbox/set", set);
        let id = told["created"]["m"]["id"].as_str();
        id.expect(&told.to_string()).to_owned()
    }

    fn notifications(&self, account: &str) -> Vec<Value> {
        let told = self.call("ShareNotification/get", json!({ "accountId": account }));
        told["list"].as_array().unwrap().clone()
    }
}

fn read_only() -> Value {
    json!({
        "mayReadItems": true, "mayAddItems": false, "mayRemoveItems": false, "maySetSeen": false,
        "maySetKeywords": false, "mayCreateChild": false, "mayRename": false, "mayDelete": false,
        "maySubmit": false, "mayShare": false,
    })
}

#[test]
fn s1_5_capabilities() {
    let office = Office::new();
    let told = office.session();
    assert_eq!(told["capabilities"][PRINCIPALS], json!({}));
    assert_eq!(told["capabilities"][OWNER], Value::Null);
    let capabilities = &told["accounts"]["alice"]["accountCapabilities"];
    assert_eq!(
        capabilities[PRINCIPALS],
        json!({ "currentUserPrincipalId": "alice" })
    );
    assert_eq!(
        capabilities[OWNER],
        json!({ "accountIdForPrincipal": "alice", "principalId": "alice" })
    );
    assert_eq!(told["primaryAccounts"][PRINCIPALS], "alice");
}

#[test]
fn s2_principals_are_those_of_the_directory() {
    let office = Office::new();
    let get = json!({ "accountId": "alice", "ids": null });
    let told = office.call("Principal/get", get.clone());
    let list = told["list"].as_array().unwrap();
    let ids: Vec<&str> = list.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["alice", "bob", "carol", "team"]);
    assert_eq!(
        list[1],
        json!({
            "id": "bob", "type": "individual", "name": "bob", "description": null,
            "email": "bob@example.org", "timeZone": null, "capabilities": {}, "accounts": null,
        })
    );
    assert_eq!(
        (&list[3]["type"], &list[3]["email"]),
        (&json!("group"), &Value::Null)
    );
    assert_eq!(list[0]["accounts"]["alice"]["isPersonal"], true);
    let some = json!({ "accountId": "alice", "ids": ["team", "nobody"], "properties": ["name"] });
    let told_some = office.call("Principal/get", some);
    assert_eq!(told_some["list"], json!([{ "id": "team", "name": "team" }]));
    assert_eq!(told_some["notFound"], json!(["nobody"]));

    // §2.2: what has changed in a directory is not known, whether anything has is.
    let state = told["state"].clone();
    let since = json!({ "accountId": "alice", "sinceState": state });
    let changes = office.call("Principal/changes", since.clone());
    assert_eq!(changes["updated"], json!([]));
    let rename = json!({ "accountId": "alice", "update": { "alice": { "name": "Alice A." } } });
    assert_eq!(
        office.call("Principal/set", rename)["updated"],
        json!({ "alice": null })
    );
    assert_ne!(office.call("Principal/get", get)["state"], state);
    assert_eq!(
        office.error("Principal/changes", since),
        "cannotCalculateChanges"
    );
}

#[test]
fn s2_3_nobody_changes_others() {
    let office = Office::new();
    let told = office.call(
        "Principal/set",
        json!({
            "accountId": "alice",
            "create": { "new": { "name": "new", "type": "individual" } },
            "update": { "bob": { "name": "Alice" }, "alice": { "email": "x@example.org" } },
            "destroy": ["carol"],
        }),
    );
    assert_eq!(told["notCreated"]["new"]["type"], "forbidden");
    assert_eq!(told["notUpdated"]["bob"]["type"], "forbidden");
    assert_eq!(told["notUpdated"]["alice"]["type"], "forbidden");
    assert_eq!(told["notDestroyed"]["carol"]["type"], "forbidden");
    let empty = json!({ "accountId": "alice", "update": { "alice": { "name": "" } } });
    let told = office.call("Principal/set", empty);
    assert_eq!(told["notUpdated"]["alice"]["properties"], json!(["name"]));
}

#[test]
fn s2_4_principals_are_found() {
    let office = Office::new();
    let query = |filter: Value| {
        let sort = json!([{ "property": "name" }]);
        let query = json!({ "accountId": "alice", "filter": filter, "sort": sort });
        office.call("Principal/query", query)["ids"].clone()
    };
    assert_eq!(
        query(json!({ "name": "A" })),
        json!(["alice", "carol", "team"])
    );
    assert_eq!(query(json!({ "email": "bob@" })), json!(["bob"]));
    assert_eq!(
        query(json!({ "text": "example.org" })),
        json!(["alice", "bob", "carol"])
    );
    assert_eq!(query(json!({ "type": "group" })), json!(["team"]));
    assert_eq!(query(json!({ "timeZone": "Europe/Berlin" })), json!([]));
    assert_eq!(
        query(json!({ "accountIds": ["alice", "x"] })),
        json!(["alice"])
    );
    let not = json!({ "operator": "NOT", "conditions": [{ "type": "individual", "name": "b" }] });
    assert_eq!(query(not), json!(["alice", "carol", "team"]));
    let told = office.call("Principal/query", json!({ "accountId": "alice" }));
    assert_eq!(told["canCalculateChanges"], false);
}

#[test]
fn s4_what_is_shared_is_seen_by_the_other_until_it_is_not() {
    let office = Office::new();
    let inbox = office.client.mailbox("inbox");
    office.client.deliver(&message("a@b", "Hi", "1", "x"));
    assert_eq!(office.mailbox("alice", &inbox)["shareWith"], Value::Null);
    assert_eq!(
        office.act_as("bob").mailbox("alice", &inbox),
        "accountNotFound"
    );

    let told = office
        .act_as("alice")
        .set(&inbox, json!({ "shareWith": { "bob": read_only() } }));
    assert_eq!(told["updated"], json!({ &inbox: null }));
    assert_eq!(
        office.mailbox("alice", &inbox)["shareWith"],
        json!({ "bob": read_only() })
    );

    // Bob finds the account in his session, and what it holds as he may see it.
    office.act_as("bob");
    let account = office.session()["accounts"]["alice"].clone();
    assert_eq!(
        (&account["isPersonal"], &account["isReadOnly"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        account["accountCapabilities"][OWNER],
        json!({ "accountIdForPrincipal": "bob", "principalId": "alice" })
    );
    assert_eq!(account["accountCapabilities"][PRINCIPALS], Value::Null);
    let seen = office.mailbox("alice", &inbox);
    assert_eq!(
        (&seen["name"], &seen["totalEmails"]),
        (&json!("Inbox"), &json!(1))
    );
    assert_eq!(seen["myRights"], read_only());
    // Whoever may not share does not see with whom it is shared.
    assert_eq!(seen["shareWith"], Value::Null);
    let told = office.call("Email/query", json!({ "accountId": "alice" }));
    let email = told["ids"][0].as_str().unwrap().to_owned();
    let told = office.call(
        "Mailbox/get",
        json!({ "accountId": "alice", "properties": ["name"] }),
    );
    assert_eq!(told["list"].as_array().unwrap().len(), 1);
    let state = told["state"].clone();
    let seen = json!({ "accountId": "alice", "update": { &email: { "keywords/$seen": true } } });
    assert_eq!(office.error("Email/set", seen.clone()), "accountReadOnly");
    let mine =
        json!({ "accountId": "alice", "update": { &inbox: { "shareWith/carol": read_only() } } });
    let told = office.call("Mailbox/set", mine);
    assert_eq!(told["notUpdated"][&inbox]["type"], "forbidden");

    // One right more, by a patch.
    let more = json!({ "shareWith/bob/maySetSeen": true });
    assert_eq!(
        office.act_as("alice").set(&inbox, more)["updated"],
        json!({ &inbox: null })
    );
    office.act_as("bob");
    let told = office.call(
        "Mailbox/changes",
        json!({ "accountId": "alice", "sinceState": state }),
    );
    assert_eq!(told["updated"], json!([inbox]));
    assert_eq!(told["updatedProperties"], Value::Null);
    assert_eq!(
        office.mailbox("alice", &inbox)["myRights"]["maySetSeen"],
        true
    );
    assert_eq!(
        office.call("Email/set", seen)["updated"],
        json!({ email: null })
    );

    // And none any more.
    office
        .act_as("alice")
        .set(&inbox, json!({ "shareWith/bob": null }));
    assert_eq!(office.mailbox("alice", &inbox)["shareWith"], Value::Null);
    office.act_as("bob");
    assert_eq!(office.mailbox("alice", &inbox), "accountNotFound");
    assert_eq!(office.session()["accounts"]["alice"], Value::Null);
}

#[test]
fn s4_groups_are_shared_with_and_all_rights_map_to_letters() {
    let office = Office::new();
    let all: Value = read_only()
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (name.clone(), json!(true)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let id =
        office.create(json!({ "name": "Team", "shareWith": { "team": all, "bob": read_only() } }));
    let path = ["user", "alice", "Team"].map(str::to_owned);
    let grants = module::Mailbox::open(&path).unwrap().grants().unwrap();
    let letters = |identifier: module::Identifier| {
        let grant = grants.iter().find(|grant| grant.identifier == identifier);
        grant.map(|grant| grant.rights.letters())
    };
    // RFC 8621 §2, RFC 4314 §2.1.
    let team = module::Identifier::Group("team".to_owned());
    assert_eq!(letters(team).unwrap(), "lrswipkxtea");
    let bob = module::Identifier::Principal("bob".to_owned());
    assert_eq!(letters(bob).unwrap(), "lr");
    assert_eq!(
        office.act_as("carol").mailbox("alice", &id)["myRights"],
        all
    );
    // Who may share it does.
    let patch = json!({ "accountId": "alice", "update": { &id: { "shareWith/bob": null } } });
    assert_eq!(
        office.call("Mailbox/set", patch)["updated"],
        json!({ &id: null })
    );
    assert_eq!(
        office.act_as("bob").mailbox("alice", &id),
        "accountNotFound"
    );
}

#[test]
fn s4_what_clients_can_not_say_stays_as_it_was() {
    let office = Office::new();
    let id = office.create(json!({ "name": "Shared" }));
    let open = || module::Mailbox::open(&["user", "alice", "Shared"].map(str::to_owned)).unwrap();
    let mailbox = open();
    let mut grants = mailbox.grants().unwrap();
    let letters = |letters| module::Rights::from_letters(letters).unwrap();
    let bob = module::Identifier::Principal("bob".to_owned());
    grants.push(module::Grant::new(module::Identifier::Anyone, letters("p")));
    grants.push(module::Grant::new(bob.clone(), letters("lrn9")));
    grants.push(module::Grant {
        negative: true,
        ..module::Grant::new(bob.clone(), letters("w"))
    });
    let batch = module::Batch::new();
    batch.set_rights(&mailbox, &grants);
    batch.commit().unwrap();
    jmap::forget();
    assert_eq!(
        office.mailbox("alice", &id)["shareWith"],
        json!({ "bob": read_only() })
    );
    let patch = json!({ "shareWith/bob/maySetSeen": true, "shareWith/carol": read_only() });
    assert_eq!(office.set(&id, patch)["updated"], json!({ &id: null }));
    let after = open().grants().unwrap();
    let has = |grant: module::Grant| after.contains(&grant);
    assert!(has(module::Grant::new(
        module::Identifier::Anyone,
        letters("p")
    )));
    assert!(has(module::Grant::new(bob.clone(), letters("lrsn9"))));
    assert!(has(module::Grant {
        negative: true,
        ..module::Grant::new(bob, letters("w"))
    }));
}

#[test]
fn s4_what_is_refused() {
    let office = Office::new();
    let id = office.create(json!({ "name": "Mine" }));
    for (shares, property) in [
        (json!({ "nobody": read_only() }), "shareWith/nobody"),
        // "The Principal that owns the Account that this data is in MUST NOT be in the map."
        (json!({ "alice": read_only() }), "shareWith/alice"),
        (json!({ "bob": { "mayFly": true } }), "shareWith/bob"),
        (json!({ "bob": { "mayReadItems": "yes" } }), "shareWith/bob"),
        (
            json!({ "bob": { "mayReadItems": true, "mayDelete": true } }),
            "shareWith/bob",
        ),
        (json!({ "bob": true }), "shareWith/bob"),
        (json!(["bob"]), "shareWith"),
    ] {
        let told = office.set(&id, json!({ "shareWith": shares }));
        let error = &told["notUpdated"][&id];
        assert_eq!(error["type"], "invalidProperties", "{shares}: {told}");
        assert_eq!(error["properties"], json!([property]));
    }
    // RFC 8620 §5.3: what is told as not created is not there.
    let ours = json!({ "name": "Ours", "shareWith": { "nobody": read_only() } });
    let create = json!({ "accountId": "alice", "create": { "m": ours } });
    let told = office.call("Mailbox/set", create);
    let error = &told["notCreated"]["m"];
    assert_eq!(error["properties"], json!(["shareWith/nobody"]));
    let query = json!({ "accountId": "alice", "filter": { "name": "Ours" } });
    assert_eq!(office.call("Mailbox/query", query)["ids"], json!([]));
    let many: serde_json::Map<String, Value> = (0..2000)
        .map(|at| (format!("p{at}"), read_only()))
        .collect();
    let told = office.set(&id, json!({ "shareWith": many }));
    assert_eq!(told["notUpdated"][&id]["type"], "overQuota");
    assert_eq!(office.mailbox("alice", &id)["shareWith"], Value::Null);
}

#[test]
fn s4_who_is_let_into_the_inbox_is_not_let_into_what_is_made_later() {
    let office = Office::new();
    let inbox = office.client.mailbox("inbox");
    office.set(&inbox, json!({ "shareWith": { "bob": read_only() } }));
    let beside = office.create(json!({ "name": "Private" }));
    assert_eq!(office.mailbox("alice", &beside)["shareWith"], Value::Null);
    let within = json!({ "name": "Parent", "shareWith": { "bob": read_only() } });
    let parent = office.create(within);
    let child = office.create(json!({ "name": "Child", "parentId": parent }));
    // RFC 4314 §2.1: a mailbox begins with the rights of the one that it is in.
    assert_eq!(
        office.mailbox("alice", &child)["shareWith"],
        json!({ "bob": read_only() })
    );
    office.act_as("bob");
    let told = office.call(
        "Mailbox/get",
        json!({ "accountId": "alice", "properties": ["name"] }),
    );
    let list = told["list"].as_array().unwrap().iter();
    let mut names: Vec<&str> = list.map(|one| one["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Child", "Inbox", "Parent"]);
}

/// RFC 8620 §3.3: what a client does not name it does not get.
#[test]
fn s4_clients_that_do_not_use_sharing_see_what_they_know() {
    let office = Office::new();
    let told = office.client.call("Mailbox/get", json!({}));
    let inbox = &told["list"][0];
    assert_eq!(inbox.get("shareWith"), None);
    assert_eq!(inbox["myRights"].get("mayShare"), None);
    let told = office
        .client
        .calls(json!([["Principal/get", { "accountId": "alice" }, "0"]]));
    assert_eq!(told[0][1]["type"], "unknownMethod");
}

#[test]
fn s1_4_an_account_without_what_one_wants_to_see_is_not_in_the_session() {
    let office = Office::new();
    let inbox = office.client.mailbox("inbox");
    office.set(&inbox, json!({ "shareWith": { "bob": read_only() } }));
    office.act_as("bob");
    assert_eq!(office.mailbox("alice", &inbox)["isSubscribed"], true);
    let subscribe = |is: bool| {
        let set = json!({ "accountId": "alice", "update": { &inbox: { "isSubscribed": is } } });
        assert_eq!(
            office.call("Mailbox/set", set)["updated"],
            json!({ &inbox: null })
        );
        jmap::forget();
    };
    let state = office.session()["state"].clone();
    subscribe(false);
    let told = office.session();
    assert_eq!(told["accounts"]["alice"], Value::Null);
    assert_ne!(told["state"], state);
    // It is still found, and looked into.
    let get = json!({ "accountId": "bob", "ids": ["alice"] });
    let told = office.call("Principal/get", get);
    assert_eq!(told["list"][0]["accounts"]["alice"]["name"], "alice");
    assert_eq!(office.mailbox("alice", &inbox)["isSubscribed"], false);
    subscribe(true);
    assert_eq!(office.session()["accounts"]["alice"]["name"], "alice");
    // Whether others want to see it is not Alice's.
    assert_eq!(
        office.act_as("alice").mailbox("alice", &inbox)["isSubscribed"],
        true
    );
}

#[test]
fn s3_who_is_shared_with_is_notified() {
    let office = Office::new();
    office.client.host.advance(1_700_000_000_000);
    let id = office.create(json!({ "name": "Plans" }));
    office.act_as("bob");
    assert!(office.notifications("bob").is_empty());
    let state =
        office.call("ShareNotification/get", json!({ "accountId": "bob" }))["state"].clone();

    office
        .act_as("alice")
        .set(&id, json!({ "shareWith": { "bob": read_only() } }));
    office.act_as("bob");
    let list = office.notifications("bob");
    let first = list[0].clone();
    assert_eq!(list.len(), 1);
    assert!(first["created"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        first["changedBy"],
        json!({ "name": "alice", "email": "alice@example.org", "principalId": "alice" })
    );
    assert_eq!(
        (
            &first["objectType"],
            &first["objectAccountId"],
            &first["objectId"],
            &first["name"]
        ),
        (
            &json!("Mailbox"),
            &json!("alice"),
            &json!(id),
            &json!("Plans")
        )
    );
    assert_eq!(
        (&first["oldRights"], &first["newRights"]),
        (&Value::Null, &read_only())
    );
    let since = json!({ "accountId": "bob", "sinceState": state });
    let told = office.call("ShareNotification/changes", since);
    assert_eq!(told["created"], json!([first["id"]]));

    office
        .act_as("alice")
        .set(&id, json!({ "shareWith": null }));
    office.client.host.advance(60_000);
    office.act_as("bob");
    let list = office.notifications("bob");
    let second = list.iter().find(|one| one["id"] != first["id"]).unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(
        (&second["oldRights"], &second["newRights"]),
        (&read_only(), &Value::Null)
    );
    // "The name is to show users who have had their access rights to the object removed what it is."
    assert_eq!(second["name"], "Plans");

    let query = |arguments: Value| {
        let mut arguments = arguments;
        arguments["accountId"] = "bob".into();
        office.call("ShareNotification/query", arguments)["ids"].clone()
    };
    let newest = json!([{ "property": "created", "isAscending": false }]);
    assert_eq!(
        query(json!({ "sort": newest })),
        json!([second["id"], first["id"]])
    );
    let after = json!({ "filter": { "after": second["created"] } });
    assert_eq!(query(after), json!([second["id"]]));
    let before = json!({ "filter": { "before": second["created"], "objectType": "Mailbox" } });
    assert_eq!(query(before), json!([first["id"]]));
    assert_eq!(
        query(json!({ "filter": { "objectAccountId": "carol" } })),
        json!([])
    );

    let told = office.call(
        "ShareNotification/set",
        json!({
            "accountId": "bob",
            "create": { "n": { "name": "x" } },
            "update": { first["id"].as_str().unwrap(): { "name": "x" } },
            "destroy": [second["id"], "nothing"],
        }),
    );
    assert_eq!(told["notCreated"]["n"]["type"], "forbidden");
    assert_eq!(
        told["notUpdated"][first["id"].as_str().unwrap()]["type"],
        "forbidden"
    );
    assert_eq!(told["destroyed"], json!([second["id"]]));
    assert_eq!(told["notDestroyed"]["nothing"]["type"], "notFound");
    // What was dismissed does not come back.
    jmap::forget();
    assert_eq!(office.notifications("bob"), [first]);
    assert!(office.act_as("alice").notifications("alice").is_empty());
}

#[test]
fn s6_3_notifications_are_bounded() {
    let office = Office::new();
    let create: serde_json::Map<String, Value> = (0..150)
        .map(|at| {
            (
                format!("m{at}"),
                json!({ "name": format!("{at}"), "shareWith": { "bob": read_only() } }),
            )
        })
        .collect();
    office.call(
        "Mailbox/set",
        json!({ "accountId": "alice", "create": create }),
    );
    office.act_as("bob");
    let kept = office.notifications("bob").len();
    assert!((10..150).contains(&kept), "{kept}");
    // Those that were dropped are not made again.
    jmap::forget();
    assert_eq!(office.notifications("bob").len(), kept);
}
