//! Mail: RFC 8621.

use crate::world::{Client, message, reply};
use serde_json::{Value, json};

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().unwrap().iter();
    items
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn s2_mailboxes_of_a_new_account_have_roles() {
    let client = Client::new();
    let told = client.call("Mailbox/get", json!({}));
    let list = told["list"].as_array().unwrap();
    let mut roles: Vec<&str> = list
        .iter()
        .map(|one| one["role"].as_str().unwrap())
        .collect();
    roles.sort_unstable();
    assert_eq!(
        roles,
        ["archive", "drafts", "inbox", "junk", "sent", "trash"]
    );
    for mailbox in list {
        assert_eq!(mailbox["parentId"], Value::Null);
        assert_eq!(mailbox["totalEmails"], 0);
        assert_eq!(mailbox["isSubscribed"], true);
        assert_eq!(mailbox["myRights"]["mayReadItems"], true);
    }
}

#[test]
fn s2_counts_are_of_emails_and_threads() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let count = |name: &str| {
        let told = client.call(
            "Mailbox/get",
            json!({ "ids": [inbox], "properties": [name] }),
        );
        told["list"][0][name].as_u64().unwrap()
    };
    let first = client.import(
        &message("a@b", "Hi", "1", "x"),
        &inbox,
        "2020-01-01T00:00:00Z",
    );
    client.import(
        &reply("c@d", "Re: Hi", "2", "1", "y"),
        &inbox,
        "2020-01-02T00:00:00Z",
    );
    client.deliver(&message("e@f", "Other", "3", "z"));
    assert_eq!(count("totalEmails"), 3);
    assert_eq!(count("totalThreads"), 2);
    assert_eq!(count("unreadEmails"), 3);
    assert_eq!(count("unreadThreads"), 2);
    client.call(
        "Email/set",
        json!({ "update": { &first: { "keywords/$seen": true } } }),
    );
    assert_eq!(count("unreadEmails"), 2);
    assert_eq!(count("unreadThreads"), 2);
}

#[test]
fn s2_5_mailboxes_are_made_moved_and_destroyed() {
    let client = Client::new();
    let told = client.call(
        "Mailbox/set",
        json!({ "create": {
            "a": { "name": "A", "role": "important", "sortOrder": 3 },
        }}),
    );
    let a = told["created"]["a"]["id"].as_str().unwrap().to_owned();
    let told = client.call(
        "Mailbox/set",
        json!({ "create": {
            "b": { "name": "B", "parentId": a },
            "twin": { "name": "A" },
            "role": { "name": "C", "role": "important" },
        }}),
    );
    let b = told["created"]["b"]["id"].as_str().unwrap().to_owned();
    assert_eq!(told["notCreated"]["twin"]["properties"], json!(["name"]));
    assert_eq!(told["notCreated"]["role"]["properties"], json!(["role"]));
    let told = client.call("Mailbox/set", json!({ "destroy": [a] }));
    assert_eq!(told["notDestroyed"][&a]["type"], "mailboxHasChild");
    let told = client.call(
        "Mailbox/set",
        json!({ "update": { &a: { "parentId": b } } }),
    );
    assert_eq!(told["notUpdated"][&a]["properties"], json!(["parentId"]));
    let told = client.call(
        "Mailbox/set",
        json!({ "update": {
            &b: { "name": "Bee", "parentId": null, "isSubscribed": false },
        }}),
    );
    assert_eq!(told["updated"][&b], Value::Null);
    let told = client.call("Mailbox/get", json!({ "ids": [a, b] }));
    let told = told["list"].as_array().unwrap();
    let bee = told.iter().find(|one| one["id"] == b.as_str()).unwrap();
    assert_eq!(bee["name"], "Bee");
    assert_eq!(bee["parentId"], Value::Null);
    assert_eq!(bee["isSubscribed"], false);
    client.import(&message("a@b", "Hi", "1", "x"), &b, "2020-01-01T00:00:00Z");
    let told = client.call("Mailbox/set", json!({ "destroy": [b] }));
    assert_eq!(told["notDestroyed"][&b]["type"], "mailboxHasEmail");
    let told = client.call(
        "Mailbox/set",
        json!({ "destroy": [b], "onDestroyRemoveEmails": true }),
    );
    assert_eq!(told["destroyed"], json!([b]));
    let inbox = client.mailbox("inbox");
    let told = client.call("Mailbox/set", json!({ "destroy": [inbox] }));
    assert_eq!(told["notDestroyed"][&inbox]["type"], "forbidden");
}

