//! A client that follows changes has what one has that fetches everything: whatever happens, in
//! whatever order, whether the server remembers anything or not.

use crate::world::{Client, message, reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Numbers as they come, the same for the same seed: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        (!items.is_empty()).then(|| &items[self.below(items.len())])
    }
}

fn ids(value: &Value) -> Vec<String> {
    let items = value.as_array().unwrap().iter();
    items
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

type Objects = BTreeMap<String, Value>;

fn objects(told: &Value) -> Objects {
    let list = told["list"].as_array().unwrap().iter();
    list.map(|object| (object["id"].as_str().unwrap().to_owned(), object.clone()))
        .collect()
}

/// What a client remembers of a type.
struct Cache {
    kind: &'static str,
    properties: Value,
    state: Value,
    objects: Objects,
}

impl Cache {
    fn new(client: &Client, kind: &'static str, properties: Value) -> Self {
        let mut cache = Self {
            kind,
            properties,
            state: Value::Null,
            objects: Objects::new(),
        };
        cache.fetch(client);
        cache
    }

    fn get(&self, client: &Client, ids: Value) -> Value {
        let arguments = json!({ "ids": ids, "properties": self.properties });
        client.call(&format!("{}/get", self.kind), arguments)
    }

    fn fetch(&mut self, client: &Client) {
        let told = self.get(client, Value::Null);
        self.objects = objects(&told);
        self.state = told["state"].clone();
    }

    /// Follows changes; says whether the server could tell.
    fn follow(&mut self, client: &Client, page: usize) -> bool {
        loop {
            let method = format!("{}/changes", self.kind);
            let arguments = json!({
                "accountId": client.account, "sinceState": self.state, "maxChanges": page,
            });
            let answer = client.calls(json!([[method, arguments, "0"]]))[0].clone();
            if answer[0] == "error" {
                assert_eq!(answer[1]["type"], "cannotCalculateChanges");
                self.fetch(client);
                return false;
            }
            let told = &answer[1];
            let count: usize = ["created", "updated", "destroyed"]
                .iter()
                .map(|kind| told[*kind].as_array().unwrap().len())
                .sum();
            assert!(count <= page, "{told}");
            for id in ids(&told["destroyed"]) {
                self.objects.remove(&id);
            }
            let mut changed = ids(&told["created"]);
            changed.extend(ids(&told["updated"]));
            let fresh = self.get(client, changed.into());
            self.objects.extend(objects(&fresh));
            self.state = told["newState"].clone();
            if told["hasMoreChanges"] == false {
                return true;
            }
        }
    }
}

/// What a client remembers of a query.
struct Found {
    subject: Value,
    state: Value,
    ids: Vec<String>,
}

impl Found {
    fn new(client: &Client, subject: Value) -> Self {
        let (state, ids) = Self::fetch(client, &subject);
        Self {
            subject,
            state,
            ids,
        }
    }

    fn fetch(client: &Client, subject: &Value) -> (Value, Vec<String>) {
        let told = client.call("Email/query", subject.clone());
        assert_eq!(told["canCalculateChanges"], true);
        (told["queryState"].clone(), ids(&told["ids"]))
    }

    fn follow(&mut self, client: &Client) {
        let mut arguments = self.subject.clone();
        arguments["accountId"] = client.account.clone().into();
        arguments["sinceQueryState"] = self.state.clone();
        arguments["calculateTotal"] = true.into();
        let answer = client.calls(json!([["Email/queryChanges", arguments, "0"]]))[0].clone();
        if answer[0] == "error" {
            assert_eq!(answer[1]["type"], "cannotCalculateChanges");
            (self.state, self.ids) = Self::fetch(client, &self.subject);
            return;
        }
        let told = &answer[1];
        let removed = ids(&told["removed"]);
        self.ids.retain(|id| !removed.contains(id));
        for added in told["added"].as_array().unwrap() {
            let index = added["index"].as_u64().unwrap() as usize;
            self.ids
                .insert(index, added["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(told["total"], self.ids.len());
        self.state = told["newQueryState"].clone();
    }
}

struct Life<'a> {
    client: &'a Client,
    random: Random,
    count: usize,
}

impl Life<'_> {
    /// Something happens.
    fn step(&mut self) {
        let client = self.client;
        let mailboxes = objects(&client.call("Mailbox/get", json!({ "properties": ["role"] })));
        let mailboxes: Vec<String> = mailboxes.into_keys().collect();
        let emails = objects(&client.call("Email/get", json!({ "properties": ["mailboxIds"] })));
        let emails: Vec<String> = emails.into_keys().collect();
        let mailbox = self.random.of(&mailboxes).unwrap().clone();
        let email = self.random.of(&emails).cloned();
        let number = self.random.below(12);
        self.count += 1;
        match (number, email) {
            (0..=1, _) | (_, None) => {
                let text = self.message();
                client.deliver(&text);
            }
            (2..=3, _) => {
                let text = self.message();
                let date = format!("2021-01-{:02}T00:00:00Z", 1 + self.random.below(28));
                client.import(&text, &mailbox, &date);
            }
            (4..=5, Some(id)) => {
                let keyword = ["$seen", "$flagged", "other"][self.random.below(3)];
                let value = [Value::Bool(true), Value::Null][self.random.below(2)].clone();
                let patch = json!({ format!("keywords/{keyword}"): value });
                client.call("Email/set", json!({ "update": { id: patch } }));
            }
            (6, Some(id)) => {
                let patch = json!({ "mailboxIds": { mailbox: true } });
                client.call("Email/set", json!({ "update": { id: patch } }));
            }
            (7, Some(id)) => {
                let patch = json!({ format!("mailboxIds/{mailbox}"): true });
                client.call("Email/set", json!({ "update": { id: patch } }));
            }
            (8, Some(id)) => {
                client.call("Email/set", json!({ "destroy": [id] }));
            }
            (9, _) => {
                let name = format!("box {}", self.count);
                client.call(
                    "Mailbox/set",
                    json!({ "create": { "x": { "name": name } } }),
                );
            }
            (10, _) => {
                let is_even = self.count.is_multiple_of(2);
                let patch = json!({ "sortOrder": self.count, "isSubscribed": is_even });
                client.call("Mailbox/set", json!({ "update": { mailbox: patch } }));
            }
            _ => {
                if self.random.below(4) == 0 {
                    let arguments = json!({ "destroy": [mailbox], "onDestroyRemoveEmails": true });
                    client.call("Mailbox/set", arguments);
                }
            }
        }
    }

    fn message(&mut self) -> String {
        let id = self.count.to_string();
        let thread = self.random.below(4);
        match self.random.below(2) {
            0 => message("a@b", &format!("Topic {thread}"), &id, "text"),
            _ => {
                let subject = format!("Re: Topic {thread}");
                reply("c@d", &subject, &id, &format!("root{thread}"), "more text")
            }
        }
    }
}

fn run(seed: u64, steps: usize, remembers: bool, many: usize) {
    let client = &Client::new();
    let inbox = client.mailbox("inbox");
    for number in 0..many {
        client.deliver(&message("a@b", &format!("Many {}", number / 3), "m", "x"));
    }
    let mut life = Life {
        client,
        random: Random(seed),
        count: 0,
    };
    for _ in 0..10 {
        life.step();
    }
    let properties = json!(["mailboxIds", "keywords", "threadId", "receivedAt"]);
    let mut caches = [
        Cache::new(client, "Email", properties),
        Cache::new(client, "Mailbox", Value::Null),
        Cache::new(client, "Thread", Value::Null),
    ];
    let newest = json!([{ "property": "receivedAt", "isAscending": false }]);
    let flagged = json!([
        { "property": "someInThreadHaveKeyword", "keyword": "$flagged", "isAscending": false },
        { "property": "subject" },
    ]);
    let mut queries = [
        json!({ "filter": { "inMailbox": inbox }, "sort": newest }),
        json!({ "filter": { "inMailbox": inbox }, "sort": newest, "collapseThreads": true }),
        json!({ "sort": flagged, "collapseThreads": true }),
        json!({ "filter": { "notKeyword": "$seen" }, "sort": [{ "property": "size" }] }),
        json!({ "filter": { "noneInThreadHaveKeyword": "$seen" } }),
        json!({ "filter": { "subject": "topic", "inMailboxOtherThan": [inbox] } }),
    ]
    .map(|subject| Found::new(client, subject));
    let (mut told, mut asked) = (0, 0);
    for _ in 0..steps {
        for _ in 0..=life.random.below(4) {
            life.step();
        }
        if !remembers {
            jmap::forget();
        }
        for cache in &mut caches {
            asked += 1;
            told += usize::from(cache.follow(client, 1 + life.random.below(5)));
            let fresh = cache.get(client, Value::Null);
            assert_eq!(
                cache.objects,
                objects(&fresh),
                "{} (seed {seed})",
                cache.kind
            );
            assert_eq!(cache.state, fresh["state"]);
        }
        for query in &mut queries {
            query.follow(client);
            let (state, fresh) = Found::fetch(client, &query.subject);
            assert_eq!(query.ids, fresh, "{} (seed {seed})", query.subject);
            assert_eq!(query.state, state);
        }
    }
    assert!(
        told * 3 > asked,
        "changes are told in most cases: {told} of {asked}"
    );
}

#[test]
fn s5_2_s5_6_following_changes_equals_fetching_everything() {
    for seed in 1..=6 {
        let start = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed);
        run(start, 25, seed % 2 == 0, 0);
    }
}

/// What an instance hands to the next one is worth it only of many messages.
#[test]
fn s5_2_s5_6_following_changes_equals_fetching_everything_of_many() {
    run(7, 8, false, 520);
}

#[test]
fn s5_2_changes_that_are_forgotten_are_not_made_up() {
    let client = &Client::new();
    client.mailbox("inbox");
    client.deliver(&message("a@b", "Hi", "1", "x"));
    let state = client.call("Email/get", json!({}))["state"].clone();
    client.deliver(&message("a@b", "Ho", "2", "x"));
    let found = client.call("Email/query", json!({}));
    client.call("Email/set", json!({ "destroy": found["ids"] }));
    client.host.forget_removals();
    let since = json!({ "sinceState": state });
    assert_eq!(
        client.error("Email/changes", since),
        "cannotCalculateChanges"
    );
}

#[test]
fn s5_2_an_update_is_none_of_the_created() {
    let client = &Client::new();
    client.mailbox("inbox");
    client.deliver(&message("a@b", "Hi", "1", "x"));
    let told = client.call("Email/get", json!({ "properties": ["id"] }));
    let id = told["list"][0]["id"].as_str().unwrap().to_owned();
    let mut state = told["state"].clone();
    for (patch, kind) in [
        (json!({ "keywords/$seen": true }), "updated"),
        (
            json!({ "mailboxIds": { client.mailbox("archive"): true } }),
            "updated",
        ),
    ] {
        client.call("Email/set", json!({ "update": { &id: patch } }));
        let told = client.call("Email/changes", json!({ "sinceState": state }));
        for other in ["created", "updated", "destroyed"] {
            let wanted = if other == kind {
                json!([id])
            } else {
                json!([])
            };
            assert_eq!(told[other], wanted, "{other}");
        }
        state = told["newState"].clone();
    }
    // What something else than mail changes is none of it.
    let told = client.call("Mailbox/changes", json!({ "sinceState": state }));
    assert_eq!(told["updated"], json!([]));
    client.call("Email/set", json!({ "destroy": [id] }));
    let told = client.call("Email/changes", json!({ "sinceState": state }));
    assert_eq!(told["destroyed"], json!([id]));
    let told = client.call("Mailbox/changes", json!({ "sinceState": state }));
    assert_eq!(told["updated"].as_array().unwrap().len(), 1);
    assert_eq!(
        told["updatedProperties"],
        json!([
            "totalEmails",
            "unreadEmails",
            "totalThreads",
            "unreadThreads"
        ])
    );
}

/// The kinds of changes since a state, each with its ids.
fn changes(client: &Client, state: &Value) -> [Value; 3] {
    let told = client.call("Email/changes", json!({ "sinceState": state }));
    ["created", "updated", "destroyed"].map(|kind| told[kind].clone())
}

/// An instance that begins anew has what another one handed to the host, perhaps long ago.
#[test]
fn s5_2_an_email_that_leaves_and_comes_back_is_there_once() {
    let client = &Client::new();
    let (inbox, trash) = (client.mailbox("inbox"), client.mailbox("trash"));
    let id = client.import(
        &message("a@b", "Hi", "1", "x"),
        &inbox,
        "2021-01-01T00:00:00Z",
    );
    for _ in 0..520 {
        client.deliver(&message("a@b", "Many", "m", "x"));
    }
    let total = |mailbox: &str| {
        jmap::forget();
        let told = client.call("Mailbox/get", json!({ "ids": [mailbox] }));
        told["list"][0]["totalEmails"].clone()
    };
    let set = |patch: Value| {
        jmap::forget();
        let told = client.call("Email/set", json!({ "update": { &id: patch } }));
        assert_eq!(told["updated"], json!({ &id: null }), "{told}");
    };
    let places = || {
        jmap::forget();
        let arguments = json!({ "ids": [&id], "properties": ["mailboxIds"] });
        client.call("Email/get", arguments)["list"][0]["mailboxIds"].clone()
    };
    assert_eq!(total(&inbox), 521);
    for place in [&trash, &inbox] {
        set(json!({ "mailboxIds": { place: true } }));
    }
    assert_eq!(places(), json!({ &inbox: true }));
    assert_eq!(total(&inbox), 521);
    set(json!({ "keywords/$seen": true }));
    set(json!({ "mailboxIds": { &trash: true } }));
    assert_eq!(places(), json!({ &trash: true }));
    assert_eq!(total(&inbox), 520);
    set(json!({ "mailboxIds": { &inbox: true } }));
    assert_eq!(places(), json!({ &inbox: true }));
}

#[test]
fn s5_2_an_email_that_left_came_back_and_is_destroyed_is_told_as_destroyed() {
    let client = &Client::new();
    let (inbox, trash) = (client.mailbox("inbox"), client.mailbox("trash"));
    let id = client.import(
        &message("a@b", "Hi", "1", "x"),
        &inbox,
        "2021-01-01T00:00:00Z",
    );
    let state = client.call("Email/get", json!({ "ids": [] }))["state"].clone();
    for place in [&trash, &inbox] {
        let patch = json!({ "mailboxIds": { place: true } });
        client.call("Email/set", json!({ "update": { &id: patch } }));
    }
    client.call("Email/set", json!({ "destroy": [&id] }));
    let destroyed = [json!([]), json!([]), json!([id])];
    assert_eq!(changes(client, &state), destroyed);
    let told = client.call("Thread/changes", json!({ "sinceState": state }));
    assert_eq!(told["destroyed"].as_array().unwrap().len(), 1);
}

#[test]
fn s5_2_an_email_that_came_left_and_comes_back_is_not_told_as_new() {
    let client = &Client::new();
    let (inbox, trash) = (client.mailbox("inbox"), client.mailbox("trash"));
    client.deliver(&message("a@b", "Hi", "1", "x"));
    let told = client.call("Email/get", json!({ "properties": ["id"] }));
    let (id, mut state) = (told["list"][0]["id"].clone(), told["state"].clone());
    // The first time it leaves a uid behind, then a name.
    for _ in 0..2 {
        for place in [&trash, &inbox] {
            let patch = json!({ "mailboxIds": { place: true } });
            let update = json!({ id.as_str().unwrap(): patch });
            client.call("Email/set", json!({ "update": update }));
        }
        assert_eq!(changes(client, &state), [json!([]), json!([id]), json!([])]);
        state = client.call("Email/get", json!({ "ids": [] }))["state"].clone();
    }
}

#[test]
fn s5_2_an_email_that_one_page_tells_of_is_told_as_destroyed_by_the_next() {
    let client = &Client::new();
    client.mailbox("inbox");
    let state = client.call("Email/get", json!({ "ids": [] }))["state"].clone();
    client.deliver(&message("a@b", "Hi", "1", "x"));
    client.deliver(&message("a@b", "Ho", "2", "x"));
    let arguments = json!({ "sinceState": state, "maxChanges": 1 });
    let told = client.call("Email/changes", arguments);
    let first = told["created"].clone();
    assert_eq!(first.as_array().unwrap().len(), 1);
    client.call("Email/set", json!({ "destroy": first }));
    let [_, _, destroyed] = changes(client, &told["newState"]);
    assert_eq!(destroyed, first);
}
