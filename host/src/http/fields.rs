//! Fields that the host adds to whatever is answered.

use super::dispatch::Peer;
use super::wish::Wish;
use crate::config::http::HttpOptions;
use http::header::{ALT_SVC, CACHE_CONTROL, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderValue};

/// Adds what the operator wants in every answer, and says how one of a module may be cached.
pub fn add(
    headers: &mut HeaderMap,
    options: &HttpOptions,
    wish: &Wish,
    peer: &Peer,
    by_module: bool,
) {
    if by_module && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, cache_control(wish));
    }
    // RFC 6797 §7.2: never without TLS. Another way to the server is worth telling of only to
    // those who came by the worse one.
    let (name, value) = match peer.secure {
        true => (STRICT_TRANSPORT_SECURITY, &options.hsts),
        false => (ALT_SVC, &options.alt_svc),
    };
    if let Some(value) = value {
        headers.insert(name, value.clone());
    }
    let origin = wish.origin.as_ref();
    let allowed = origin.and_then(|origin| options.cors.find(origin));
    options.cors.permit(allowed.as_ref(), headers);
}

/// How an answer of a module may be cached that does not say so itself. What one user may see is
/// nobody else's, and everything changes at any time: caches have to ask again, which a tag makes
/// cheap. RFC 9111 §5.2.2.
fn cache_control(wish: &Wish) -> HeaderValue {
    HeaderValue::from_static(match wish.reads {
        true => "private, no-cache",
        false => "no-cache",
    })
}