#[test]
fn s2_3_mailboxes_are_queried_as_a_tree() {
    let client = Client::new();
    let told = client.call(
        "Mailbox/set",
        json!({ "create": { "z": { "name": "Zoo" } } }),
    );
    let zoo = told["created"]["z"]["id"].as_str().unwrap().to_owned();
    let told = client.call(
        "Mailbox/set",
        json!({ "create": {
            "a": { "name": "Ape", "parentId": zoo },
        }}),
    );
    let ape = told["created"]["a"]["id"].as_str().unwrap().to_owned();
    let by_name = json!([{ "property": "name" }]);
    let told = client.call("Mailbox/query", json!({ "sort": by_name }));
    assert_eq!(strings(&told["ids"])[0], ape);
    let told = client.call(
        "Mailbox/query",
        json!({ "sort": by_name, "sortAsTree": true }),
    );
    let ids = strings(&told["ids"]);
    assert_eq!(ids[ids.len() - 2..], [zoo.clone(), ape.clone()]);
    let told = client.call(
        "Mailbox/query",
        json!({
            "filter": { "name": "ape" }, "filterAsTree": true,
        }),
    );
    assert_eq!(told["ids"], json!([]));
    let told = client.call(
        "Mailbox/query",
        json!({ "filter": { "operator": "AND", "conditions": [
        { "hasAnyRole": false }, { "parentId": null },
    ]}, "calculateTotal": true }),
    );
    assert_eq!((&told["ids"], &told["total"]), (&json!([zoo]), &json!(1)));
    assert_eq!(
        client.error("Mailbox/query", json!({ "filter": { "x": 1 } })),
        "unsupportedFilter"
    );
    assert_eq!(
        client.error("Mailbox/query", json!({ "sort": [{ "property": "x" }] })),
        "unsupportedSort"
    );
}

#[test]
fn s3_threads_hold_what_answers() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let sent = client.mailbox("sent");
    let first = client.import(
        &message("a@b", "Hi", "1", "x"),
        &inbox,
        "2020-01-01T00:00:00Z",
    );
    let other = client.import(
        &message("a@b", "Ho", "9", "x"),
        &inbox,
        "2020-01-01T00:00:00Z",
    );
    let answer = reply("c@d", "Re: Hi", "2", "1", "y");
    let answer = client.import(&answer, &sent, "2020-01-02T00:00:00Z");
    let told = client.call(
        "Email/get",
        json!({ "ids": [first, other], "properties": ["threadId"] }),
    );
    let thread = told["list"][0]["threadId"].clone();
    assert_ne!(thread, told["list"][1]["threadId"]);
    let told = client.call("Thread/get", json!({ "ids": [thread] }));
    assert_eq!(
        told["list"],
        json!([{ "id": thread, "emailIds": [first, answer] }])
    );
}

#[test]
fn s4_1_1_an_email_keeps_its_id_wherever_it_goes() {
    let client = Client::new();
    let (inbox, archive) = (client.mailbox("inbox"), client.mailbox("archive"));
    client.deliver(&message("a@b", "Hi", "1", "x"));
    let told = client.call("Email/query", json!({ "filter": { "inMailbox": inbox } }));
    let id = told["ids"][0].as_str().unwrap().to_owned();
    let get = || {
        let told = client.call(
            "Email/get",
            json!({ "ids": [id], "properties":
            ["mailboxIds", "threadId", "receivedAt", "subject", "keywords"] }),
        );
        told["list"][0].clone()
    };
    let before = get();
    let patch = json!({ format!("mailboxIds/{archive}"): true, "keywords/$Flagged": true });
    let told = client.call("Email/set", json!({ "update": { &id: patch } }));
    assert_eq!(told["notUpdated"], Value::Null, "{told}");
    assert_eq!(get()["mailboxIds"], json!({ &inbox: true, &archive: true }));
    assert_eq!(get()["keywords"], json!({ "$flagged": true }));
    let patch = json!({ "mailboxIds": { &archive: true }, "keywords": {} });
    client.call("Email/set", json!({ "update": { &id: patch } }));
    let mut after = get();
    assert_eq!(after["mailboxIds"], json!({ &archive: true }));
    after["mailboxIds"] = before["mailboxIds"].clone();
    assert_eq!(after, before);
    let told = client.call("Email/set", json!({ "destroy": [id] }));
    assert_eq!(told["destroyed"], json!([id]));
    let told = client.call("Email/get", json!({ "ids": [id] }));
    assert_eq!(told["notFound"], json!([id]));
}

