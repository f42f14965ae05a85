//! `Overwrite`. RFC 4918 §10.6.

use crate::{Context, Error};

/// Whether COPY and MOVE may replace what is there: yes unless the header says no.
pub fn parse(ctx: &Context<'_>) -> Result<bool, Error> {
    match ctx.header("Overwrite").as_deref().map(str::trim) {
        None | Some("T" | "t") => Ok(true),
        Some("F" | "f") => Ok(false),
        Some(other) => Err(Error::BadRequest(format!(
            "{other:.40} is not an Overwrite"
        ))),
    }
}
