//! What the head of a request means, and what is refused before anyone looks whose it is.

use super::dispatch::Dispatch;
use super::refuse::{bad_request, wrong_method};
use super::reply::Reply;
use super::{known_methods, target};
use http::header::{ALLOW, EXPECT, TRANSFER_ENCODING};
use http::{Method, Request, StatusCode};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The methods of files.
pub(super) const FILE_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// What the head of a request means.
pub(super) struct Understood {
    /// Host and port, as the client named them; none where it named none.
    pub(super) authority: Option<String>,
    /// The path, normalised; `*` for the server in general.
    pub(super) path: String,
    /// The query, without the question mark.
    pub(super) query: Option<String>,
}

impl Understood {
    /// Checks what every request must be like.
    pub(super) fn parse(request: &Request<()>) -> Result<Self, Box<Reply>> {
        let (uri, method) = (request.uri(), request.method());
        if uri.path().len() + uri.query().map_or(0, str::len) > target::LEN_MAX {
            let text = format!("the target is longer than {} bytes", target::LEN_MAX);
            return Err(Reply::text(StatusCode::URI_TOO_LONG, text).into());
        }
        check_framing(request)?;
        let authority = target::authority(request).map_err(bad_request)?;
        // RFC 9110 §10.1.1: no other expectation is known.
        let expectation = request.headers().get(EXPECT);
        if expectation.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
        {
            let text = "nothing but 100-continue can be expected";
            return Err(Reply::text(StatusCode::EXPECTATION_FAILED, text).into());
        }
        if *method == Method::CONNECT {
            return Err(wrong_method(method, &FILE_METHODS).into());
        }
        let path = match (method, uri.path()) {
            (&Method::OPTIONS, "*") => "*".into(),
            (_, path) => target::normalise(path).map_err(bad_request)?,
        };
        Ok(Self {
            authority: authority.map(Cow::into_owned),
            path: path.into_owned(),
            query: uri.query().map(str::to_owned),
        })
    }
}

/// Refuses a body in a transfer coding that nobody here undoes: what would be taken for it is not
/// what the client means. RFC 9112 §6.1.
fn check_framing(request: &Request<()>) -> Result<(), Box<Reply>> {
    let mut codings = Vec::new();
    for list in request.headers().get_all(TRANSFER_ENCODING) {
        let list = list.as_bytes().split(|&byte| byte == b',');
        codings.extend(list.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty()));
    }
    let is_chunked = |name: &&[u8]| name.eq_ignore_ascii_case(b"chunked");
    match codings.iter().filter(|name| !is_chunked(name)).count() {
        // "A sender MUST NOT apply the chunked transfer coding more than once".
        0 if codings.len() > 1 => Err(bad_request("chunked more than once").into()),
        0 => Ok(()),
        _ => {
            let text = "no transfer coding but chunked is understood here";
            Err(Reply::text(StatusCode::NOT_IMPLEMENTED, text).into())
        }
    }
}

impl Dispatch<'_> {
    /// Refuses methods that nobody here knows, and answers for the server in general.
    pub(super) fn check_method(&self, method: &Method, path: &str) -> Result<(), Box<Reply>> {
        // RFC 9110 §9.1: 501 if a method is known nowhere, 405 if it is not for this resource.
        if !known_methods::is_known(method) && !self.methods().contains(method.as_str()) {
            let text = format!("there is no method {method} here");
            return Err(Reply::text(StatusCode::NOT_IMPLEMENTED, text).into());
        }
        if path == "*" {
            // RFC 9110 §9.3.7: the server in general.
            let mut reply = Reply::empty(StatusCode::NO_CONTENT);
            let methods: Vec<String> = self.methods().into_iter().collect();
            reply.set_text(ALLOW, &methods.join(", "));
            return Err(reply.into());
        }
        Ok(())
    }

    /// The methods of all mounts.
    fn methods(&self) -> BTreeSet<String> {
        let of_files = FILE_METHODS.into_iter().map(str::to_owned);
        let mounts = self
            .modules
            .descriptors()
            .flat_map(|descriptor| &descriptor.mounts);
        of_files
            .chain(mounts.flat_map(|mount| mount.methods.iter().cloned()))
            .collect()
    }
}