#[test]
fn s4_4_emails_are_found_by_every_condition() {
    let client = Client::new();
    let (inbox, archive) = (client.mailbox("inbox"), client.mailbox("archive"));
    let hello = message("Ann <ann@b.example>", "Hello", "1", "green apples");
    let a = client.import(&hello, &inbox, "2020-01-01T00:00:00Z");
    let hello = reply(
        "Bob <bob@c.example>",
        "Re: Hello",
        "2",
        "1",
        "red apples and pears",
    );
    let b = client.import(&hello, &inbox, "2020-01-02T00:00:00Z");
    let other = message("Cid <cid@d.example>", "Other", "3", &"long ".repeat(100));
    let c = client.import(&other, &archive, "2020-01-03T00:00:00Z");
    client.call(
        "Email/set",
        json!({ "update": { &a: { "keywords": { "$seen": true } } } }),
    );
    let found = |filter: Value| {
        let sort = json!([{ "property": "receivedAt" }]);
        let told = client.call("Email/query", json!({ "filter": filter, "sort": sort }));
        strings(&told["ids"])
            .iter()
            .map(|id| match id {
                id if *id == a => 'a',
                id if *id == b => 'b',
                id if *id == c => 'c',
                _ => '?',
            })
            .collect::<String>()
    };
    assert_eq!(found(Value::Null), "abc");
    assert_eq!(found(json!({ "inMailbox": inbox })), "ab");
    assert_eq!(found(json!({ "inMailboxOtherThan": [inbox] })), "c");
    assert_eq!(found(json!({ "before": "2020-01-02T00:00:00Z" })), "a");
    assert_eq!(found(json!({ "after": "2020-01-02T00:00:00Z" })), "bc");
    assert_eq!(found(json!({ "minSize": 500 })), "c");
    assert_eq!(found(json!({ "maxSize": 500 })), "ab");
    assert_eq!(found(json!({ "hasKeyword": "$seen" })), "a");
    assert_eq!(found(json!({ "notKeyword": "$seen" })), "bc");
    assert_eq!(found(json!({ "allInThreadHaveKeyword": "$seen" })), "");
    assert_eq!(found(json!({ "someInThreadHaveKeyword": "$seen" })), "ab");
    assert_eq!(found(json!({ "noneInThreadHaveKeyword": "$seen" })), "c");
    assert_eq!(found(json!({ "hasAttachment": false })), "abc");
    assert_eq!(found(json!({ "hasAttachment": true })), "");
    assert_eq!(found(json!({ "text": "apples" })), "ab");
    assert_eq!(found(json!({ "text": "ann" })), "a");
    assert_eq!(found(json!({ "from": "bob" })), "b");
    assert_eq!(found(json!({ "to": "alice" })), "abc");
    assert_eq!(found(json!({ "cc": "alice" })), "");
    assert_eq!(found(json!({ "subject": "hello" })), "ab");
    assert_eq!(found(json!({ "body": "\"red apples\"" })), "b");
    assert_eq!(found(json!({ "body": "\"green pears\"" })), "");
    assert_eq!(found(json!({ "header": ["References"] })), "b");
    assert_eq!(found(json!({ "header": ["Subject", "other"] })), "c");
    assert_eq!(
        found(json!({ "subject": "hello", "hasKeyword": "$seen" })),
        "a"
    );
    let or = json!({ "operator": "OR", "conditions": [{ "from": "bob" }, { "from": "cid" }] });
    assert_eq!(found(or.clone()), "bc");
    assert_eq!(found(json!({ "operator": "NOT", "conditions": [or] })), "a");
    assert_eq!(
        client.error("Email/query", json!({ "filter": { "x": 1 } })),
        "unsupportedFilter"
    );
}

