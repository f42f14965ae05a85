//! Mailboxes as feeds, at `/rss`: Atom (RFC 4287) and RSS 2.0. The paths and options are those of
//! Cyrus.
//!
//! `/rss/` is a page of all feeds there are for whoever asks. `/rss/user/alice/INBOX` is the feed of a
//! mailbox, as Atom, or as RSS 2.0 with `format=rss` or an `Accept` that prefers it; it has the newest
//! messages, and says where older ones are (RFC 5005 §3). `/rss/user/alice/INBOX/17.` is a message, as
//! a page without anything in it that runs or is fetched from elsewhere; `?section=2.1` is one of its
//! parts, decoded, and `?section=0` all of it as it came. What is attached is an enclosure of its
//! entry, so that a mailbox of recordings is a podcast.
//!
//! Mailboxes have the type `email`. Which of them are feeds is said by `rss_feeds`, and who may read
//! one by its rights.
//!
//! # Not supported
//! A file as `rss_feedlist_template`: no module opens files. The option holds the HTML itself. A feed
//! for anonymous: as with Cyrus, feeds are for who is signed in.

mod document;
mod enclosure;
mod entries;
mod feed;
mod feeds;
mod item;
mod options;
mod page;
mod part;
mod problem;
mod stream;
mod target;
mod view;
mod wildmat;

use module::{Access, Answer, Descriptor, Extent, Module, Request, Response, accept};
use options::Options;
use problem::Problem;
use target::Target;

/// The module.
pub struct Rss;

module::export!(Rss);

/// Where the feeds are.
const MOUNT: &str = "/rss";

const METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

impl Module for Rss {
    fn describe() -> Descriptor {
        let version = env!("CARGO_PKG_VERSION");
        Descriptor::new("rss", version, "Mailboxes as feeds: Atom and RSS 2.0.")
            .mount(
                MOUNT,
                Extent::Prefix,
                &METHODS,
                Access::AuthenticatedButOptions,
            )
            .options(&options::ALL)
            .capabilities(&["blob", "config", "exchange", "identity", "mailbox"])
    }

    fn handle(request: Request) -> Answer {
        if request.method == "OPTIONS" {
            return Response::options(&METHODS).into();
        }
        answer(&request).unwrap_or_else(|problem| problem.into_response().into())
    }
}

fn answer(request: &Request) -> Result<Answer, Problem> {
    let options = Options::read();
    let response = match Target::of(request)? {
        Target::List => page::answer(request, &options)?,
        Target::Feed { path, before } => {
            let mailbox = feeds::open(&path, &options)?;
            let format = feed::Format::wanted(request)?;
            feed::answer(request, &mailbox, format, before, &options)?
        }
        Target::Message { path, uid } => {
            view::answer(request, &feeds::open(&path, &options)?, uid)?
        }
        Target::Part { path, uid, section } => {
            return part::answer(request, &feeds::open(&path, &options)?, uid, &section);
        }
    };
    Ok(response.into())
}

/// The one of these media types that is wanted most; the first of all where none is asked for.
fn preferred<T: Copy>(request: &Request, offered: &[(&str, T)]) -> Option<T> {
    let names: Vec<&str> = offered.iter().map(|(name, _)| *name).collect();
    let place = accept::preferred(&request.headers, &names)?;
    offered.get(place).map(|(_, value)| *value)
}

/// Says whether a client has what this entity tag is of. RFC 9110 §13.1.2: compared weakly.
fn is_known(request: &Request, etag: &str) -> bool {
    let fields = request.headers.all("if-none-match");
    let mut known = fields.flat_map(|field| field.split(','));
    known.any(|known| {
        let known = known.trim();
        known.strip_prefix("W/").unwrap_or(known) == etag
    })
}
