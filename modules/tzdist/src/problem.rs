//! What is wrong with a request, in the form of RFC 7807, with the codes of RFC 7808 §10.4.

use module::Response;
use serde_json::json;

/// What is wrong with a request.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    /// What is wrong in this very request, and what to do.
    detail: String,
}

/// An error code, each from the action that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is no such action.
    NotAnAction,
    /// The request can't be understood, whatever its action.
    InvalidAction,
    /// RFC 7808 §5.2.
    InvalidChangedSince,
    /// RFC 7808 §5.3.
    TzidNotFound,
    /// RFC 7808 §5.3.
    InvalidFormat,
    /// RFC 7808 §5.3, §5.4.
    InvalidStart,
    /// RFC 7808 §5.3, §5.4.
    InvalidEnd,
    /// RFC 7808 §5.5.
    InvalidPattern,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Self::NotAnAction | Self::InvalidAction => "invalid-action",
            Self::InvalidChangedSince => "invalid-changedsince",
            Self::TzidNotFound => "tzid-not-found",
            Self::InvalidFormat => "invalid-format",
            Self::InvalidStart => "invalid-start",
            Self::InvalidEnd => "invalid-end",
            Self::InvalidPattern => "invalid-pattern",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::NotAnAction => "There is no such action",
            Self::InvalidAction => "The request can't be understood",
            Self::InvalidChangedSince => "The parameter \"changedsince\" is wrong",
            Self::TzidNotFound => "There is no time zone of this name",
            Self::InvalidFormat => "Time zone data does not come in this format",
            Self::InvalidStart => "The parameter \"start\" is wrong or missing",
            Self::InvalidEnd => "The parameter \"end\" is wrong or missing",
            Self::InvalidPattern => "The parameter \"pattern\" is wrong",
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::NotAnAction | Self::TzidNotFound => 404,
            Self::InvalidFormat => 406,
            Self::InvalidAction
            | Self::InvalidChangedSince
            | Self::InvalidStart
            | Self::InvalidEnd
            | Self::InvalidPattern => 400,
        }
    }
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { kind, detail }
    }

    pub(crate) fn into_response(self) -> Response {
        let status = self.kind.status();
        let body = json!({
            "type": format!("urn:ietf:params:tzdist:error:{}", self.kind.code()),
            "title": self.kind.title(),
            "status": status,
            "detail": self.detail,
        });
        Response::new(status)
            .header("content-language", "en")
            .body("application/problem+json", body.to_string())
    }
}
