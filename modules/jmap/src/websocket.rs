//! JMAP over WebSocket: `GET /jmap/ws/`. RFC 8887.
//!
//! The host holds the connection, and hands each message to an instance of its own, one after the
//! other: a client that waits costs none.

use crate::api;
use crate::context::{Context, now};
use crate::json::{Object, object, parse};
use crate::limits::Limits;
use crate::problem::Problem;
use crate::push::{Known, TYPES, Token, look};
use module::{Answer, Modseq, Push, Request, Response, Subscription, Transport};
use serde_json::Value;

/// The subprotocol. RFC 8887 §4.
const SUBPROTOCOL: &str = "jmap";
/// Who has not asked to be told of changes has seen all that it wants to see.
const SILENT: Modseq = Modseq::MAX;

/// What the Session object says of it. RFC 8887 §3.
pub fn capability(request: &Request, mount: &str) -> Object {
    let scheme = match request.scheme.as_str() {
        "https" => "wss",
        _ => "ws",
    };
    object! {
        "url": format!("{scheme}://{}{mount}/ws/", request.authority),
        "supportsPush": true,
    }
}

/// Answers the handshake. RFC 8887 §4.2.
pub fn handle(request: &Request) -> Result<Answer, Problem> {
    let offered = request.headers.all("sec-websocket-protocol");
    let mut offered = offered.flat_map(|offered| offered.split(','));
    // Who opens no WebSocket at all is told so by the host.
    if request.headers.get("upgrade").is_some()
        && !offered.any(|offered| offered.trim() == SUBPROTOCOL)
    {
        let text = format!("Sec-WebSocket-Protocol has to name {SUBPROTOCOL}");
        return Err(Problem::Malformed(text));
    }
    let seen = look(&mut Context::new(request.received, Limits::load()))?;
    let response = Response::new(200)
        .header("sec-websocket-protocol", SUBPROTOCOL)
        .header("cache-control", "no-store");
    let subscription = Subscription {
        transport: Transport::Websocket,
        topics: seen.topics,
        since: SILENT,
        token: Vec::new(),
        ping_ms: 0,
    };
    Ok(Answer::Subscribed(response, subscription))
}

/// Answers a message. RFC 8887 §4.3.
pub fn message(text: &[u8], since: Modseq, token: Vec<u8>) -> Push {
    let mut push = Push::nothing(since, token);
    let mut id = Value::Null;
    let answered = answer(text, &mut id, &mut push);
    let answer = answered.unwrap_or_else(|problem| {
        let mut details = problem.details();
        details.insert("@type".to_owned(), "RequestError".into());
        details.insert("requestId".to_owned(), id);
        Some(details)
    });
    let answer = answer.map(|answer| Value::Object(answer).to_string().into_bytes());
    push.pieces.extend(answer);
    push
}

/// The answer, if there is one. The id of a request is noted as soon as it is known.
fn answer(text: &[u8], id: &mut Value, push: &mut Push) -> Result<Option<Object>, Problem> {
    let limits = Limits::load();
    if text.len() as u64 > limits.max_size_request {
        return Err(Problem::Limit("maxSizeRequest", limits.max_size_request));
    }
    let bad = |what: &str| Problem::NotRequest(what.to_owned());
    let value = parse(text).map_err(|error| Problem::NotJson(error.to_string()))?;
    let Value::Object(mut message) = value else {
        return Err(bad("it is no object"));
    };
    match message.remove("id") {
        None | Some(Value::Null) => {}
        Some(Value::String(given)) => *id = given.into(),
        Some(_) => return Err(bad("\"id\" is no String")),
    }
    let kind = message.remove("@type");
    match kind.as_ref().and_then(Value::as_str) {
        Some("Request") => {
            let mut response = api::answer_request(message, &mut Context::new(now(), limits))?;
            response.insert("@type".to_owned(), "Response".into());
            if !id.is_null() {
                response.insert("requestId".to_owned(), id.take());
            }
            Ok(Some(response))
        }
        Some("WebSocketPushEnable") => enable(message, push),
        Some("WebSocketPushDisable") => {
            (push.since, push.token) = (SILENT, Vec::new());
            Ok(None)
        }
        _ => Err(bad(
            "\"@type\" is none of Request, WebSocketPushEnable and WebSocketPushDisable",
        )),
    }
}

/// Tells of changes from now on, and at once of those since the state that the client has.
/// RFC 8887 §4.3.5.2.
fn enable(mut message: Object, push: &mut Push) -> Result<Option<Object>, Problem> {
    let bad = |what: &str| Problem::NotRequest(what.to_owned());
    let types = match message.remove("dataTypes") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(types)) => {
            let types = types.into_iter().map(|name| match name {
                Value::String(name) => Ok(name),
                _ => Err(bad("\"dataTypes\" is no String[]|null")),
            });
            let types = types.collect::<Result<Vec<_>, _>>()?;
            let known = TYPES
                .into_iter()
                .filter(|name| types.iter().any(|it| it == name));
            let known: Vec<String> = known.map(str::to_owned).collect();
            // Nothing that there is here; no type at all would mean all.
            if known.is_empty() {
                (push.since, push.token) = (SILENT, Vec::new());
                return Ok(None);
            }
            known
        }
        Some(_) => return Err(bad("\"dataTypes\" is no String[]|null")),
    };
    let known = match message.remove("pushState") {
        None | Some(Value::Null) => None,
        // Whoever comes with a state of another server, or of a time long ago, knows nothing.
        Some(Value::String(state)) => Some(Known::read(&state).unwrap_or_default()),
        Some(_) => return Err(bad("\"pushState\" is no String")),
    };
    let seen = look(&mut Context::new(now(), Limits::load()))?;
    let mut token = Token::of_socket(types, known, &seen);
    let change = token.tell(&seen);
    (push.since, push.token) = (seen.modseq, token.write());
    Ok(change)
}
