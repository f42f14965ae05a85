//! GET of a collection: a page for browsers, without scripts and styles, that reads well aloud.

use dav::page::escape;
use dav::store::Listing;
use dav::{
    Collection, Context, Error, Fields, Member, Path, Resource, Response, ResponseBody, Rights,
    Status, Stored, Time, Want,
};

use crate::davmount;

/// Nothing of the page may be anything but text and links.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// More than this nobody reads; clients that need all ask with PROPFIND.
const ENTRIES_MAX: usize = 10_000;

/// Answers GET and HEAD of a collection.
pub(crate) fn get(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Collection(collection) = resource else {
        return Ok(None);
    };
    if davmount::is_asked(ctx) {
        return Ok(Some(davmount::document(ctx, &collection.path)));
    }
    // Relative links need the slash.
    if !ctx.target.slash {
        let mut response = Response::new(Status::MOVED_PERMANENTLY);
        response.set("Location", ctx.href(&collection.path, true));
        return Ok(Some(response));
    }
    let mut response = Response::new(Status::OK);
    response.set("Content-Type", "text/html; charset=utf-8");
    response.set("Content-Security-Policy", POLICY);
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Cache-Control", "private, no-cache");
    if ctx.method != "HEAD" {
        let entries = Entries::read(ctx, collection)?;
        response.body = ResponseBody::Bytes(page(ctx, collection, &entries).into_bytes());
    }
    Ok(Some(response))
}

/// What is in a collection, by name.
#[derive(Default)]
struct Entries {
    collections: Vec<Collection>,
    members: Vec<Member>,
    cut: bool,
}

impl Entries {
    fn read(ctx: &Context<'_>, collection: &Collection) -> Result<Self, Error> {
        let fields = Fields::LENGTH.and(Fields::MODIFIED).and(Fields::CREATED);
        let mut entries = Self::default();
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                want: Want {
                    fields,
                    stored: Stored::None,
                },
                collections: true,
                members: collection.rights.has(Rights::READ),
                after: after.as_deref(),
                limit: ctx.profile.limits.page,
                ..Listing::default()
            };
            let page = ctx.store.children(collection, &listing)?;
            entries.collections.extend(page.collections);
            entries.members.extend(page.members);
            after = page.next;
            entries.cut = after.is_some();
            let count = entries.collections.len() + entries.members.len();
            if after.is_none() || count >= ENTRIES_MAX {
                break;
            }
        }
        entries.collections.sort_by(|a, b| a.path.cmp(&b.path));
        entries.members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }
}

fn page(ctx: &Context<'_>, collection: &Collection, entries: &Entries) -> String {
    let title = collection.path.name().unwrap_or("Drive");
    let mut html = String::with_capacity(1024 + 200 * entries.members.len());
    html.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    escape(&mut html, title);
    html.push_str("</title>\n</head>\n<body>\n<main>\n<h1>");
    escape(&mut html, title);
    html.push_str("</h1>\n<p>");
    if let Some(parent) = collection.path.parent() {
        html.push_str("<a href=\"");
        escape(&mut html, &ctx.href(&parent, true));
        html.push_str("\">Folder above</a> ");
    }
    html.push_str("<a href=\"?davmount\" type=\"application/davmount+xml\">");
    html.push_str("Open in the file manager</a></p>\n");
    if entries.collections.is_empty() && entries.members.is_empty() {
        html.push_str("<p>This folder is empty.</p>\n");
    } else {
        table(ctx, collection, entries, &mut html);
    }
    if entries.cut {
        html.push_str("<p>There is more than this page shows.</p>\n");
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn table(ctx: &Context<'_>, collection: &Collection, entries: &Entries, html: &mut String) {
    html.push_str("<table>\n<caption>What is in this folder</caption>\n<thead><tr>");
    for heading in ["Name", "Size", "Date"] {
        html.push_str("<th scope=\"col\">");
        html.push_str(heading);
        html.push_str("</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for inner in &entries.collections {
        let name = format!("{}/", inner.path.name().unwrap_or_default());
        row(html, &ctx.href(&inner.path, true), &name, "", inner.created);
    }
    for member in &entries.members {
        let path: Path = collection.path.join(&member.name);
        let href = ctx.href(&path, false);
        row(
            html,
            &href,
            &member.name,
            &size(member.length),
            member.modified,
        );
    }
    html.push_str("</tbody>\n</table>\n");
}

fn row(html: &mut String, href: &str, name: &str, size: &str, date: Option<Time>) {
    html.push_str("<tr><th scope=\"row\"><a href=\"");
    escape(html, href);
    html.push_str("\">");
    escape(html, name);
    html.push_str("</a></th><td>");
    html.push_str(size);
    html.push_str("</td><td>");
    if let Some(date) = date {
        let mut stamp = Vec::with_capacity(20);
        date.write_rfc3339(&mut stamp);
        let stamp = String::from_utf8(stamp).unwrap_or_default();
        html.push_str("<time datetime=\"");
        html.push_str(&stamp);
        html.push_str("\">");
        html.push_str(&stamp.replace('T', " ").replace('Z', " UTC"));
        html.push_str("</time>");
    }
    html.push_str("</td></tr>\n");
}

/// A number of bytes as people say it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    // Tenths of the unit.
    let mut tenths = bytes / 100;
    let mut unit = "kB";
    for next in UNITS.iter().skip(1) {
        if tenths < 10_000 {
            break;
        }
        tenths /= 1000;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (1_234_567, "1.2 MB"),
            (999_999, "999.9 kB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
