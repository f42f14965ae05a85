//! Whether a form is ours: browsers say with every form where it comes from, and no other site can
//! make them say something else. A password that a browser remembers is no use to others that way.

use crate::{Context, Error};

/// Fails unless the request comes from a page of this server. A browser that says nothing of where
/// it comes from is too old to be protected, and is refused.
pub fn check(ctx: &Context<'_>) -> Result<(), Error> {
    let refused = || Error::Forbidden("the form comes from another site".to_owned());
    // Fetch Metadata: what only the browser itself can set.
    if let Some(site) = ctx.header("Sec-Fetch-Site") {
        return match site.trim() {
            "same-origin" => Ok(()),
            _ => Err(refused()),
        };
    }
    // RFC 6454 §7.3. The scheme may have changed on the way, by a proxy that ends TLS.
    let origin = ctx.header("Origin").unwrap_or_default();
    let authority = origin.trim().split_once("://").map(|(_, rest)| rest);
    match authority {
        Some(authority) if authority.eq_ignore_ascii_case(ctx.authority) => Ok(()),
        _ => Err(refused()),
    }
}
