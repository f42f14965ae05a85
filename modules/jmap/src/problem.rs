//! Errors of a whole request, as problem details. RFC 8620 §3.6.1, RFC 7807.

use crate::json::{Object, object};
use module::{Error, Response};
use serde_json::Value;

/// Why a request gets no answer but this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A capability in `using` is not one of this server's.
    #[error("the capability {0:?} is not supported by this server")]
    UnknownCapability(String),
    /// The request is no I-JSON.
    #[error("the request is not I-JSON of type application/json: {0}")]
    NotJson(String),
    /// It is JSON, but no Request object.
    #[error("the request is not a Request object: {0}")]
    NotRequest(String),
    /// It exceeds a limit, by its name in the Session object.
    #[error("the request exceeds {0}, which is {1}")]
    Limit(&'static str, u64),
    /// An upload is too big.
    #[error("an upload has at most {0} bytes")]
    TooLarge(u64),
    /// There is no room for an upload.
    #[error("there is no room for an upload of this size")]
    NoRoom,
    /// There is nothing at this URL.
    #[error("there is nothing here: {0}")]
    NotFound(&'static str),
    /// The method is none for this URL.
    #[error("this URL is for {0}")]
    MethodNotAllowed(&'static str),
    /// The URL is malformed.
    #[error("the URL is malformed: {0}")]
    Malformed(String),
    /// The sign-in does not allow it.
    #[error("the sign-in does not allow this")]
    Forbidden,
    /// The store can't answer now.
    #[error("try again later")]
    Unavailable,
}

impl Problem {
    fn status(&self) -> u16 {
        match self {
            Self::UnknownCapability(_)
            | Self::NotJson(_)
            | Self::NotRequest(_)
            | Self::Limit(..)
            | Self::Malformed(_) => 400,
            Self::Forbidden => 403,
            Self::NotFound(_) => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::TooLarge(_) => 413,
            Self::Unavailable => 503,
            Self::NoRoom => 507,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::UnknownCapability(_) => "urn:ietf:params:jmap:error:unknownCapability",
            Self::NotJson(_) => "urn:ietf:params:jmap:error:notJSON",
            Self::NotRequest(_) => "urn:ietf:params:jmap:error:notRequest",
            Self::Limit(..) | Self::TooLarge(_) => "urn:ietf:params:jmap:error:limit",
            Self::NoRoom
            | Self::NotFound(_)
            | Self::MethodNotAllowed(_)
            | Self::Malformed(_)
            | Self::Forbidden
            | Self::Unavailable => "about:blank",
        }
    }

    /// The problem details.
    pub fn details(&self) -> Object {
        let mut details = object! {
            "type": self.kind(),
            "status": self.status(),
            "detail": self.to_string(),
        };
        match self {
            Self::Limit(limit, _) => details.insert("limit".to_owned(), (*limit).into()),
            Self::TooLarge(_) => details.insert("limit".to_owned(), "maxSizeUpload".into()),
            _ => None,
        };
        details
    }

    /// The answer.
    pub fn into_response(self) -> Response {
        let mut response = Response::new(self.status())
            .header("cache-control", "no-store")
            .body(
                "application/problem+json",
                Value::Object(self.details()).to_string(),
            );
        match self {
            Self::MethodNotAllowed(allow) => response = response.header("allow", allow),
            Self::Unavailable => response = response.header("retry-after", "5"),
            _ => {}
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound("no such account or blob"),
            Error::Forbidden(_) => Self::Forbidden,
            Error::TooLarge(limit) => Self::TooLarge(limit),
            Error::OverQuota(_) | Error::Full => Self::NoRoom,
            Error::Invalid(reason) => Self::Malformed(reason),
            _ => Self::Unavailable,
        }
    }
}
