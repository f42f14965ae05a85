//! Whether a form is ours: browsers say with every form where it comes from, and no other site can
//! make them say something else. A password that a browser remembers is no use to others that way.

use crate::{Context, Error};

/// Fails unless the request comes from a page of this server. A browser that says nothing of where
/// it comes from is too old to be protected, and is refused.
pub fn check(ctx: &Context<'_>) -> Result<(), Error> {
    // RFC 6454 §7.3. The scheme may have changed on the way, by a proxy that ends TLS.
    let origin = ctx.header("Origin");
    let is_own = origin.as_deref().map(|origin| {
        let authority = origin.trim().split_once("://").map(|(_, rest)| rest);
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(ctx.authority))
    });
    // Fetch Metadata: what only the browser itself can set.
    let site = ctx.header("Sec-Fetch-Site");
    let is_same = site.as_deref().map(|site| site.trim() == "same-origin");
    // What is said must agree, and something must be said.
    let says = [is_own, is_same];
    match says.contains(&Some(true)) && !says.contains(&Some(false)) {
        true => Ok(()),
        false => Err(Error::Forbidden(
            "the form comes from another site".to_owned(),
        )),
    }
}