#[test]
fn s4_4_2_emails_are_ordered_and_paged() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let mut ids = Vec::new();
    for (number, from) in ["b", "a", "c", "a"].into_iter().enumerate() {
        let text = message(
            &format!("{from}@x"),
            from,
            &number.to_string(),
            &"x".repeat(number),
        );
        let date = format!("2020-01-0{}T00:00:00Z", number + 1);
        ids.push(client.import(&text, &inbox, &date));
    }
    client.call(
        "Email/set",
        json!({ "update": { &ids[2]: { "keywords/$flagged": true } } }),
    );
    let query = |mut arguments: Value| {
        arguments["filter"] = json!({ "inMailbox": inbox });
        client.call("Email/query", arguments)
    };
    let order = |sort: Value| {
        let told = query(json!({ "sort": sort }));
        let place = |id: &String| ids.iter().position(|known| known == id).unwrap();
        strings(&told["ids"]).iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(
        order(json!([{ "property": "receivedAt", "isAscending": false }])),
        [3, 2, 1, 0]
    );
    assert_eq!(order(json!([{ "property": "receivedAt" }])), [0, 1, 2, 3]);
    assert_eq!(
        order(json!([{ "property": "from" }, { "property": "receivedAt" }])),
        [1, 3, 0, 2]
    );
    assert_eq!(
        order(json!([{ "property": "subject", "isAscending": false }]))[0],
        2
    );
    assert_eq!(
        order(json!([{ "property": "size", "isAscending": false }]))[0],
        3
    );
    let flagged = json!([
        { "property": "hasKeyword", "keyword": "$flagged", "isAscending": false },
        { "property": "receivedAt", "isAscending": false },
    ]);
    assert_eq!(order(flagged), [2, 3, 1, 0]);
    let newest = json!([{ "property": "receivedAt", "isAscending": false }]);
    let page = query(json!({ "sort": newest, "position": 1, "limit": 2, "calculateTotal": true }));
    assert_eq!(strings(&page["ids"]), [ids[2].clone(), ids[1].clone()]);
    assert_eq!((&page["position"], &page["total"]), (&json!(1), &json!(4)));
    let page = query(json!({ "sort": newest, "position": -1 }));
    assert_eq!(strings(&page["ids"]), [ids[0].clone()]);
    let page = query(json!({ "sort": newest, "anchor": ids[1], "anchorOffset": -1, "limit": 2 }));
    assert_eq!(strings(&page["ids"]), [ids[2].clone(), ids[1].clone()]);
    let none = json!({ "filter": { "inMailbox": inbox }, "anchor": "nothing" });
    assert_eq!(client.error("Email/query", none), "anchorNotFound");
    // As jmapc sends it.
    let more = json!([{ "property": "receivedAt", "anchorOffset": 0, "position": 0 }]);
    assert_eq!(order(more), [0, 1, 2, 3]);
    let without = json!({ "sort": [{ "property": "hasKeyword" }] });
    assert_eq!(client.error("Email/query", without), "unsupportedSort");
}

#[test]
fn s4_4_3_threads_are_collapsed_to_the_first() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    client.import(
        &message("a@b", "Hi", "1", "x"),
        &inbox,
        "2020-01-01T00:00:00Z",
    );
    let answer = reply("c@d", "Re: Hi", "2", "1", "y");
    let answer = client.import(&answer, &inbox, "2020-01-03T00:00:00Z");
    let other = client.import(
        &message("a@b", "Ho", "3", "x"),
        &inbox,
        "2020-01-02T00:00:00Z",
    );
    for filter in [json!({ "inMailbox": inbox }), Value::Null] {
        let told = client.call(
            "Email/query",
            json!({
                "filter": filter, "collapseThreads": true, "calculateTotal": true,
                "sort": [{ "property": "receivedAt", "isAscending": false }],
            }),
        );
        assert_eq!(told["ids"], json!([answer, other]));
        assert_eq!(told["total"], 2);
    }
}

