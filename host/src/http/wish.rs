//! What of a request decides how its reply is sent, whoever makes the reply.

use super::coding::Accepted;
use http::header::{
    AUTHORIZATION, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, ORIGIN, RANGE,
};
use http::{HeaderMap, HeaderValue, Method};

/// What of a request decides how a reply is sent.
pub struct Wish {
    /// It is HEAD: the body isn't sent.
    pub head: bool,
    /// The fields for conditions and ranges; none if there are none, as mostly.
    pub fields: Option<HeaderMap>,
    /// What codings the client takes; none if nothing is compressed here.
    pub codings: Option<Accepted>,
    /// GET or HEAD.
    pub reads: bool,
    /// Where the page comes from that asks, if it is one.
    pub origin: Option<HeaderValue>,
}

impl Wish {
    /// Notes what the request says, before its fields go to the module.
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        const NAMES: [HeaderName; 6] = [
            IF_MATCH,
            IF_NONE_MATCH,
            IF_MODIFIED_SINCE,
            IF_UNMODIFIED_SINCE,
            IF_RANGE,
            RANGE,
        ];
        let head = method == Method::HEAD;
        let mut fields = None;
        let reads = head || method == Method::GET;
        if reads {
            // RFC 9110 §14.2: GET is the only method for which Range is defined.
            for name in NAMES.into_iter().filter(|name| !head || name != RANGE) {
                for value in headers.get_all(&name) {
                    let fields = fields.get_or_insert_with(HeaderMap::new);
                    fields.append(&name, value.clone());
                }
            }
        }
        Self {
            head,
            reads,
            origin: headers.get(ORIGIN).cloned(),
            fields,
            codings: Some(match is_lured(headers) {
                true => Accepted::PLAIN,
                false => Accepted::of(headers),
            }),
        }
    }
}

/// Says whether a stranger's page may have made a browser ask with its user's credentials. The
/// length of a compressed answer tells such a page, by its guesses in the query, what else is in
/// the answer (BREACH); nothing here needs compressing then. Other clients have no strangers who
/// choose what they send.
fn is_lured(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    headers.contains_key(AUTHORIZATION)
        && site.is_some_and(|site| !matches!(site, b"same-origin" | b"none"))
}
