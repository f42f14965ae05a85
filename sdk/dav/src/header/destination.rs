//! `Destination`. RFC 4918 §10.3.

use crate::{Context, Error, Path};

/// Where to copy or move.
///
/// Fails with [`Error::BadGateway`] if that is not in this mount. RFC 4918 §9.8.5.
pub fn parse(ctx: &Context<'_>) -> Result<Path, Error> {
    let value = ctx
        .header("Destination")
        .ok_or_else(|| Error::BadRequest("the header Destination is missing".to_owned()))?;
    let path = ctx.parse_href(&value)?.ok_or(Error::BadGateway)?;
    match path.parts().is_empty() {
        true => Err(Error::Forbidden(
            "the destination cannot be replaced".to_owned(),
        )),
        false => Ok(path),
    }
}