#[test]
fn s4_6_emails_are_created_and_read_back() {
    let client = Client::new();
    let drafts = client.mailbox("drafts");
    let told = client.call(
        "Email/set",
        json!({ "create": { "k": {
            "mailboxIds": { &drafts: true },
            "keywords": { "$draft": true, "$seen": true },
            "from": [{ "name": "Joe", "email": "joe@example.com" }],
            "to": [{ "name": null, "email": "jane@example.com" }],
            "subject": "Dinner ☕",
            "textBody": [{ "partId": "1", "type": "text/plain" }],
            "bodyValues": { "1": { "value": "See you\nthere" } },
        }}}),
    );
    let id = told["created"]["k"]["id"]
        .as_str()
        .expect(&told.to_string())
        .to_owned();
    for name in ["blobId", "threadId", "size"] {
        assert!(!told["created"]["k"][name].is_null());
    }
    let told = client.call(
        "Email/get",
        json!({ "ids": [id], "fetchTextBodyValues": true }),
    );
    let email = &told["list"][0];
    assert_eq!(email["subject"], "Dinner ☕");
    assert_eq!(
        email["from"],
        json!([{ "name": "Joe", "email": "joe@example.com" }])
    );
    assert_eq!(email["keywords"], json!({ "$draft": true, "$seen": true }));
    assert_eq!(email["preview"], "See you there");
    assert_eq!(email["hasAttachment"], false);
    let part = email["textBody"][0]["partId"].as_str().unwrap();
    assert_eq!(
        email["bodyValues"][part]["value"]
            .as_str()
            .unwrap()
            .trim_end(),
        "See you\nthere"
    );
    let bad = json!({ "create": { "k": { "mailboxIds": { "nothing": true }, "subject": "x" } } });
    let told = client.call("Email/set", bad);
    assert_eq!(told["notCreated"]["k"]["properties"], json!(["mailboxIds"]));
}

#[test]
fn s4_7_emails_are_copied_to_another_account() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let id = client.import(
        &message("a@b", "Hi", "1", "x"),
        &inbox,
        "2020-01-01T00:00:00Z",
    );
    let same = json!({ "fromAccountId": "alice", "create": {} });
    assert_eq!(client.error("Email/copy", same), "invalidArguments");
    let unknown = json!({ "fromAccountId": "nobody", "create": { "c": { "id": id } } });
    assert_eq!(client.error("Email/copy", unknown), "fromAccountNotFound");
}

#[test]
fn s4_9_attached_messages_are_parsed() {
    let client = Client::new();
    let inner = message("in@side", "Inner", "i", "deep");
    let outer = format!(
        "From: a@b\r\nSubject: Outer\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\n\
         Content-Type: message/rfc822\r\n\r\n{inner}\r\n--x--\r\n"
    );
    let id = client.import(&outer, &client.mailbox("inbox"), "2020-01-01T00:00:00Z");
    let told = client.call(
        "Email/get",
        json!({ "ids": [id], "properties": ["attachments"] }),
    );
    let blob = told["list"][0]["attachments"][0]["blobId"]
        .as_str()
        .unwrap()
        .to_owned();
    let told = client.call(
        "Email/parse",
        json!({
            "blobIds": [blob, "nothing"], "properties": ["id", "subject", "from", "preview"],
        }),
    );
    assert_eq!(
        told["parsed"][&blob],
        json!({
            "id": null, "subject": "Inner", "preview": "deep",
            "from": [{ "name": null, "email": "in@side" }],
        })
    );
    assert_eq!(told["notFound"], json!(["nothing"]));
    assert_eq!(told["notParsable"], Value::Null);
}

#[test]
fn s5_snippets_mark_what_was_found() {
    let client = Client::new();
    let inbox = client.mailbox("inbox");
    let text = message("a@b", "Green <apples>", "1", "I like apples & pears");
    let id = client.import(&text, &inbox, "2020-01-01T00:00:00Z");
    let told = client.call(
        "SearchSnippet/get",
        json!({
            "filter": { "text": "apples" }, "emailIds": [id, "e00"],
        }),
    );
    let snippet = &told["list"][0];
    assert_eq!(snippet["emailId"], id.as_str());
    assert_eq!(snippet["subject"], "Green &lt;<mark>apples</mark>&gt;");
    assert_eq!(snippet["preview"], "I like <mark>apples</mark> &amp; pears");
    assert_eq!(told["notFound"], json!(["e00"]));
}
