//! Errors of a method call (RFC 8620 §3.6.2) and of one object in a `/set` (RFC 8620 §5.3).

use crate::json::{Object, object, strings};
use module::Error;
use serde_json::Value;

/// Why a method call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodError {
    /// The type, as in the registry: `invalidArguments`.
    pub kind: &'static str,
    /// What was wrong, for whoever debugs the client.
    pub description: Option<String>,
}

impl MethodError {
    /// An error that says all by its type.
    pub const fn new(kind: &'static str) -> Self {
        Self {
            kind,
            description: None,
        }
    }

    /// An argument is missing, of the wrong type, or senseless.
    pub fn invalid_arguments(description: impl Into<String>) -> Self {
        Self::described("invalidArguments", description)
    }

    /// An error with a description.
    pub fn described(kind: &'static str, description: impl Into<String>) -> Self {
        Self {
            kind,
            description: Some(description.into()),
        }
    }

    /// The arguments of the `error` response.
    pub fn into_arguments(self) -> Object {
        let mut arguments = object! { "type": self.kind };
        if let Some(description) = self.description {
            arguments.insert("description".to_owned(), description.into());
        }
        arguments
    }
}

impl From<Error> for MethodError {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotFound => "accountNotFound",
            Error::Forbidden(_) => "forbidden",
            Error::TooOld => "cannotCalculateChanges",
            Error::TooMany(_) | Error::TooLarge(_) => "requestTooLarge",
            Error::Unavailable(_) | Error::Full | Error::Conflict | Error::Locked(_) => {
                "serverUnavailable"
            }
            Error::Exists
            | Error::DuplicateKey(_)
            | Error::OverQuota(_)
            | Error::Invalid(_)
            | Error::Unsupported(_) => "serverFail",
        };
        Self::described(kind, error.to_string())
    }
}

/// What most functions for one object of a `/set` return.
pub type SetResult<T> = std::result::Result<T, SetError>;

/// Why one object was not created, updated or destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetError {
    /// The type: `invalidProperties`.
    pub kind: &'static str,
    /// What was wrong, for whoever debugs the client.
    pub description: Option<String>,
    /// What else the type has: `properties`, `existingId`.
    pub more: Object,
}

impl SetError {
    /// An error that says all by its type.
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            description: None,
            more: Object::new(),
        }
    }

    /// An error with a description.
    pub fn described(kind: &'static str, description: impl Into<String>) -> Self {
        Self {
            description: Some(description.into()),
            ..Self::new(kind)
        }
    }

    /// These properties are wrong.
    pub fn invalid_properties<'a>(
        properties: impl IntoIterator<Item = &'a str>,
        description: impl Into<String>,
    ) -> Self {
        let mut error = Self::described("invalidProperties", description);
        error
            .more
            .insert("properties".to_owned(), strings(properties));
        error
    }

    /// This property is wrong.
    pub fn invalid(property: &str, description: impl Into<String>) -> Self {
        Self::invalid_properties([property], description)
    }

    /// Adds what the type has besides.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The SetError object.
    pub fn into_value(self) -> Value {
        let mut error = self.more;
        error.insert("type".to_owned(), self.kind.into());
        if let Some(description) = self.description {
            error.insert("description".to_owned(), description.into());
        }
        Value::Object(error)
    }
}

/// Refuses an object some properties of which are wrong, by their names; `description` says what would
/// be right.
pub fn check_properties(
    object: &Object,
    is_good: impl Fn(&str, &Value) -> bool,
    description: impl Into<String>,
) -> SetResult<()> {
    let bad = object.iter().filter(|(name, value)| !is_good(name, value));
    let bad: Vec<&str> = bad.map(|(name, _)| name.as_str()).collect();
    match bad.is_empty() {
        true => Ok(()),
        false => Err(SetError::invalid_properties(bad, description)),
    }
}

impl From<Error> for SetError {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotFound => "notFound",
            Error::Forbidden(_) | Error::Locked(_) => "forbidden",
            Error::OverQuota(_) | Error::Full | Error::TooMany(_) => "overQuota",
            Error::TooLarge(_) => "tooLarge",
            Error::Exists | Error::DuplicateKey(_) => "alreadyExists",
            Error::Invalid(_) => "invalidProperties",
            Error::Unsupported(_) => "forbidden",
            Error::Conflict | Error::TooOld | Error::Unavailable(_) => "serverUnavailable",
        };
        Self::described(kind, error.to_string())
    }
}
