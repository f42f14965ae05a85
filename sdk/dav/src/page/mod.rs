//! A page for people at a home: what collections are there, and forms to make, rename, recolour,
//! share with everyone and delete them, and to subscribe to what others share. Protocols say what they
//! are called.
//!
//! It works without scripts and styles and reads well aloud. Whatever a form sends is looked at
//! again as the same change over WebDAV would be; that the form is ours, and not another site's, is
//! seen by what browsers say of where a request comes from ([`origin`]).

mod change;
pub mod form;
mod html;
pub mod origin;
mod view;

pub use html::escape;

use xml::{Element, Name};

use crate::request::{Response, Status};
use crate::resource::{Collection, Resource};
use crate::store::Batch;
use crate::{Context, Error, Path};

/// What a protocol has on the page.
pub struct Page {
    /// Whether the operator wants it: if not, a home is to browsers what it is to anyone.
    pub is_wanted: fn() -> bool,
    /// The heading, `Albums`.
    pub title: &'static str,
    /// What one collection is called, `album`.
    pub noun: &'static str,
    /// The kind of the collections that are shown and made.
    pub kind: &'static str,
    /// The property that has their colour, if they have one.
    pub colour: Option<Name>,
    /// The scheme of URLs by which other programs subscribe to one, if there is such.
    pub subscribe: Option<&'static str>,
    /// What is chosen for a new one, and stays, if there is such.
    pub choice: Option<Choice>,
    /// What others share, if it can be had in one's own home.
    pub others: Option<&'static dyn Others>,
}

/// A choice for a new collection.
pub struct Choice {
    /// What it is about, as it stands before the options.
    pub label: &'static str,
    /// The options, each as the form sends it and as people read it; the first is that of who does
    /// not choose.
    pub options: &'static [(&'static str, &'static str)],
    /// The property that an option sets on the collection, if any.
    pub property: fn(&str) -> Option<Element>,
}

/// Collections of others, which are not in a home but could be.
pub trait Others: Sync {
    /// Finds those of a kind that are shared with who asks, where their owners have them.
    fn find(&self, ctx: &Context<'_>, home: &Collection, kind: &str) -> Result<Offers, Error>;

    /// Adds to the batch what makes one of them appear in the home, as far as that may be.
    fn subscribe(
        &self,
        ctx: &Context<'_>,
        home: &Collection,
        kind: &str,
        path: &Path,
        batch: &mut Batch,
    ) -> Result<(), Error>;
}

/// What [`Others::find`] finds.
#[derive(Debug, Default)]
pub struct Offers {
    /// Where they are.
    pub paths: Vec<Path>,
    /// Whether there are more, which are not offered.
    pub are_more: bool,
}

/// Answers GET and HEAD of a home: none if who asks is no browser, or there is no page.
pub fn get(ctx: &Context<'_>, home: &Resource, page: &Page) -> Result<Option<Response>, Error> {
    let Some(home) = shown(home, page) else {
        return Ok(None);
    };
    let accept = ctx.header("Accept").unwrap_or_default();
    if !accept.to_ascii_lowercase().contains("text/html") {
        return Ok(None);
    }
    // Relative links need the slash.
    if !ctx.target.slash {
        let mut response = Response::new(Status::MOVED_PERMANENTLY);
        response.set("Location", ctx.href(&home.path, true));
        return Ok(Some(response));
    }
    view::answer(ctx, home, page, None).map(Some)
}

/// Answers POST to a home: none if it is no form, or there is no page.
pub fn post(ctx: &Context<'_>, home: &Resource, page: &Page) -> Result<Option<Response>, Error> {
    let Some(home) = shown(home, page) else {
        return Ok(None);
    };
    let content_type = ctx.header("Content-Type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(form::MEDIA_TYPE) {
        return Ok(None);
    }
    origin::check(ctx)?;
    match changed(ctx, home, page) {
        // The browser asks for the page anew, and nothing is sent twice. RFC 9110 §15.4.4.
        Ok(()) => {
            let mut response = Response::new(Status::SEE_OTHER);
            response.set("Location", ctx.href(&home.path, true));
            Ok(Some(response))
        }
        Err(error @ (Error::Internal(_) | Error::Busy | Error::Closed)) => Err(error),
        Err(error) => view::answer(ctx, home, page, Some(&error)).map(Some),
    }
}

fn shown<'h>(home: &'h Resource, page: &Page) -> Option<&'h Collection> {
    match home {
        Resource::Collection(home) if (page.is_wanted)() => Some(home),
        _ => None,
    }
}

fn changed(ctx: &Context<'_>, home: &Collection, page: &Page) -> Result<(), Error> {
    let form = form::parse(&ctx.read_body(form::LEN_MAX)?)?;
    change::run(ctx, home, page, &form)
}

/// Whether what is set on a collection is for everyone: what others own looks as oneself wants it.
fn sets_for_all(ctx: &Context<'_>, collection: &Collection) -> bool {
    let owner = collection.owner.as_deref();
    owner.is_none() || owner == ctx.user_id()
}
