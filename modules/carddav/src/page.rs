//! The page for people at a home of address books.

use dav::page::{self, Page};
use dav::{Context, Error, Resource, Response};

use crate::options::has_page;
use crate::profile::BOOK;

static PAGE: Page = Page {
    title: "Address books",
    noun: "address book",
    kind: BOOK,
    colour: None,
    subscribe: None,
    choice: None,
};

/// Answers GET and HEAD of a home in a browser.
pub(crate) fn get(ctx: &Context<'_>, home: &Resource) -> Result<Option<Response>, Error> {
    match has_page() {
        true => page::get(ctx, home, &PAGE),
        false => Ok(None),
    }
}

/// Answers a form of the page.
pub(crate) fn post(ctx: &Context<'_>, home: &Resource) -> Result<Option<Response>, Error> {
    match has_page() {
        true => page::post(ctx, home, &PAGE),
        false => Ok(None),
    }
}
