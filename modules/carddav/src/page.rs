//! The page for people at a home of address books.

use dav::page::{self, Others, Page};
use dav::store::mailbox::subscription;
use dav::{Context, Error, Resource, Response};

use crate::options::has_page;
use crate::profile::{BOOK, LAYOUT};

static PAGE: Page = Page {
    title: "Address books",
    noun: "address book",
    kind: BOOK,
    colour: None,
    subscribe: None,
    choice: None,
    others: Some(Others {
        find: |ctx, home| subscription::offers(ctx, home, &LAYOUT, BOOK),
        subscribe: |ctx, home, path, batch| {
            subscription::set(ctx, home, &LAYOUT, BOOK, path, true, batch).map(|_| ())
        },
    }),
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
