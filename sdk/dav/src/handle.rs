//! From a request to its method, and from an error to its answer.

use crate::request::{Request, Response, ResponseBody, Sink, Status};
use crate::store::Store;
use crate::{Context, Error, Profile, anonymous, method};

/// Answers a request.
///
/// Long answers go through `sink` while they are written; the returned body then says
/// [`ResponseBody::Streamed`] or [`ResponseBody::Broken`]. HEAD is answered as GET: the host leaves
/// the body out.
pub fn handle<'c>(
    profile: &'c Profile,
    store: &'c dyn Store,
    request: Request<'c>,
    sink: &'c mut dyn Sink,
) -> Response {
    let ctx = match Context::new(profile, store, request, sink) {
        Ok(ctx) => ctx,
        Err(error) => return error.response(profile),
    };
    match anonymous::admit(&ctx).and_then(|()| run(&ctx)) {
        Ok(response) => response,
        Err(error) => {
            let error = challenge(&ctx, error);
            let mut response = error.response(profile);
            // RFC 9110 §15.5.6, whatever else there is to say.
            if response.status == Status::METHOD_NOT_ALLOWED
                && let Ok(allow) = method::options::allow(&ctx)
            {
                response.set("Allow", allow);
            }
            if ctx.is_streaming() {
                response.body = ResponseBody::Broken(error.to_string());
            }
            response
        }
    }
}

/// How often a request is answered from its start: whatever commits in between makes it too late, and
/// of so many at once each has its turn.
const ATTEMPTS: usize = 12;

/// Answers the request by its method. What was changed by another request after it was read, is read
/// again: the conditions of the client then say whether it still wants the change, and without any it
/// does.
fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let mut answer = method::run(ctx);
    for _ in 1..ATTEMPTS {
        match answer {
            Err(Error::Changed | Error::Exists | Error::Gone) if ctx.start_over() => {
                answer = method::run(ctx);
            }
            other => return other.map_err(|error| overtaken(ctx, error)),
        }
    }
    answer.map_err(|error| overtaken(ctx, error))
}

/// What it means to the client that a change came too late, and cannot be tried again.
fn overtaken(ctx: &Context<'_>, error: Error) -> Error {
    let failed = |name: &str| Error::PreconditionFailed(format!("{name} does not hold any more"));
    let find = |names: &[&'static str]| {
        let mut names = names.iter().copied();
        names.find(|name| ctx.header(name).is_some())
    };
    match error {
        Error::Changed => match find(&["If", "If-Match", "If-None-Match", "If-Unmodified-Since"]) {
            Some(name) => failed(name),
            None => Error::Busy,
        },
        Error::Gone => Error::NotFound,
        // Something may also be there that the client may not know of, and no later one will pass.
        Error::Exists => find(&["If-None-Match"]).map_or(Error::Exists, failed),
        error => error,
    }
}

/// Anonymous is asked to sign in wherever somebody else might be let in.
fn challenge(ctx: &Context<'_>, error: Error) -> Error {
    if ctx.user.is_some() {
        return error;
    }
    match &error {
        Error::Forbidden(_) => Error::Unauthenticated,
        Error::Violated(condition, _) if *condition == crate::error::NEED_PRIVILEGES => {
            Error::Unauthenticated
        }
        // What is not there and what is not for anonymous must look the same.
        Error::NotFound => Error::Unauthenticated,
        _ => error,
    }
}
