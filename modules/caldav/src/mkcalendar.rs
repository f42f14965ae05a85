//! MKCALENDAR. RFC 4791 §5.3.1.

use dav::body::mkcol::{self, MakeCollection};
use dav::body::multistatus::Multistatus;
use dav::method::mkcol::{make, parse_body};
use dav::{Context, Error, Resource, Response};

use crate::namespace::CALDAV;
use crate::profile::CALENDAR;

/// Answers MKCALENDAR on a URL that is not mapped.
pub(crate) fn run(ctx: &Context<'_>, _: Option<&Resource>) -> Result<Response, Error> {
    let request = match parse_body(ctx)? {
        Some(root) => mkcol::parse(&root, CALDAV, "mkcalendar")?,
        None => MakeCollection::default(),
    };
    match make(ctx, Some(ctx.profile.kind(CALENDAR)), &request.updates)? {
        Ok(response) => Ok(response),
        // RFC 4791 §5.3.1.1: unlike MKCOL, it says why in a multistatus.
        Err(outcomes) => {
            let mut multistatus = Multistatus::new(ctx);
            multistatus.propstats(&ctx.href(&ctx.target.path, true), &outcomes)?;
            let mut response = multistatus.finish()?;
            response.set("Cache-Control", "no-cache");
            Ok(response)
        }
    }
}
