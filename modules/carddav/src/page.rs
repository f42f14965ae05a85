//! The page for people at a home of address books.

use dav::page::{self, Page};
use dav::{Context, Error, Resource, Response};

use crate::profile::BOOK;

static PAGE: Page = Page {
    title: "Address books",
    noun: "address book",
    kind: BOOK,
    colour: None,
    subscribe: None,
};

/// Whether the operator wants the page: Cyrus has the same option.
fn is_on() -> bool {
    let value = module::option("carddav_allowaddressbookadmin").unwrap_or_default();
    !["no", "off", "false", "0", "n", "f"].contains(&value.trim().to_ascii_lowercase().as_str())
}

/// Answers GET and HEAD of a home in a browser.
pub(crate) fn get(ctx: &Context<'_>, home: &Resource) -> Result<Option<Response>, Error> {
    match is_on() {
        true => page::get(ctx, home, &PAGE),
        false => Ok(None),
    }
}

/// Answers a form of the page.
pub(crate) fn post(ctx: &Context<'_>, home: &Resource) -> Result<Option<Response>, Error> {
    match is_on() {
        true => page::post(ctx, home, &PAGE),
        false => Ok(None),
    }
}
