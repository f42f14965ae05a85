//! The page for people at a home of address books.

use dav::page::Page;

use crate::options::has_page;
use crate::profile::{BOOK, LAYOUT};

pub(crate) static PAGE: Page = Page {
    is_wanted: has_page,
    title: "Address books",
    noun: "address book",
    kind: BOOK,
    colour: None,
    subscribe: None,
    choice: None,
    others: Some(&LAYOUT),
};
