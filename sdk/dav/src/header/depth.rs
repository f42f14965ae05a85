//! `Depth`. RFC 4918 §10.2.

use crate::{Context, Error};

/// How far a method reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The resource alone.
    Zero,
    /// And what is directly in it.
    One,
    /// And all that is inside of it.
    Infinity,
}

/// The value of the header; none if it is not there.
pub fn parse(ctx: &Context<'_>) -> Result<Option<Depth>, Error> {
    let Some(value) = ctx.header("Depth") else {
        return Ok(None);
    };
    match value.trim() {
        "0" => Ok(Some(Depth::Zero)),
        "1" => Ok(Some(Depth::One)),
        other if other.eq_ignore_ascii_case("infinity") => Ok(Some(Depth::Infinity)),
        other => Err(Error::BadRequest(format!("{other:.40} is not a Depth"))),
    }
}
