//! `DAV:lockinfo` of a request and `DAV:activelock` of an answer. RFC 4918 §14.1, §14.11.

use xml::{DAV, Element, Writer};

use crate::store::Lock;
use crate::{Context, Error};

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockInfo {
    /// Whether nobody else may lock the same.
    pub exclusive: bool,
    /// `DAV:owner` as it is to be given back, the element itself included; may be empty.
    pub owner: Vec<u8>,
}

/// The longest `DAV:owner` in bytes.
const OWNER_LEN_MAX: usize = 1 << 10;

/// Reads `DAV:lockinfo`.
pub fn parse(root: &Element) -> Result<LockInfo, Error> {
    let malformed = |what: &str| Error::BadRequest(format!("the lockinfo has no {what}"));
    if !root.is(DAV, "lockinfo") {
        return Err(malformed("DAV:lockinfo"));
    }
    let scope = root
        .find(DAV, "lockscope")
        .ok_or_else(|| malformed("lockscope"))?;
    let exclusive = match scope.elements().next() {
        Some(element) if element.is(DAV, "exclusive") => true,
        Some(element) if element.is(DAV, "shared") => false,
        _ => return Err(malformed("lockscope that is known")),
    };
    let kind = root
        .find(DAV, "locktype")
        .ok_or_else(|| malformed("locktype"))?;
    if kind.find(DAV, "write").is_none() {
        return Err(malformed("locktype that is known"));
    }
    let mut owner = Vec::new();
    if let Some(element) = root.find(DAV, "owner") {
        element.write_standalone(&mut owner, &[root]);
    }
    // It comes back with every answer that shows the lock.
    if owner.len() > OWNER_LEN_MAX {
        return Err(Error::TooLarge(OWNER_LEN_MAX as u64));
    }
    Ok(LockInfo { exclusive, owner })
}

/// Writes `DAV:activelock`.
pub fn write_active_lock(ctx: &Context<'_>, out: &mut Writer, lock: &Lock) {
    let scope = if lock.exclusive {
        "exclusive"
    } else {
        "shared"
    };
    let depth = if lock.deep { "infinity" } else { "0" };
    out.raw(b"<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:");
    out.raw(scope.as_bytes());
    out.raw(b"/></D:lockscope><D:depth>");
    out.raw(depth.as_bytes());
    out.raw(b"</D:depth>");
    out.raw(&lock.owner);
    out.raw(b"<D:timeout>Second-");
    out.number(u64::try_from(lock.expires.0 - ctx.store.now().0).unwrap_or(0));
    out.raw(b"</D:timeout><D:locktoken><D:href>");
    out.text(&lock.token);
    out.raw(b"</D:href></D:locktoken><D:lockroot><D:href>");
    out.text(&ctx.href(&lock.root, lock.is_collection));
    out.raw(b"</D:href></D:lockroot></D:activelock>");
}
