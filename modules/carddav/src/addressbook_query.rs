//! `CARDDAV:addressbook-query`: the address objects that a filter means. RFC 6352 §8.6.

use dav::report::query::{self, Query};
use dav::{Context, Error, Resource, Response};
use xml::Element;

use crate::addressbook_multiget::plan;
use crate::filter::Filter;
use crate::namespace::CARDDAV;
use crate::profile::BOOKS;

/// Answers the report.
pub(crate) fn run(ctx: &Context<'_>, target: &Resource, root: &Element) -> Result<Response, Error> {
    let filter = Filter::parse(root.find(CARDDAV, "filter"))?;
    let plan = plan(ctx, root)?;
    let narrowed = filter.narrow();
    let alternatives = narrowed.alternatives();
    let filters = narrowed.filters(&alternatives);
    let test = |_: &_, body: &[u8]| Ok(filter.holds(body));
    let query = Query {
        kinds: BOOKS,
        filter: &filters,
        test: (!filter.is_empty()).then_some(&test),
        limit: limit(root)?,
    };
    query::run(ctx, target, &plan, &query)
}

/// How many the client wants at most. RFC 6352 §10.6.
fn limit(root: &Element) -> Result<Option<usize>, Error> {
    let number = root
        .find(CARDDAV, "limit")
        .and_then(|limit| limit.find(CARDDAV, "nresults"));
    let Some(number) = number else {
        return Ok(None);
    };
    match number.trimmed_text().parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(Error::BadRequest("nresults is a number".to_owned())),
    }
}
