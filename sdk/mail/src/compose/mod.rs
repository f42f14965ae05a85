//! Messages made from the Email objects that clients create: RFC 8621 §4.6.

mod fields;
mod part;
mod structure;

pub(crate) use fields::text;

use crate::Date;
use fields::{Fields, Owner};
use mail_builder::MessageBuilder;
use part::Parts;
use serde_json::{Map, Value as Json};

/// What a message gets that its creator has not said.
#[derive(Clone, Debug)]
pub struct Surroundings<'a> {
    /// Now, in seconds since 1970.
    pub now: i64,
    /// The left side of a Message-ID: unique, for ever.
    pub unique: &'a str,
    /// The domain that a Message-ID is unique in.
    pub domain: &'a str,
    /// The most octets that all parts together may have.
    pub size_max: usize,
}

impl Surroundings<'_> {
    /// The value of a Date field: RFC 5322 §3.6.1.
    pub(crate) fn date(&self) -> String {
        let now = Date::from_seconds(self.now);
        now.map(|date| date.to_rfc5322()).unwrap_or_default()
    }

    /// The value of a Message-ID field: RFC 5322 §3.6.4.
    pub(crate) fn message_id(&self) -> String {
        format!("<{}@{}>", self.unique, self.domain)
    }
}

/// Why an Email can't be created: SetErrors of RFC 8620 §5.3 and RFC 8621 §4.6.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// `invalidProperties`.
    #[error("{description}")]
    InvalidProperties {
        /// The properties of the Email that are wrong.
        properties: Vec<String>,
        /// What is wrong with them.
        description: String,
    },
    /// `blobNotFound`.
    #[error("blobs are not there: {}", .not_found.join(", "))]
    BlobNotFound {
        /// The ids of all blobs that are not there.
        not_found: Vec<String>,
    },
    /// `tooLarge`.
    #[error("the parts have more than {max} octets together")]
    TooLarge {
        /// How many they may have.
        max: usize,
    },
}

impl ComposeError {
    pub(crate) fn invalid(property: &str, description: impl Into<String>) -> Self {
        Self::InvalidProperties {
            properties: vec![property.to_owned()],
            description: description.into(),
        }
    }
}

/// Properties of an Email that are not in the message.
const OUTSIDE: [&str; 3] = ["mailboxIds", "keywords", "receivedAt"];

/// Properties of an Email that make its body.
const BODY: [&str; 5] = [
    "bodyStructure",
    "bodyValues",
    "textBody",
    "htmlBody",
    "attachments",
];

/// Makes a message of an Email object; `blob` gives the octets of a blob. What is not in the message
/// (`mailboxIds`, `keywords`, `receivedAt`) is passed over.
pub fn compose(
    email: &Map<String, Json>,
    surroundings: &Surroundings<'_>,
    mut blob: impl FnMut(&str) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, ComposeError> {
    let mut fields = Fields::new(Owner::Email);
    for (property, value) in email {
        let property = property.as_str();
        if OUTSIDE.contains(&property) || BODY.contains(&property) {
            continue;
        }
        if !fields.add(property, value)? {
            return Err(ComposeError::invalid(
                property,
                format!("{property} is no property that an Email is created with"),
            ));
        }
    }
    if !fields.has("Date") {
        fields.push_raw("Date", surroundings.date());
    }
    if !fields.has("Message-ID") {
        fields.push_raw("Message-ID", surroundings.message_id());
    }
    let mut parts = Parts::new(email, &mut blob, surroundings.size_max);
    let root = structure::read(email, &mut parts, &fields)?;
    if let Some(error) = parts.missing() {
        return Err(error);
    }
    let mut builder = MessageBuilder::new();
    for (name, value) in fields.into_headers() {
        builder = builder.header(name, value);
    }
    let mut message = Vec::new();
    builder.body(root).serialize(&mut message);
    Ok(message)
}
