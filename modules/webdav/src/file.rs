//! GET of a file: the stored bytes, so wrapped that they can do no harm. What users store shares
//! its origin with everything else that the server serves.

use dav::method::get::member_response;
use dav::{Context, Error, Resource, Response};

/// Without scripts, forms and an origin: what is inside sees nothing of the server.
const SANDBOX: &str = "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self' data:; \
                       style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

/// Answers GET and HEAD of a member.
pub(crate) fn get(_: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Member(collection, member) = resource else {
        return Ok(None);
    };
    let mut response = member_response(collection, member);
    response.set("X-Content-Type-Options", "nosniff");
    if is_active(member.content_type.as_deref().unwrap_or_default()) {
        response.set("Content-Security-Policy", SANDBOX);
    }
    Ok(Some(response))
}

/// Whether a browser may run what is in a document of this type: HTML, SVG, and all other XML,
/// which may hold both.
fn is_active(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence.is_empty()
        || matches!(
            essence.as_str(),
            "text/html" | "text/xml" | "application/xml" | "text/xsl"
        )
        || essence.ends_with("+xml")
        || essence.starts_with("multipart/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_run_are_known() {
        for active in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "image/svg+xml",
            "a/b+XML",
            "",
        ] {
            assert!(is_active(active), "{active}");
        }
        for passive in ["text/plain", "image/png", "application/pdf", "text/htmlx"] {
            assert!(!is_active(passive), "{passive}");
        }
    }
}
