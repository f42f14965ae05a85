//! The example requests of RFC 8621, as they are printed there: only ids and states are replaced by
//! such as there are here.

use crate::world::{Client, USING, message};
use jmap::Jmap;
use module::{Kind, Principal};
use serde_json::{Value, json};

/// The calls of an example. Lines that are wrapped within a text for print are joined, and what is
/// left out ("...") is.
fn example(text: &str, ids: &[(&str, &str)]) -> Value {
    let mut joined = String::new();
    for line in text.lines() {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line.trim());
    }
    let mut text = joined.replace(", ... ]", " ]").replace("}, ...", "}");
    for (printed, real) in ids {
        assert!(text.contains(printed), "{printed}");
        text = text.replace(printed, real);
    }
    serde_json::from_str(&text).expect(&text)
}

fn calls(client: &Client, text: &str, ids: &[(&str, &str)]) -> Vec<Value> {
    let answers = client.calls(example(text, ids));
    for answer in &answers {
        assert_ne!(answer[0], "error", "{answer}");
    }
    answers
}

fn string(value: &Value) -> &str {
    value.as_str().expect(&value.to_string())
}

#[test]
fn s2_6_mailboxes_are_fetched_followed_and_changed() {
    let client = Client::of("u33084183");
    let told = calls(
        &client,
        include_str!("../fixtures/rfc8621/s2_6_1.json"),
        &[],
    );
    let list = told[0][1]["list"].as_array().unwrap();
    let inbox = list
        .iter()
        .find(|mailbox| mailbox["role"] == "inbox")
        .unwrap();
    assert_eq!(inbox["name"], "Inbox");
    assert_eq!(inbox["myRights"]["mayDelete"], false);
    let state = string(&told[0][1]["state"]).to_owned();

    client.deliver(&message("a@b", "Hi", "1", "x"));
    let text = include_str!("../fixtures/rfc8621/s2_6_2.json");
    let told = calls(&client, text, &[("78540", &state)]);
    assert_eq!(told[0][1]["updated"], json!([inbox["id"]]));
    assert_eq!(told[1][1]["list"], json!([]));
    assert_eq!(
        told[2][1]["list"],
        json!([{
            "id": inbox["id"], "totalEmails": 1, "unreadEmails": 1,
            "totalThreads": 1, "unreadThreads": 1,
        }])
    );
    // Where nothing has changed, the reference still leads somewhere.
    let state = string(&told[0][1]["newState"]).to_owned();
    let told = calls(&client, text, &[("78540", &state)]);
    assert_eq!(told[2][1]["list"], json!([]));

    let junk = client.mailbox("junk");
    let text = include_str!("../fixtures/rfc8621/s2_6_3.json");
    let ids = [
        ("78542", state.as_str()),
        ("MB674cc24095db49ce", &junk),
        ("MB23cfa8094c0f41e6", string(&inbox["id"])),
    ];
    let told = calls(&client, text, &ids);
    assert_eq!(told[0][1]["updated"], json!({ &junk: null }));
    assert_eq!(
        told[0][1]["notDestroyed"][string(&inbox["id"])]["type"],
        "forbidden"
    );
}

#[test]
fn s3_1_1_threads_are_fetched() {
    let client = Client::of("acme");
    let text = include_str!("../fixtures/rfc8621/s3_1_1_1.json");
    let told = calls(&client, text, &[]);
    assert_eq!(told[0][1]["notFound"], json!(["f123u4", "f41u44"]));
}

