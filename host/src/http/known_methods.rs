//! The methods that are known: those of HTTP, and what is registered by WebDAV and its kin.
//! RFC 9110 §18.2.

use http::Method;

/// The most frequent first: they are looked for in this order.
const KNOWN: [&str; 39] = [
    "GET",
    "PROPFIND",
    "REPORT",
    "PUT",
    "POST",
    "OPTIONS",
    "HEAD",
    "DELETE",
    "PROPPATCH",
    "MKCOL",
    "MKCALENDAR",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "ACL",
    "PATCH",
    "SEARCH",
    "TRACE",
    "CONNECT",
    "BIND",
    "UNBIND",
    "REBIND",
    "MKREDIRECTREF",
    "UPDATEREDIRECTREF",
    "ORDERPATCH",
    "VERSION-CONTROL",
    "CHECKOUT",
    "CHECKIN",
    "UNCHECKOUT",
    "MKWORKSPACE",
    "UPDATE",
    "LABEL",
    "MERGE",
    "BASELINE-CONTROL",
    "MKACTIVITY",
    "LINK",
    "UNLINK",
    "PRI",
];

/// How many kinds of methods are counted: the known ones, and all others together.
pub const COUNTED: usize = KNOWN.len() + 1;

/// Says whether a method is worth a 405 where it is not answered; others get 501.
pub fn is_known(method: &Method) -> bool {
    place(method) < KNOWN.len()
}

/// Where a method is counted, below [`COUNTED`].
pub fn place(method: &Method) -> usize {
    let name = method.as_str();
    let place = KNOWN.iter().position(|known| *known == name);
    place.unwrap_or(KNOWN.len())
}

/// What is counted there.
pub fn label(place: usize) -> &'static str {
    KNOWN.get(place).copied().unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_share_a_place() {
        assert_eq!(label(place(&Method::GET)), "GET");
        for name in ["BREW", "get", "X"] {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            assert!(!is_known(&method));
            assert_eq!(label(place(&method)), "other");
        }
        assert!(place(&Method::from_bytes(b"BREW").unwrap()) < COUNTED);
    }
}
