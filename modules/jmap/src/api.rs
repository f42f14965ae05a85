//! API requests: calls in, responses out. RFC 8620 §3.

use crate::call::{Arguments, Result, is_id};
use crate::context::Context;
use crate::error::MethodError;
use crate::json::{Object, object, parse, strings};
use crate::limits::Limits;
use crate::methods::{self, Method};
use crate::problem::Problem;
use crate::reference::{WEIGHT_MAX, resolve};
use crate::session;
use module::{Body, Error, Request, Response};
use serde_json::Value;
use std::collections::BTreeMap;

/// A method call or its answer. RFC 8620 §3.2.
#[derive(Debug)]
pub struct Invocation {
    /// The method's name; `error` if it failed.
    pub name: String,
    /// The arguments.
    pub arguments: Object,
    /// What the client calls it.
    pub call_id: String,
}

/// How much is read from the body at once.
const PIECE: u32 = 1 << 20;

/// Answers a POST to the API.
pub fn handle(request: Request) -> std::result::Result<Response, Problem> {
    let limits = Limits::load();
    let media_type = request.headers.get("content-type").unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::NotJson(format!("its type is {media_type:?}")));
    }
    let body = match &request.body {
        Some(body) => read(body, limits.max_size_request)?,
        None => Vec::new(),
    };
    let mut context = Context::new(request.received, limits);
    let answer = answer(&body, &mut context)?;
    let text = serde_json::to_vec(&answer).map_err(|_| Problem::Unavailable)?;
    Ok(Response::new(200)
        .header("cache-control", "no-cache, no-store, must-revalidate")
        .body("application/json", text))
}

/// The Response object for a Request object.
pub fn answer(body: &[u8], context: &mut Context) -> std::result::Result<Value, Problem> {
    let value = parse(body).map_err(|error| Problem::NotJson(error.to_string()))?;
    let calls = Calls::read(value, &context.limits)?;
    let with_created_ids = calls.created_ids.is_some();
    context.created_ids = calls.created_ids.unwrap_or_default();
    context.using = calls.using;
    let mut responses = Vec::with_capacity(calls.calls.len());
    let mut left = WEIGHT_MAX;
    for call in calls.calls {
        let Invocation {
            name,
            arguments,
            call_id,
        } = call;
        let method = methods::find(&name, &context.using);
        let result = resolve(arguments, &responses, &mut left)
            .and_then(|arguments| run(method, arguments, context));
        respond(&mut responses, name, call_id.clone(), result);
        for (name, arguments) in std::mem::take(&mut context.implicit) {
            let result = run(methods::named(name), arguments, context);
            respond(&mut responses, name.to_owned(), call_id.clone(), result);
        }
    }
    let responses = responses.into_iter().map(|response| {
        Value::Array(vec![
            response.name.into(),
            Value::Object(response.arguments),
            response.call_id.into(),
        ])
    });
    let mut answer = object! {
        "methodResponses": responses.collect::<Vec<_>>(),
        "sessionState": session::state(context)?,
    };
    if with_created_ids {
        let ids = std::mem::take(&mut context.created_ids);
        let ids: Object = ids
            .into_iter()
            .map(|(id, real)| (id, real.into()))
            .collect();
        answer.insert("createdIds".to_owned(), Value::Object(ids));
    }
    Ok(Value::Object(answer))
}

fn run(method: Option<Method>, arguments: Object, context: &mut Context) -> Result<Object> {
    let method = method.ok_or_else(|| MethodError::new("unknownMethod"))?;
    method(context, Arguments::new(arguments))
}

fn respond(responses: &mut Vec<Invocation>, name: String, call_id: String, result: Result<Object>) {
    let (name, arguments) = match result {
        Ok(arguments) => (name, arguments),
        Err(error) => ("error".to_owned(), error.into_arguments()),
    };
    responses.push(Invocation {
        name,
        arguments,
        call_id,
    });
}

/// Reads the whole body, as long as it is within the limit.
fn read(body: &Body, size_max: u64) -> std::result::Result<Vec<u8>, Problem> {
    let over = || Problem::Limit("maxSizeRequest", size_max);
    if body.length().is_some_and(|length| length > size_max) {
        return Err(over());
    }
    let mut bytes = Vec::new();
    loop {
        let piece = body.read(PIECE).map_err(|error| match error {
            Error::TooLarge(limit) => Problem::Limit("maxSizeRequest", limit),
            Error::Invalid(reason) => Problem::NotJson(reason),
            other => other.into(),
        })?;
        if piece.is_empty() {
            return Ok(bytes);
        }
        bytes.extend(piece);
        if bytes.len() as u64 > size_max {
            return Err(over());
        }
    }
}

/// A Request object. RFC 8620 §3.3.
struct Calls {
    using: Vec<String>,
    calls: Vec<Invocation>,
    created_ids: Option<BTreeMap<String, String>>,
}

impl Calls {
    fn read(value: Value, limits: &Limits) -> std::result::Result<Self, Problem> {
        let bad = |what: &str| Problem::NotRequest(what.to_owned());
        let Value::Object(mut request) = value else {
            return Err(bad("it is no object"));
        };
        let Some(Value::Array(using)) = request.remove("using") else {
            return Err(bad("\"using\" is no String[]"));
        };
        let using = using.into_iter().map(|capability| match capability {
            Value::String(capability) => Ok(capability),
            _ => Err(bad("\"using\" is no String[]")),
        });
        let using = using.collect::<std::result::Result<Vec<_>, _>>()?;
        let Some(Value::Array(calls)) = request.remove("methodCalls") else {
            return Err(bad("\"methodCalls\" is no Invocation[]"));
        };
        let created_ids = match request.remove("createdIds") {
            None | Some(Value::Null) => None,
            Some(Value::Object(ids)) => {
                let ids = ids.into_iter().map(|(id, real)| match real {
                    Value::String(real) if is_id(&real) && is_id(&id) => Ok((id, real)),
                    _ => Err(bad("\"createdIds\" is no Id[Id]")),
                });
                Some(ids.collect::<std::result::Result<_, _>>()?)
            }
            Some(_) => return Err(bad("\"createdIds\" is no Id[Id]")),
        };
        if let Some(unknown) = using.iter().find(|name| !session::supports(name)) {
            return Err(Problem::UnknownCapability(unknown.clone()));
        }
        if calls.len() as u64 > limits.max_calls_in_request {
            return Err(Problem::Limit(
                "maxCallsInRequest",
                limits.max_calls_in_request,
            ));
        }
        let calls = calls.into_iter().map(|call| {
            invocation(call)
                .ok_or_else(|| bad("an Invocation is an array of a String, an object and a String"))
        });
        Ok(Self {
            using,
            calls: calls.collect::<std::result::Result<_, _>>()?,
            created_ids,
        })
    }
}

fn invocation(value: Value) -> Option<Invocation> {
    let Value::Array(items) = value else {
        return None;
    };
    let [name, arguments, call_id] = <[Value; 3]>::try_from(items).ok()?;
    match (name, arguments, call_id) {
        (Value::String(name), Value::Object(arguments), Value::String(call_id)) => {
            Some(Invocation {
                name,
                arguments,
                call_id,
            })
        }
        _ => None,
    }
}

/// `Core/echo`. RFC 8620 §4.
pub fn echo(_: &mut Context, arguments: Arguments) -> Result<Object> {
    Ok(arguments.into_object())
}

/// Ids as an array, or null if there are none.
pub fn ids_or_null(ids: Vec<String>) -> Value {
    match ids.is_empty() {
        true => Value::Null,
        false => strings(ids),
    }
}
