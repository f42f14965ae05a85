//! Messages that Python's package `email` has written are read as it reads them: seventeen charsets,
//! encoded words, names of files by RFC 2231, groups. See `fixtures/judged/README.md`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mail::{HeaderProperty, Limits, Message};
use serde_json::{Value, json};

fn property(message: &Message<'_>, name: &str) -> Value {
    let property = HeaderProperty::parse(name).unwrap().unwrap();
    property.read(message.header())
}

#[test]
fn what_python_writes_is_what_is_read() {
    let judged = include_str!("fixtures/judged/written_by_python.json");
    let judged: Vec<Value> = serde_json::from_str(judged).unwrap();
    assert_eq!(judged.len(), 34);
    for expected in judged {
        let bytes = expected["message"].as_str().unwrap();
        let message = Message::parse(bytes.as_bytes(), &Limits::default());
        let told = |name: &str| property(&message, name);
        let id = &expected["id"];
        for (name, key) in [
            ("subject", "subject"),
            ("from", "from"),
            ("to", "to"),
            ("cc", "cc"),
        ] {
            assert_eq!(told(name), expected[key], "{name} of {id}");
        }
        assert_eq!(told("sentAt"), expected["date"], "{id}");
        assert_eq!(told("messageId"), json!([id]));
        let groups = told("header:Cc:asGroupedAddresses");
        let groups = groups.as_array().unwrap().iter();
        let groups: Vec<Value> = groups.map(|group| group["name"].clone()).collect();
        assert_eq!(json!(groups), expected["group"], "{id}");
        let parts = message.parts().iter().map(|part| {
            let is_inner = part.type_ == "message/rfc822";
            let is_text = part.type_.starts_with("text/");
            let value = is_text.then(|| part.body_value(0));
            assert!(
                !value
                    .as_ref()
                    .is_some_and(|value| value.is_encoding_problem),
                "{id}"
            );
            json!({
                "type": part.type_,
                "name": part.name().filter(|_| !is_inner),
                "size": (!part.is_multipart() && !is_inner).then(|| part.size()),
                "text": value.map(|value| value.value),
            })
        });
        assert_eq!(parts.collect::<Value>(), expected["parts"], "{id}");
    }
}
