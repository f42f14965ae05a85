//! What the host itself says no with.

use super::reply::Reply;
use crate::push::{Refused, Unheld};
use http::header::{ALLOW, RETRY_AFTER};
use http::{Method, StatusCode};
use runtime::HandleError;
use std::time::Duration;

/// After how long those are asked to come again who found the host busy.
pub const BUSY_WAIT: Duration = Duration::from_secs(5);

/// 400, and what makes no sense.
pub fn bad_request(problem: &str) -> Reply {
    Reply::text(StatusCode::BAD_REQUEST, format!("bad request: {problem}"))
}

/// 405, with the methods that there are. RFC 9110 §15.5.6.
pub fn wrong_method<S: AsRef<str>>(method: &Method, allowed: &[S]) -> Reply {
    let text = format!("no {method} here");
    let mut reply = Reply::text(StatusCode::METHOD_NOT_ALLOWED, text);
    let allowed: Vec<&str> = allowed.iter().map(AsRef::as_ref).collect();
    reply.set_text(ALLOW, &allowed.join(", "));
    reply
}

/// 403: a client that is asked for a password here would send it where others read it.
pub fn no_passwords() -> Reply {
    Reply::text(
        StatusCode::FORBIDDEN,
        "passwords are taken over TLS only: use https",
    )
}

/// 413.
pub fn too_large(size_max: u64) -> Reply {
    let text = format!("the body is longer than {size_max} bytes");
    Reply::text(StatusCode::PAYLOAD_TOO_LARGE, text)
}

/// 503: a tenant's store can't be opened; the log says why.
pub fn unavailable() -> Reply {
    let text = "this can't be served now";
    later(StatusCode::SERVICE_UNAVAILABLE, BUSY_WAIT, text)
}

/// Asks to come again. RFC 9110 §10.2.3.
pub fn later(status: StatusCode, wait: Duration, text: &str) -> Reply {
    let mut reply = Reply::text(status, text);
    reply.set(RETRY_AFTER, wait.as_secs().max(1).into());
    reply
}

/// 501, to a CONNECT for a WebSocket where there is none.
pub fn no_websocket() -> Reply {
    Reply::text(StatusCode::NOT_IMPLEMENTED, "there is no WebSocket here")
}

/// A client that wants to wait for changes, and can't.
pub fn unheld(refused: &Refused) -> Reply {
    match refused {
        Refused::Unheld(Unheld::TooMany) => later(
            StatusCode::TOO_MANY_REQUESTS,
            BUSY_WAIT,
            "too many of your connections wait for changes",
        ),
        Refused::Unheld(Unheld::Stopping) => later(
            StatusCode::SERVICE_UNAVAILABLE,
            BUSY_WAIT,
            "the server is about to stop, or to change; come again",
        ),
        Refused::Store(storage::Error::NotFound) => Reply::text(
            StatusCode::NOT_FOUND,
            "what this waits for is not there, or not yours to see",
        ),
        Refused::Store(error) => {
            tracing::warn!("can't wait for changes: {error}");
            unavailable()
        }
    }
}

/// The one place where a module's failure becomes a status, and a text. The runtime has told the log.
pub fn reason(error: &HandleError) -> (StatusCode, &'static str) {
    match error {
        HandleError::Trapped { .. } => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "this failed; the server's log says why",
        ),
        HandleError::Deadline { .. } | HandleError::Memory { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "this took too much: it was ended",
        ),
        HandleError::Busy { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is busy: try again in a moment",
        ),
        HandleError::BackedOff { .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "this keeps failing: try again later",
        ),
        // RFC 6585 §4.
        HandleError::OverRate { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "too many requests: wait a while",
        ),
        HandleError::OverCpu { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "too much was asked for: wait a while",
        ),
    }
}

/// What a module's failure is answered with.
pub fn failed(error: &HandleError) -> Reply {
    let (status, text) = reason(error);
    match error.retry_after() {
        // Whole seconds: too late rather than too early.
        Some(wait) => later(
            status,
            wait.saturating_add(Duration::from_millis(999)),
            text,
        ),
        None => Reply::text(status, text),
    }
}
