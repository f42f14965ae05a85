//! `CARDDAV:addressbook-query`: the address objects that a filter means. RFC 6352 §8.6.

use dav::report::query::{self, Query, Search};
use dav::store::Filter as KeyFilter;
use dav::{Context, Error, Member, Resource, Response};
use xml::Element;

use crate::addressbook_multiget::plan;
use crate::directory::DIRECTORY;
use crate::filter::{Filter, alternatives};
use crate::namespace::CARDDAV;
use crate::profile::BOOKS;

/// Answers the report.
pub(crate) fn run(ctx: &Context<'_>, target: &Resource, root: &Element) -> Result<Response, Error> {
    let filter = Filter::parse(root.find(CARDDAV, "filter"))?;
    let plan = plan(ctx, root)?;
    // The directory has no index.
    let is_indexed = target
        .collection()
        .is_none_or(|book| book.kind != DIRECTORY);
    let grams = filter.narrow().filter(|_| is_indexed);
    let alternatives = grams.as_deref().map(alternatives);
    let search = alternatives.as_deref().map(|alternatives| Search {
        filters: vec![KeyFilter::Any(alternatives)],
        is_exact: false,
        reach: None,
    });
    let test = |_: &_, member: &Member| {
        let body = member.body.as_deref().unwrap_or_default();
        Ok(filter.holds(body))
    };
    let query = Query {
        kinds: BOOKS,
        searches: search.as_slice(),
        test: (!filter.is_empty()).then_some(&test),
        limit: limit(root)?,
        fatal: &[],
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
