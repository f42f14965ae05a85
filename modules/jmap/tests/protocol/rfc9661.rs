//! SieveScripts, by the clauses of RFC 9661.

use crate::world::Client;
use jmap::Jmap;
use serde_json::{Value, json};

const KEEP: &str = "require \"imap4flags\";\r\n\
    if address :is [\"To\", \"Cc\"] \"jmap@ietf.org\" {\r\n  setflag \"\\\\Flagged\";\r\n}\r\n";

fn session(client: &Client) -> Value {
    let reply = client.host.request("GET", "/jmap/").send::<Jmap>();
    serde_json::from_slice(&reply.body).unwrap()
}

/// Creates a script, and gives its id.
fn create(client: &Client, name: &str, script: &str) -> String {
    let blob = client.upload(script.as_bytes());
    let set = json!({ "create": { "a": { "name": name, "blobId": blob } } });
    let told = client.call("SieveScript/set", set);
    let id = told["created"]["a"]["id"].as_str();
    id.expect(&told.to_string()).to_owned()
}

fn active(client: &Client) -> Vec<String> {
    let told = client.call(
        "SieveScript/query",
        json!({ "filter": { "isActive": true } }),
    );
    let ids = told["ids"].as_array().unwrap().iter();
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn s1_2_1_capabilities() {
    let client = Client::new();
    let told = session(&client);
    let capability = "urn:ietf:params:jmap:sieve";
    assert!(told["capabilities"][capability]["implementation"].is_string());
    assert_eq!(told["primaryAccounts"][capability], "alice");
    let account = &told["accounts"]["alice"]["accountCapabilities"][capability];
    // RFC 5804 §1.6: names of 512 octets.
    assert!(account["maxSizeScriptName"].as_u64().unwrap() >= 512);
    assert!(account["maxSizeScript"].as_u64().unwrap() > 1000);
    assert!(account["maxNumberScripts"].as_u64().unwrap() > 1);
    let extensions = account["sieveExtensions"].as_array().unwrap();
    assert!(extensions.contains(&json!("fileinto")));
    for none in ["notificationMethods", "externalLists"] {
        assert_eq!(account[none], Value::Null);
    }
    // What is told to be there may be required.
    for extension in extensions {
        let blob = client.upload(format!("require {extension};").as_bytes());
        let told = client.call("SieveScript/validate", json!({ "blobId": blob }));
        assert_eq!(told, json!({ "accountId": "alice", "error": null }));
    }
}

#[test]
fn s2_4_a_script_is_created_renamed_replaced_and_destroyed() {
    let client = Client::new();
    let blob = client.upload(KEEP.as_bytes());
    let state = client.call("SieveScript/get", json!({}))["state"].clone();
    let told = client.call(
        "SieveScript/set",
        json!({ "ifInState": state, "create": {
            "A": { "name": "test1", "blobId": blob },
            "B": { "name": null, "blobId": blob },
        } }),
    );
    let (a, b) = (&told["created"]["A"], &told["created"]["B"]);
    assert_eq!(
        (&a["isActive"], &a["name"], &a["blobId"]),
        (&json!(false), &json!(null), &json!(null))
    );
    assert!(b["name"].is_string());
    let (a, b) = (a["id"].as_str().unwrap(), b["id"].as_str().unwrap());
    jmap::forget();
    let told = client.call("SieveScript/get", json!({ "ids": [a, "nothing"] }));
    assert_eq!(
        told["list"],
        json!([{ "id": a, "name": "test1", "blobId": blob, "isActive": false }])
    );
    assert_eq!(told["notFound"], json!(["nothing"]));

    let other = client.upload(b"keep;");
    let told = client.call(
        "SieveScript/set",
        json!({ "update": { a: { "name": "mine" }, b: { "blobId": other } } }),
    );
    assert_eq!(told["updated"], json!({ a: null, b: null }));
    let told = client.call(
        "SieveScript/get",
        json!({ "ids": [a], "properties": ["name", "blobId"] }),
    );
    assert_eq!(
        told["list"],
        json!([{ "id": a, "name": "mine", "blobId": blob }])
    );

    let told = client.call("SieveScript/set", json!({ "destroy": [a, b, "nothing"] }));
    assert_eq!(told["destroyed"].as_array().unwrap().len(), 2);
    assert_eq!(told["notDestroyed"]["nothing"]["type"], "notFound");
    assert_eq!(client.call("SieveScript/get", json!({}))["list"], json!([]));
}

#[test]
fn s2_2_the_text_is_a_blob_that_stays() {
    let client = Client::new();
    let id = create(&client, "one", KEEP);
    let told = client.call("SieveScript/get", json!({ "ids": [id] }));
    let blob = told["list"][0]["blobId"].as_str().unwrap().to_owned();
    let path = format!("/jmap/download/alice/{blob}/one.sieve?type=application/sieve");
    let reply = client.host.request("GET", &path).send::<Jmap>();
    assert_eq!((reply.status, reply.text()), (200, KEEP.to_owned()));
    let told = client.call(
        "Blob/lookup",
        json!({ "typeNames": ["SieveScript"], "ids": [blob] }),
    );
    assert_eq!(told["list"][0]["matchedIds"]["SieveScript"], json!([id]));

    // It is nobody else's, even if the inbox is shared.
    client.host.user("bob");
    let inbox = module::Mailbox::open(&["user", "alice"].map(str::to_owned)).unwrap();
    let mut grants = inbox.grants().unwrap();
    let bob = module::Identifier::Principal("bob".to_owned());
    grants.push(module::Grant::new(
        bob,
        module::Rights::from_letters("lr").unwrap(),
    ));
    let batch = module::Batch::new();
    batch.set_rights(&inbox, &grants);
    batch.commit().unwrap();
    client.host.act_as("bob");
    jmap::forget();
    assert_eq!(client.host.request("GET", &path).send::<Jmap>().status, 404);
    for method in [
        "SieveScript/get",
        "SieveScript/query",
        "VacationResponse/get",
    ] {
        assert_eq!(
            client.error(method, json!({})),
            "accountNotSupportedByMethod"
        );
    }
}

#[test]
fn s2_4_what_is_refused() {
    let client = Client::new();
    let good = client.upload(KEEP.as_bytes());
    let bad = client.upload(b"keep;\r\nfileinto \"x\";\r\n");
    let big = client.upload("keep;".repeat(100_000).as_bytes());
    let existing = create(&client, "taken", KEEP);
    let told = client.call(
        "SieveScript/set",
        json!({ "create": {
            "invalid": { "name": "a", "blobId": bad },
            "big": { "name": "b", "blobId": big },
            "missing": { "name": "c", "blobId": "bnothing" },
            "none": { "name": "d" },
            "twice": { "name": "taken", "blobId": good },
            "active": { "name": "e", "blobId": good, "isActive": true },
            "control": { "name": "a\u{2028}b", "blobId": good },
            "empty": { "name": "", "blobId": good },
            "long": { "name": "x".repeat(513), "blobId": good },
            "unknown": { "name": "f", "blobId": good, "content": "keep;" },
        }, "onSuccessActivateScript": existing }),
    );
    let error = |name: &str| told["notCreated"][name].clone();
    assert_eq!(error("invalid")["type"], "invalidSieve");
    let description = error("invalid")["description"].as_str().unwrap().to_owned();
    assert!(
        description.contains("line 2") && description.contains("fileinto"),
        "{description}"
    );
    assert_eq!(error("big")["type"], "tooLarge");
    assert_eq!(error("missing")["type"], "blobNotFound");
    assert_eq!(error("twice")["type"], "alreadyExists");
    assert_eq!(error("twice")["existingId"], existing);
    for (name, property) in [
        ("none", "blobId"),
        ("active", "isActive"),
        ("control", "name"),
        ("empty", "name"),
        ("long", "name"),
        ("unknown", "content"),
    ] {
        assert_eq!(error(name)["type"], "invalidProperties", "{name}");
        assert_eq!(error(name)["properties"], json!([property]));
    }
    // Not all was done: so nothing was activated.
    assert_eq!(active(&client), Vec::<String>::new());
    let set = json!({ "update": { &existing: { "blobId": bad } } });
    let told = client.call("SieveScript/set", set);
    assert_eq!(told["notUpdated"][&existing]["type"], "invalidSieve");
    let set = json!({ "update": { &existing: { "isActive": true } } });
    let told = client.call("SieveScript/set", set);
    assert_eq!(
        told["notUpdated"][&existing]["properties"],
        json!(["isActive"])
    );
}

#[test]
fn s2_4_one_script_at_most_is_active() {
    let client = Client::new();
    let first = create(&client, "first", KEEP);
    let blob = client.upload(b"stop;");
    let told = client.call(
        "SieveScript/set",
        json!({ "onSuccessActivateScript": first }),
    );
    assert_eq!(told["updated"], json!({ &first: { "isActive": true } }));
    assert_ne!(told["oldState"], told["newState"]);
    assert_eq!(active(&client), std::slice::from_ref(&first));

    let told = client.call(
        "SieveScript/set",
        json!({
            "create": { "new": { "name": "second", "blobId": blob } },
            "onSuccessActivateScript": "#new",
        }),
    );
    assert_eq!(told["created"]["new"]["isActive"], true);
    assert_eq!(told["updated"], json!({ &first: { "isActive": false } }));
    let second = told["created"]["new"]["id"].as_str().unwrap().to_owned();
    assert_eq!(active(&client), std::slice::from_ref(&second));
    let now = client.call("SieveScript/get", json!({}))["state"].clone();
    assert_eq!(told["newState"], now);

    // The active one stays; one that is not there is ignored.
    let told = client.call("SieveScript/set", json!({ "destroy": [second] }));
    assert_eq!(told["notDestroyed"][&second]["type"], "sieveIsActive");
    for ignored in ["nothing", "#nothing", "no id"] {
        let told = client.call(
            "SieveScript/set",
            json!({ "onSuccessActivateScript": ignored }),
        );
        assert_eq!(told["updated"], Value::Null);
    }
    assert_eq!(active(&client), std::slice::from_ref(&second));

    // It is not deactivated and destroyed by one call.
    let both = json!({ "onSuccessDeactivateScript": true, "destroy": [second] });
    let told = client.call("SieveScript/set", both);
    assert_eq!(told["notDestroyed"][&second]["type"], "sieveIsActive");
    assert_eq!(active(&client), std::slice::from_ref(&second));
    let told = client.call(
        "SieveScript/set",
        json!({ "onSuccessDeactivateScript": true }),
    );
    assert_eq!(told["updated"], json!({ &second: { "isActive": false } }));
    assert_eq!(active(&client), Vec::<String>::new());
    let told = client.call("SieveScript/set", json!({ "destroy": [second] }));
    assert_eq!(told["destroyed"], json!([second]));
}

#[test]
fn s2_5_scripts_are_found_by_name_and_by_whether_they_are_active() {
    let client = Client::new();
    let [b, a, c] = ["Beta", "alpha", "gamma"].map(|name| create(&client, name, KEEP));
    client.call("SieveScript/set", json!({ "onSuccessActivateScript": c }));
    let query = |arguments: Value| client.call("SieveScript/query", arguments)["ids"].clone();
    let by_name = json!([{ "property": "name" }]);
    assert_eq!(query(json!({ "sort": by_name })), json!([a, b, c]));
    assert_eq!(
        query(json!({ "sort": by_name, "filter": { "name": "TA" } })),
        json!([b])
    );
    let filter = json!({ "operator": "NOT", "conditions": [{ "isActive": true }] });
    assert_eq!(
        query(json!({ "sort": by_name, "filter": filter })),
        json!([a, b])
    );
    let sort = json!([{ "property": "isActive", "isAscending": false }, { "property": "name" }]);
    assert_eq!(query(json!({ "sort": sort })), json!([c, a, b]));
    let told = client.call("SieveScript/query", json!({}));
    assert_eq!(told["canCalculateChanges"], false);
    let unknown = json!({ "filter": { "content": "x" } });
    assert_eq!(
        client.error("SieveScript/query", unknown),
        "unsupportedFilter"
    );
    let unknown = json!({ "sort": [{ "property": "blobId" }] });
    assert_eq!(
        client.error("SieveScript/query", unknown),
        "unsupportedSort"
    );
}

#[test]
fn s2_6_a_script_is_checked_without_being_kept() {
    let client = Client::new();
    let validate = |blob: &str| {
        client.call("SieveScript/validate", json!({ "blobId": blob }))["error"].clone()
    };
    assert_eq!(validate(&client.upload(KEEP.as_bytes())), Value::Null);
    assert_eq!(validate(&client.upload(b"keep"))["type"], "invalidSieve");
    let deep = "if true {".repeat(5000);
    assert_eq!(
        validate(&client.upload(deep.as_bytes()))["type"],
        "invalidSieve"
    );
    assert_eq!(
        validate(&client.upload(&[b' '; 100_000]))["type"],
        "tooLarge"
    );
    assert_eq!(validate("bnothing")["type"], "blobNotFound");
    assert_eq!(
        client.error("SieveScript/validate", json!({})),
        "invalidArguments"
    );
    assert_eq!(client.call("SieveScript/get", json!({}))["list"], json!([]));
}

#[test]
fn s1_2_1_there_are_no_more_scripts_than_were_told() {
    let client = Client::new();
    let told = session(&client);
    let capability = "urn:ietf:params:jmap:sieve";
    let account = &told["accounts"]["alice"]["accountCapabilities"][capability];
    let max = account["maxNumberScripts"].as_u64().unwrap();
    let blob = client.upload(b"keep;");
    let create: serde_json::Map<String, Value> = (0..=max)
        .map(|at| {
            (
                format!("c{at}"),
                json!({ "name": "é".repeat(250) + &at.to_string(), "blobId": blob }),
            )
        })
        .collect();
    let told = client.call("SieveScript/set", json!({ "create": create }));
    assert_eq!(told["created"].as_object().unwrap().len() as u64, max);
    let refused = told["notCreated"].as_object().unwrap();
    let types: Vec<&Value> = refused.values().map(|error| &error["type"]).collect();
    assert_eq!(types, ["overQuota"]);
}
