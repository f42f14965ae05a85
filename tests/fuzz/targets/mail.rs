//! Mail that strangers write: it is read, shown, searched and made safe without a panic, and all of it
//! is somewhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::html::{Image, sanitise, to_text};
use mail::keys::keys;
use mail::{Body, Condition, Form, Limits, Message, Place, preview, thread_keys};

const FORMS: [Form; 7] = [
    Form::Raw,
    Form::Text,
    Form::Addresses,
    Form::GroupedAddresses,
    Form::MessageIds,
    Form::Date,
    Form::Urls,
];

fuzz_target!(|bytes: &[u8]| {
    let message = Message::parse(bytes, &Limits::default());
    let body = Body::of(&message);
    assert!(preview(&message, &body).chars().count() <= 256);
    body.has_attachment(&message);
    thread_keys(message.header());
    for (at, part) in message.parts().iter().enumerate() {
        assert_eq!(part.part_id().is_none(), part.is_multipart());
        if !part.is_multipart() {
            assert_eq!(part.size(), part.decoded().len());
            let lists = [&body.text, &body.html, &body.attachments];
            assert!(lists.iter().any(|list| list.contains(&at)));
        }
        let value = part.body_value(100);
        assert!(value.value.len() <= 100);
        if part.type_ == "text/html" {
            let html = part.body_value(0).value;
            to_text(&html, usize::MAX);
            sanitise(&html, |_| Image::Gone);
        }
        for field in part.fields().iter().take(50) {
            for form in FORMS {
                field.value_as(form);
            }
        }
    }
    keys(bytes, 0);
    let condition = Condition::new(Place::Text, "\"a b\" c");
    condition.matches(&message);
    let text = String::from_utf8_lossy(bytes);
    if let Some(snippet) = condition.snippet(&text) {
        assert!(snippet.len() <= 255);
    }
});
