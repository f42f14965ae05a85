//! FilterConditions of Emails. RFC 8621 §4.4.1.

use crate::call::Result;
use crate::error::MethodError;
use crate::id::MailboxId;
use crate::json::Object;
use crate::mail::keywords;
use crate::utc_date;
use mail::{Condition as Sought, Place};
use module::Instant;
use serde_json::Value;

/// A FilterCondition: all of these hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition(pub Vec<Test>);

/// One property of a FilterCondition.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is in this Mailbox; none is the one of an id that there is not.
    InMailbox(Option<MailboxId>),
    /// It is in a Mailbox that is none of these.
    InMailboxOtherThan(Vec<MailboxId>),
    /// It was received before.
    Before(Instant),
    /// It was received then or later.
    After(Instant),
    /// It has as many octets or more.
    MinSize(u64),
    /// It has fewer octets.
    MaxSize(u64),
    /// All Emails of its Thread have the keyword.
    AllInThreadHave(String),
    /// One Email of its Thread has it.
    SomeInThreadHave(String),
    /// No Email of its Thread has it.
    NoneInThreadHave(String),
    /// It has the keyword.
    Has(String),
    /// It does not have it.
    HasNot(String),
    /// What the index, or the message itself, has to say.
    Content(Content),
}

/// What is asked of the message itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// `hasAttachment` is this.
    HasAttachment(bool),
    /// Text occurs there.
    Text(Place, Sought),
    /// There is a header field of this name, in lower case, and text in it if any is given.
    Header(String, Option<Sought>),
}

impl Condition {
    /// Reads a FilterCondition.
    pub fn read(object: Object) -> Result<Self> {
        let mut tests = Vec::with_capacity(object.len());
        for (name, value) in object {
            let test = read(&name, &value).ok_or_else(|| {
                MethodError::described(
                    "unsupportedFilter",
                    format!("no condition {name:?} of this value"),
                )
            })?;
            tests.push(test);
        }
        Ok(Self(tests))
    }
}

fn read(name: &str, value: &Value) -> Option<Test> {
    let text = || value.as_str();
    let date = || utc_date::parse_date(text()?);
    let keyword = || {
        let keyword = text()?.to_ascii_lowercase();
        keywords::is_valid(&keyword).then_some(keyword)
    };
    let sought = |place: Place| {
        let sought = Sought::new(place.clone(), text()?);
        Some(Test::Content(Content::Text(place, sought)))
    };
    Some(match name {
        "inMailbox" => Test::InMailbox(MailboxId::parse(text()?)),
        "inMailboxOtherThan" => {
            let ids = value.as_array()?.iter();
            let ids: Option<Vec<&str>> = ids.map(Value::as_str).collect();
            Test::InMailboxOtherThan(ids?.into_iter().filter_map(MailboxId::parse).collect())
        }
        "before" => Test::Before(date()?),
        "after" => Test::After(date()?),
        "minSize" => Test::MinSize(value.as_u64()?),
        "maxSize" => Test::MaxSize(value.as_u64()?),
        "allInThreadHaveKeyword" => Test::AllInThreadHave(keyword()?),
        "someInThreadHaveKeyword" => Test::SomeInThreadHave(keyword()?),
        "noneInThreadHaveKeyword" => Test::NoneInThreadHave(keyword()?),
        "hasKeyword" => Test::Has(keyword()?),
        "notKeyword" => Test::HasNot(keyword()?),
        "hasAttachment" => Test::Content(Content::HasAttachment(value.as_bool()?)),
        "text" => sought(Place::Text)?,
        "from" => sought(Place::Field("From"))?,
        "to" => sought(Place::Field("To"))?,
        "cc" => sought(Place::Field("Cc"))?,
        "bcc" => sought(Place::Field("Bcc"))?,
        "subject" => sought(Place::Field("Subject"))?,
        "body" => sought(Place::Body)?,
        "header" => {
            let mut items = value.as_array()?.iter().map(Value::as_str);
            let field = items.next()??.to_ascii_lowercase();
            let text = match items.next() {
                None => None,
                Some(text) => Some(Sought::new(Place::Header(field.clone()), text?)),
            };
            if items.next().is_some() || field.is_empty() {
                return None;
            }
            Test::Content(Content::Header(field, text))
        }
        _ => return None,
    })
}
