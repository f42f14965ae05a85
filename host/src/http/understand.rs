//! What the head of a request means, and what is refused before anyone looks whose it is.

use super::dispatch::Dispatch;
use super::refuse::{bad_request, wrong_method};
use super::reply::Reply;
use super::target;
use http::header::{ALLOW, EXPECT};
use http::{Method, Request, StatusCode};
use std::collections::BTreeSet;

/// The methods of files.
pub(super) const FILE_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// What the head of a request means.
pub(super) struct Understood {
    /// Host and port, as the client named them.
    pub(super) authority: String,
    /// The path, normalised.
    pub(super) path: String,
    /// The query, without the question mark.
    pub(super) query: Option<String>,
}

impl Dispatch<'_> {
    /// Checks what every request must be like, and finds the tenant that answers at its Host.
    pub(super) fn understand(&mut self, request: &Request<()>) -> Result<Understood, Box<Reply>> {
        let (uri, method) = (request.uri(), request.method());
        if uri.path().len() + uri.query().map_or(0, str::len) > target::LEN_MAX {
            let text = format!("the target is longer than {} bytes", target::LEN_MAX);
            return Err(Reply::text(StatusCode::URI_TOO_LONG, text).into());
        }
        let authority = target::authority(request).map_err(bad_request)?;
        if let Some(authority) = &authority {
            self.site = self.snapshot.site(authority).clone();
        }
        // RFC 9110 §10.1.1: no other expectation is known.
        let expectation = request.headers().get(EXPECT);
        if expectation.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
        {
            let text = "nothing but 100-continue can be expected";
            return Err(Reply::text(StatusCode::EXPECTATION_FAILED, text).into());
        }
        // RFC 9110 §9.1: 501 if a method is known nowhere, 405 if it is not for this resource.
        if !is_known(method) && !self.methods().contains(method.as_str()) {
            let text = format!("there is no method {method} here");
            return Err(Reply::text(StatusCode::NOT_IMPLEMENTED, text).into());
        }
        if *method == Method::OPTIONS && uri.path() == "*" {
            // RFC 9110 §9.3.7: the server in general.
            let mut reply = Reply::empty(StatusCode::NO_CONTENT);
            let methods: Vec<String> = self.methods().into_iter().collect();
            reply.set_text(ALLOW, &methods.join(", "));
            return Err(reply.into());
        }
        if *method == Method::CONNECT {
            return Err(wrong_method(method, &FILE_METHODS).into());
        }
        let path = target::normalise(uri.path()).map_err(bad_request)?;
        let authority = authority.as_deref().unwrap_or(&self.site.config.servername);
        Ok(Understood {
            authority: authority.to_owned(),
            path: path.into_owned(),
            query: uri.query().map(str::to_owned),
        })
    }

    /// The methods of all mounts.
    fn methods(&self) -> BTreeSet<String> {
        let of_files = FILE_METHODS.into_iter().map(str::to_owned);
        let descriptors = self.modules.states().iter();
        let descriptors = descriptors.filter_map(|state| state.descriptor.as_ref());
        let mounts = descriptors.flat_map(|descriptor| &descriptor.mounts);
        of_files
            .chain(mounts.flat_map(|mount| mount.methods.iter().cloned()))
            .collect()
    }
}

/// Methods that are worth a 405: those of HTTP and the ones registered by WebDAV and its kin.
fn is_known(method: &Method) -> bool {
    matches!(
        method.as_str(),
        "GET"
            | "HEAD"
            | "PUT"
            | "POST"
            | "DELETE"
            | "OPTIONS"
            | "PROPFIND"
            | "REPORT"
            | "PROPPATCH"
            | "MKCOL"
            | "COPY"
            | "MOVE"
            | "LOCK"
            | "UNLOCK"
            | "ACL"
            | "PATCH"
            | "SEARCH"
            | "TRACE"
            | "CONNECT"
            | "MKCALENDAR"
            | "BIND"
            | "UNBIND"
            | "REBIND"
            | "MKREDIRECTREF"
            | "UPDATEREDIRECTREF"
            | "ORDERPATCH"
            | "VERSION-CONTROL"
            | "CHECKOUT"
            | "CHECKIN"
            | "UNCHECKOUT"
            | "MKWORKSPACE"
            | "UPDATE"
            | "LABEL"
            | "MERGE"
            | "BASELINE-CONTROL"
            | "MKACTIVITY"
            | "LINK"
            | "UNLINK"
            | "PRI"
    )
}
