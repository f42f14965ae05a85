//! The page itself.

use super::change::{is_colour, is_public};
use super::html::escape;
use super::{Choice, Page, sets_for_all};
use crate::property::Subject;
use crate::property::rfc4918::DISPLAYNAME_NAME;
use crate::request::{Response, ResponseBody, Status};
use crate::resource::{Collection, Fields, Resource, Stored, Want};
use crate::store::Listing;
use crate::{Context, Error, Rights};

/// Nothing of the page may be anything but text, links, forms to where it comes from, and its own
/// style: the one with this digest.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                      style-src 'sha256-9ezMYHzUAP1orRclDOfRyr7xPg7rL3fLAsqmewxpSuU='";

/// How it looks: as wide as one reads, in the colours that the reader's system has, light or dark.
const STYLE: &str = include_str!("style.css");

/// More than this nobody reads.
const ENTRIES_MAX: usize = 1000;

/// What a new colour begins with.
const COLOUR: &str = "#808080";

/// The page, with what went wrong before on top of it.
pub(super) fn answer(
    ctx: &Context<'_>,
    home: &Collection,
    page: &Page,
    failed: Option<&Error>,
) -> Result<Response, Error> {
    let mut response = Response::new(failed.map_or(Status::OK, Error::status));
    response.set("Content-Type", "text/html; charset=utf-8");
    response.set("Content-Security-Policy", POLICY);
    response.set("X-Content-Type-Options", "nosniff");
    // Without any, browsers would not say where forms come from.
    response.set("Referrer-Policy", "same-origin");
    response.set("Cache-Control", "private, no-cache");
    response.set("Vary", "Accept");
    if ctx.method != "HEAD" {
        let (offers, are_more) = offers(ctx, home, page)?;
        let shown = Shown {
            entries: entries(ctx, home, page)?,
            offers,
            are_more,
            failed,
        };
        let html = write(ctx, home, page, &shown);
        response.body = ResponseBody::Bytes(html.into_bytes());
    }
    Ok(response)
}

/// What is on the page.
struct Shown<'s> {
    entries: Vec<Entry>,
    offers: Vec<Offer>,
    are_more: bool,
    failed: Option<&'s Error>,
}

/// A collection in the home.
struct Entry {
    collection: Collection,
    title: String,
    colour: Option<String>,
    /// None for who may not know.
    is_public: Option<bool>,
}

fn entries(ctx: &Context<'_>, home: &Collection, page: &Page) -> Result<Vec<Entry>, Error> {
    let names: Vec<xml::Name> = [DISPLAYNAME_NAME]
        .into_iter()
        .chain(page.colour.clone())
        .collect();
    let mut entries = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let listing = Listing {
            want: Want {
                fields: Fields::OWNER,
                stored: Stored::Names(&names),
            },
            collections: true,
            after: after.as_deref(),
            limit: ctx.profile.limits.page,
            ..Listing::default()
        };
        let found = ctx.store.children(home, &listing)?;
        for collection in found.collections {
            let shown = Rights::LOOKUP.and(Rights::READ);
            if collection.kind == page.kind && collection.rights.has(shown) {
                entries.push(entry(ctx, page, collection)?);
            }
        }
        after = found.next;
        if after.is_none() || entries.len() >= ENTRIES_MAX {
            break;
        }
    }
    entries.sort_by(|a, b| a.title.cmp(&b.title));
    Ok(entries)
}

fn entry(ctx: &Context<'_>, page: &Page, collection: Collection) -> Result<Entry, Error> {
    let colour = match &page.colour {
        Some(property) => Subject::Collection(&collection).stored_text(property)?,
        None => None,
    };
    // Some programs write the opacity behind it, which the field does not take.
    let colour = colour.and_then(|value| value.get(..7).map(str::to_owned));
    let colour = colour.filter(|value| is_colour(value));
    let is_public = match collection.rights.has(Rights::ADMINISTER) {
        true => Some(is_public(&ctx.store.acl(&collection)?)),
        false => None,
    };
    Ok(Entry {
        title: title(&collection)?,
        colour,
        is_public,
        collection,
    })
}

