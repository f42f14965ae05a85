//! From a request to its method, and from an error to its answer.

use crate::request::{Request, Response, ResponseBody, Sink};
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
    match anonymous::admit(&ctx).and_then(|()| method::run(&ctx)) {
        Ok(response) => response,
        Err(error) => {
            let error = challenge(&ctx, error);
            let mut response = error.response(profile);
            if matches!(error, Error::MethodNotAllowed)
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