#[test]
fn s4_2_1_emails_are_fetched() {
    let client = Client::of("abc");
    let inbox = client.mailbox("inbox");
    let text = "From: Joe Bloggs <joe@example.com>\r\nSubject: Dinner on Thursday?\r\n\
        List-Post: <mailto:partytime@lists.example.com>\r\nContent-Type: text/html\r\n\r\n\
        <html><body><p>Hello ...</p>";
    let text = format!("{text}{}", "x".repeat(500));
    let id = client.import(&text, &inbox, "2013-10-13T12:00:00Z");
    let ids = [
        ("\"ids\":", "\"accountId\": \"abc\", \"ids\":"),
        ("f123u457", id.as_str()),
    ];
    let told = calls(
        &client,
        include_str!("../fixtures/rfc8621/s4_2_1_1.json"),
        &ids,
    );
    assert_eq!(told[0][1]["notFound"], json!(["f123u456"]));
    let email = &told[0][1]["list"][0];
    assert_eq!(email["mailboxIds"], json!({ inbox: true }));
    assert_eq!(
        email["from"],
        json!([{ "name": "Joe Bloggs", "email": "joe@example.com" }])
    );
    assert_eq!(email["subject"], "Dinner on Thursday?");
    assert_eq!(email["receivedAt"], "2013-10-13T12:00:00Z");
    assert_eq!(
        email["header:List-POST:asURLs"],
        json!(["mailto:partytime@lists.example.com"])
    );
    let part = &email["htmlBody"][0];
    assert_eq!(part["type"], "text/html");
    let value = &email["bodyValues"][string(&part["partId"])];
    assert_eq!(value["isEncodingProblem"], false);
    assert_eq!(value["isTruncated"], true);
    assert!(string(&value["value"]).len() <= 256);
    assert!(string(&value["value"]).starts_with("<html><body><p>Hello ..."));
}

#[test]
fn s4_10_a_client_lists_its_inbox_and_follows_it() {
    let client = Client::of("ue150411c");
    let inbox = client.mailbox("inbox");
    for day in 1..=3 {
        let text = message("a@b", &format!("Day {day}"), &day.to_string(), "x");
        client.import(&text, &inbox, &format!("2018-07-0{day}T00:00:00Z"));
    }
    let list = include_str!("../fixtures/rfc8621/s4_10_1.json");
    let told = calls(&client, list, &[("fb666a55", &inbox)]);
    assert_eq!(told[0][1]["total"], 3);
    let emails = told[3][1]["list"].as_array().unwrap();
    assert_eq!(emails.len(), 3);
    let subjects: Vec<&Value> = emails.iter().map(|email| &email["subject"]).collect();
    assert_eq!(subjects, ["Day 3", "Day 2", "Day 1"]);
    assert_eq!(emails[0]["preview"], "x");
    let first = string(&emails[0]["id"]).to_owned();

    let text = include_str!("../fixtures/rfc8621/s4_10_2.json");
    let set = calls(&client, text, &[("Ma783e5cdf5f2deffbc97930a", &first)]);
    assert_eq!(set[0][1]["updated"], json!({ &first: null }));

    let new = client.import(
        &message("a@b", "Day 4", "4", "x"),
        &inbox,
        "2018-07-04T00:00:00Z",
    );
    let text = include_str!("../fixtures/rfc8621/s4_10_3.json");
    let ids = [
        ("780605", string(&told[1][1]["state"])),
        ("09aa9a075588-780599:0", string(&told[0][1]["queryState"])),
        ("fb666a55", &inbox),
    ];
    let told = calls(&client, text, &ids);
    assert_eq!(told[0][1]["created"], json!([new]));
    assert_eq!(told[1][1]["added"][0], json!({ "id": new, "index": 0 }));
    assert_eq!(told[1][1]["total"], 4);
}

#[test]
fn s4_10_a_draft_is_saved_saved_anew_and_copied() {
    let client = Client::of("ue150411c");
    let drafts = client.mailbox("drafts");
    let text = include_str!("../fixtures/rfc8621/s4_10_4.json");
    let told = calls(&client, text, &[("2ea1ca41b38e", &drafts)]);
    let first = string(&told[0][1]["created"]["k192"]["id"]).to_owned();
    let text = include_str!("../fixtures/rfc8621/s4_10_5.json");
    let ids = [
        ("2ea1ca41b38e", drafts.as_str()),
        ("Mf40b5f831efa7233b9eb1c7f", &first),
    ];
    let told = calls(&client, text, &ids);
    assert_eq!(told[0][1]["destroyed"], json!([first]));
    let second = string(&told[0][1]["created"]["k1546"]["id"]).to_owned();
    let told = client.call("Email/get", json!({
        "ids": [second], "fetchAllBodyValues": true,
        "properties": ["subject", "sentAt", "receivedAt", "bodyStructure", "bodyValues", "keywords"],
        "bodyProperties": ["partId", "type", "subParts", "header:Content-Language"],
    }));
    let email = &told["list"][0];
    assert_eq!(email["sentAt"], "2018-07-10T11:05:08+10:00");
    assert_eq!(email["receivedAt"], "2018-07-10T01:05:08Z");
    assert_eq!(email["keywords"], json!({ "$seen": true, "$draft": true }));
    let parts = email["bodyStructure"]["subParts"].as_array().unwrap();
    assert_eq!(email["bodyStructure"]["type"], "multipart/alternative");
    assert_eq!(
        (&parts[0]["type"], &parts[1]["type"]),
        (&json!("text/html"), &json!("text/plain"))
    );
    let plain = &email["bodyValues"][string(&parts[1]["partId"])]["value"];
    assert_eq!(
        string(plain).trim_end(),
        "I have the most brilliant plan.  Let me tell you all about it.  What we do is, we"
    );

    // Copied to an account that somebody else shares.
    let text = include_str!("../fixtures/rfc8621/s4_10_6.json");
    let body = json!({ "using": USING, "methodCalls": example(text, &[
        ("Md45b47b4877521042cec0938", &second),
    ])});
    let reply = client.post(&body.to_string());
    assert!(
        reply.text().contains("accountNotFound"),
        "nobody shares: {}",
        reply.text()
    );
}

