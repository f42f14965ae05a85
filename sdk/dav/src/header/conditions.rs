//! The conditions of a request on its target: `If` of RFC 4918 §10.4 and those of RFC 9110 §13.
//!
//! `If-None-Match` and `If-Modified-Since` of GET and HEAD end in 304 and are the host's.

use crate::header::if_header::IfHeader;
use crate::resource::{Etag, Resource};
use crate::store::Expect;
use crate::{Context, Error, Time};

/// What the conditions leave for the batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// The lock tokens that were submitted.
    pub tokens: Vec<String>,
    /// Whether any condition was checked, so that what it was checked on must not change.
    pub is_conditional: bool,
}

impl Guard {
    /// What the batch must expect of the member that was read.
    pub fn expect(&self, resource: Option<&Resource>) -> Expect {
        match resource {
            _ if !self.is_conditional => Expect::Anything,
            None => Expect::Missing,
            Some(Resource::Member(_, member)) => Expect::Version(member.version),
            Some(Resource::Collection(_) | Resource::Principal(_)) => Expect::Present,
        }
    }
}

/// Checks all conditions of the request. `resource` is its target, if there is one.
pub fn check(ctx: &Context<'_>, resource: Option<&Resource>) -> Result<Guard, Error> {
    let mut guard = Guard::default();
    let failed = |header: &str| Error::PreconditionFailed(format!("{header} does not hold"));
    if let Some(value) = ctx.header("If") {
        let header = IfHeader::parse(&value)?;
        if !header.holds(ctx)? {
            return Err(failed("If"));
        }
        guard.tokens = header.tokens();
        guard.is_conditional = true;
    }
    let member = resource.and_then(Resource::member);
    let modified = match resource {
        Some(Resource::Member(_, member)) => member.modified,
        Some(Resource::Collection(collection)) => collection.modified,
        Some(Resource::Principal(_)) | None => None,
    };
    let matches = |list: &str| match list.trim() {
        "*" => resource.is_some(),
        list => member.is_some_and(|member| matches_any(&member.etag, list)),
    };
    if let Some(list) = ctx.header("If-Match") {
        guard.is_conditional = true;
        if !matches(&list) {
            return Err(failed("If-Match"));
        }
    } else if let Some(since) = date(ctx, "If-Unmodified-Since") {
        guard.is_conditional = true;
        if modified.is_some_and(|modified| modified > since) {
            return Err(failed("If-Unmodified-Since"));
        }
    }
    if matches!(ctx.method, "GET" | "HEAD") {
        return Ok(guard);
    }
    // RFC 9110 §13.1.3: If-Modified-Since is for GET and HEAD alone.
    if let Some(list) = ctx.header("If-None-Match") {
        guard.is_conditional = true;
        if matches(&list) {
            return Err(failed("If-None-Match"));
        }
    }
    Ok(guard)
}

/// A date that cannot be read is as none. RFC 9110 §13.1.4.
fn date(ctx: &Context<'_>, header: &str) -> Option<Time> {
    Time::parse_http_date(&ctx.header(header)?)
}

fn matches_any(etag: &Etag, list: &str) -> bool {
    // A comma may be in a tag: split where a tag ends.
    let mut rest = list.trim();
    while !rest.is_empty() {
        let start = rest.strip_prefix("W/").unwrap_or(rest);
        let end = match start.strip_prefix('"') {
            Some(quoted) => quoted.find('"').map(|at| at + 2 + rest.len() - start.len()),
            None => rest.find(','),
        };
        let (tag, after) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        if etag.matches(tag) {
            return true;
        }
        rest = after.trim_start_matches([',', ' ', '\t']);
    }
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn s13_1_1_lists_of_tags() {
        let etag = Etag::new("a,b").unwrap();
        for (list, expected) in [
            ("\"a,b\"", true),
            ("W/\"a,b\"", true),
            ("\"x\", W/\"y\" ,\"a,b\"", true),
            ("\"a\", \"b\"", false),
            ("", false),
            ("\"", false),
            ("x, y", false),
        ] {
            assert_eq!(matches_any(&etag, list), expected, "{list}");
        }
    }
}
