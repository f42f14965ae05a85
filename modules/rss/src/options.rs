//! What operators may choose. The names are Cyrus's.

use crate::wildmat::Wildmat;
use module::{option, option_duration};

/// The options, and what they are for.
pub(crate) const ALL: [(&str, &str); 5] = [
    (
        "rss_feeds",
        "Which mailboxes are feeds: patterns of names like `user.alice.*`, separated by commas, with `!` \
         before those to leave out; the last that matches decides. All are if it is not set.",
    ),
    (
        "rss_feedlist_template",
        "HTML of the page of feeds, on one line, with `%RSS_FEEDLIST%` where they go; a plain page if it \
         is not set.",
    ),
    (
        "rss_maxitems",
        "Messages in a feed; older ones are on pages that it links to. 50 if it is not set, and 1000 at \
         most, also for 0.",
    ),
    (
        "rss_maxage",
        "The age of messages from which on they are in no feed: `30d`, `12h`; a bare number is in days. \
         Any age if it is not set, or 0.",
    ),
    (
        "rss_maxsynopsis",
        "Characters of a message's text that a feed has: 1000 if it is not set, and 10000 at most, also \
         for 0.",
    ),
];

/// Their values.
pub(crate) struct Options {
    pub(crate) feeds: Wildmat,
    pub(crate) template: Option<String>,
    pub(crate) items: usize,
    /// Milliseconds.
    pub(crate) age: Option<i64>,
    pub(crate) synopsis: usize,
}

const ITEMS_MAX: usize = 1000;
const SYNOPSIS_MAX: usize = 10_000;

impl Options {
    /// What is set. What can't be understood is as if it were not.
    pub(crate) fn read() -> Self {
        let feeds = option("rss_feeds").filter(|patterns| !patterns.trim().is_empty());
        Self {
            feeds: Wildmat::parse(feeds.as_deref().unwrap_or("*")),
            template: option("rss_feedlist_template").filter(|html| html.contains('<')),
            items: number("rss_maxitems", 50, ITEMS_MAX),
            age: option_duration("rss_maxage", 86_400).and_then(milliseconds),
            synopsis: number("rss_maxsynopsis", 1000, SYNOPSIS_MAX),
        }
    }
}

fn number(name: &str, default: usize, max: usize) -> usize {
    match option(name).map(|value| value.trim().parse()) {
        Some(Ok(0)) => max,
        Some(Ok(value)) => max.min(value),
        Some(Err(_)) | None => default,
    }
}

fn milliseconds(seconds: u64) -> Option<i64> {
    i64::try_from(seconds).ok()?.checked_mul(1000)
}