#[test]
fn s5_2_snippets_are_fetched() {
    let client = Client::of("ue150411c");
    let inbox = client.mailbox("inbox");
    let text = message("a@b", "The Foo sentinel", "1", "nothing else");
    let id = client.import(&text, &inbox, "2018-07-01T00:00:00Z");
    let text = include_str!("../fixtures/rfc8621/s5_2_1.json");
    let told = calls(&client, text, &[("M7bcbcb0b58d7729686e83d99", &id)]);
    assert_eq!(
        told[0][1]["list"],
        json!([{
            "emailId": id, "subject": "The <mark>Foo</mark> sentinel", "preview": null,
        }])
    );
    assert_eq!(told[0][1]["notFound"].as_array().unwrap().len(), 2);
}

#[test]
fn s6_4_identities_are_fetched() {
    let client = Client::of("acme");
    let told = calls(
        &client,
        include_str!("../fixtures/rfc8621/s6_4_1.json"),
        &[],
    );
    assert_eq!(told[0][1]["list"][0]["email"], "acme@example.org");
    assert_eq!(told[0][1]["notFound"], json!([]));
}

#[test]
fn s7_5_1_a_draft_is_sent_and_moved() {
    let client = Client::of("ue411d190");
    client.host.principal(Principal {
        id: "ue411d190".to_owned(),
        kind: Kind::User,
        display_name: "John".to_owned(),
        addresses: vec!["john@example.com".to_owned()],
    });
    let told = client.call("Identity/get", json!({}));
    let identity = string(&told["list"][0]["id"]).to_owned();
    let (drafts, sent) = (client.mailbox("drafts"), client.mailbox("sent"));
    let text = message("john@example.com", "Hi", "1", "x");
    let email = client.import(&text, &drafts, "2018-07-01T00:00:00Z");
    client.call(
        "Email/set",
        json!({ "update": { &email: { "keywords/$draft": true } } }),
    );
    let ids = [
        ("I64588216", identity.as_str()),
        ("M7f6ed5bcfd7e2604d1753f6c", &email),
        ("7cb4e8ee-df87-4757-b9c4-2ea1ca41b38e", &drafts),
        ("73dbcb4b-bffc-48bd-8c2a-a2e91ca672f6", &sent),
    ];
    let told = calls(
        &client,
        include_str!("../fixtures/rfc8621/s7_5_1_1.json"),
        &ids,
    );
    assert_eq!(told[0][1]["created"]["k1490"]["undoStatus"], "final");
    assert_eq!(told[1][0], "Email/set");
    assert_eq!(told[1][1]["updated"], json!({ &email: null }));
    let told = client.call("Email/get", json!({ "ids": [email] }));
    assert_eq!(told["list"][0]["mailboxIds"], json!({ sent: true }));
    assert_eq!(told["list"][0]["keywords"], json!({}));
    assert_eq!(
        client.host.submissions()[0].0.recipients,
        ["jane@example.com"]
    );
}

#[test]
fn s2_2_rfc8620_the_service_is_found_by_its_name() {
    use module::Module;
    let described = Jmap::describe();
    assert_eq!(described.well_known[0].name, "jmap");
    assert_eq!(described.well_known[0].target, "/jmap/");
}