fn title(collection: &Collection) -> Result<String, Error> {
    let name = collection.path.name().unwrap_or_default();
    let title = Subject::Collection(collection).stored_text(&DISPLAYNAME_NAME)?;
    Ok(title.unwrap_or_else(|| name.to_owned()))
}

/// A collection of somebody else's that is not in the home.
struct Offer {
    title: String,
    owner: String,
    href: String,
}

/// What is offered, and whether there is more.
fn offers(ctx: &Context<'_>, home: &Collection, page: &Page) -> Result<(Vec<Offer>, bool), Error> {
    let Some(others) = page.others else {
        return Ok((Vec::new(), false));
    };
    let want = Want {
        fields: Fields::OWNER,
        stored: Stored::Names(&[DISPLAYNAME_NAME]),
    };
    let mut offers = Vec::new();
    let found = others.find(ctx, home, page.kind)?;
    for path in found.paths {
        if let Some(Resource::Collection(found)) = ctx.find(&path, &want)? {
            offers.push(Offer {
                title: title(&found)?,
                href: ctx.href(&path, true),
                owner: found.owner.unwrap_or_default(),
            });
        }
    }
    offers.sort_by(|a, b| (&a.title, &a.owner).cmp(&(&b.title, &b.owner)));
    Ok((offers, found.are_more))
}

fn write(ctx: &Context<'_>, home: &Collection, page: &Page, shown: &Shown<'_>) -> String {
    let mut html = String::with_capacity(2048 + 2048 * shown.entries.len());
    html.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    html.push_str(page.title);
    html.push_str("</title>\n<style>");
    html.push_str(STYLE);
    html.push_str("</style>\n</head>\n<body>\n<main>\n<h1>");
    html.push_str(page.title);
    html.push_str("</h1>\n");
    if let Some(failed) = shown.failed {
        html.push_str("<p role=\"alert\"><strong>That did not work: ");
        escape(&mut html, &failed.to_string());
        html.push_str("</strong></p>\n");
    }
    for (number, entry) in shown.entries.iter().enumerate() {
        let id = format!("entry-{number}");
        section(&mut html, &id, &entry.title, |html| {
            controls(ctx, home, page, entry, &id, html);
        });
    }
    if home.rights.has(Rights::CREATE) {
        section(&mut html, "new", &format!("New {}", page.noun), |html| {
            form(html, "create", "", |html| {
                field(html, "new", "Name", "displayname", "");
                if page.colour.is_some() {
                    colour_field(html, "new", COLOUR);
                }
                if let Some(choice) = &page.choice {
                    choice_field(html, choice);
                }
                button(html, "new", "Make it");
            });
        });
    }
    if !shown.offers.is_empty() {
        let title = format!("{} of others", page.title);
        section(&mut html, "others", &title, |html| {
            for (number, offer) in shown.offers.iter().enumerate() {
                let id = format!("offer-{number}");
                form(html, "subscribe", &offer.href, |html| {
                    html.push_str(&format!("<span id=\"{id}\">"));
                    escape(html, &format!("{} ({})", offer.title, offer.owner));
                    html.push_str("</span> ");
                    button(html, &id, "Subscribe");
                });
            }
            if shown.are_more {
                html.push_str("<p>More are shared with you than are listed here. ");
                html.push_str("Those you subscribe to make room for others.</p>\n");
            }
        });
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

/// A part of the page under a heading, which tells what its buttons are about, too.
fn section(html: &mut String, id: &str, title: &str, content: impl FnOnce(&mut String)) {
    html.push_str(&format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">"
    ));
    escape(html, title);
    html.push_str("</h2>\n");
    content(html);
    html.push_str("</section>\n");
}

/// What can be done with a collection.
fn controls(
    ctx: &Context<'_>,
    home: &Collection,
    page: &Page,
    entry: &Entry,
    id: &str,
    html: &mut String,
) {
    let collection = &entry.collection;
    let name = collection.path.name().unwrap_or_default();
    let href = ctx.href(&collection.path, true);
    let may_set = match sets_for_all(ctx, collection) {
        true => Rights::WRITE,
        false => Rights::READ,
    };
    html.push_str(&format!("<p><a aria-describedby=\"{id}\" href=\""));
    escape(html, &href);
    html.push_str("\">Download</a>");
    if let Some(scheme) = page.subscribe {
        html.push_str(&format!(" <a aria-describedby=\"{id}\" href=\"{scheme}://"));
        escape(html, ctx.authority);
        escape(html, &href);
        html.push_str("\">Subscribe</a>");
    }
    html.push_str("</p>\n");
    if collection.rights.has(may_set) {
        form(html, "rename", name, |html| {
            field(html, id, "Name", "displayname", &entry.title);
            button(html, id, "Rename");
        });
        if page.colour.is_some() {
            form(html, "recolour", name, |html| {
                colour_field(html, id, entry.colour.as_deref().unwrap_or(COLOUR));
                button(html, id, "Recolour");
            });
        }
    }
    match entry.is_public {
        Some(true) => {
            html.push_str("<p>Everyone can read this.</p>\n");
            form(html, "unpublish", name, |html| {
                button(html, id, "Stop sharing with everyone")
            });
        }
        Some(false) => form(html, "publish", name, |html| {
            button(html, id, "Share with everyone")
        }),
        None => {}
    }
    let goes = ctx
        .profile
        .part
        .is_none_or(|rule| rule(ctx, collection).is_ok());
    let may = goes && collection.rights.has(Rights::DELETE);
    if may && home.has_elsewhere(name) {
        form(html, "unsubscribe", name, |html| {
            button(html, id, "Unsubscribe")
        });
    } else if may {
        form(html, "delete", name, |html| {
            html.push_str("<label><input type=\"checkbox\" name=\"sure\" value=\"yes\" required> ");
            html.push_str(&format!("Yes, this {} and all in it</label> ", page.noun));
            button(html, id, "Delete");
        });
    }
}

/// A form to the page itself.
fn form(html: &mut String, action: &str, name: &str, content: impl FnOnce(&mut String)) {
    html.push_str("<form method=\"post\" action=\"\"><p>");
    html.push_str(&format!(
        "<input type=\"hidden\" name=\"action\" value=\"{action}\">"
    ));
    if !name.is_empty() {
        html.push_str("<input type=\"hidden\" name=\"name\" value=\"");
        escape(html, name);
        html.push_str("\">");
    }
    content(html);
    html.push_str("</p></form>\n");
}

fn field(html: &mut String, id: &str, label: &str, name: &str, value: &str) {
    html.push_str(&format!(
        "<label for=\"{name}-{id}\">{label}</label> <input id=\"{name}-{id}\" name=\"{name}\" \
         maxlength=\"200\" required autocomplete=\"off\" value=\""
    ));
    escape(html, value);
    html.push_str("\"> ");
}

fn colour_field(html: &mut String, id: &str, value: &str) {
    html.push_str(&format!(
        "<label for=\"colour-{id}\">Colour</label> <input type=\"color\" id=\"colour-{id}\" \
         name=\"colour\" value=\""
    ));
    escape(html, value);
    html.push_str("\"> ");
}

fn choice_field(html: &mut String, choice: &Choice) {
    html.push_str(&format!(
        "<label for=\"choice-new\">{}</label> <select id=\"choice-new\" name=\"choice\">",
        choice.label
    ));
    for (value, text) in choice.options {
        html.push_str(&format!("<option value=\"{value}\">{text}</option>"));
    }
    html.push_str("</select> ");
}

/// A button, with the id of what it is about: many of them say the same.
fn button(html: &mut String, about: &str, text: &str) {
    html.push_str(&format!(
        "<button aria-describedby=\"{about}\">{text}</button>"
    ));
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn browsers_take_the_style() {
        let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        let source = format!("style-src 'sha256-{digest}'");
        assert!(POLICY.contains(&source), "{source}");
    }
}
