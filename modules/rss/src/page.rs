//! The page of all feeds.

use crate::document::Document;
use crate::feeds;
use crate::options::Options;
use crate::problem::Problem;
use crate::target::feed_path;
use module::{Request, Response, Status};

/// Nothing of a page may be anything but text, links and pictures from here.
pub(crate) const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-popups";

/// What stands in a template where the feeds go.
const PLACE: &str = "%RSS_FEEDLIST%";

/// Answers with the page.
pub(crate) fn answer(request: &Request, options: &Options) -> Result<Response, Problem> {
    let feeds = feeds::list(options)?;
    let list = list(&feeds);
    let mut page = Document::default();
    match &options.template {
        Some(template) => {
            page.raw(&template.replacen(PLACE, &list, 1));
        }
        None => {
            page.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
            page.raw("<title>Feeds</title>\n");
            for status in &feeds {
                page.raw("<link rel=\"alternate\" type=\"application/atom+xml\" title=\"");
                page.text(&feeds::title(status)).raw("\" href=\"");
                page.text(&feed_path(&status.path)).raw("\">\n");
            }
            page.raw("</head><body><h1>Feeds</h1>\n").raw(&list);
            page.raw("</body></html>\n");
        }
    }
    // The template is the operator's, and may have styles and pictures.
    let policy = match options.template {
        Some(_) => "base-uri 'none'; frame-ancestors 'none'",
        None => POLICY,
    };
    let response = Response::new(200)
        .header("content-security-policy", policy)
        .header("x-content-type-options", "nosniff")
        .header("referrer-policy", "no-referrer")
        .header("cache-control", "private, no-cache")
        .header("vary", "authorization");
    let body = match request.method.as_str() {
        "HEAD" => Vec::new(),
        _ => page.into_bytes(),
    };
    Ok(response.body("text/html; charset=utf-8", body))
}

/// The tree of feeds, as lists in lists.
fn list(feeds: &[Status]) -> String {
    let mut out = Document::default();
    if feeds.is_empty() {
        out.raw("<p>There are no feeds for you.</p>\n");
    }
    let mut above: Vec<&[String]> = Vec::new();
    for status in feeds {
        while above
            .last()
            .is_some_and(|last| !status.path.starts_with(last))
        {
            out.raw("</li></ul>\n");
            above.pop();
        }
        let name = match above.last() {
            Some(last) => status
                .path
                .get(last.len()..)
                .unwrap_or_default()
                .join(" / "),
            None => feeds::title(status),
        };
        let path = feed_path(&status.path);
        out.raw("<ul><li><a href=\"")
            .text(&path)
            .raw("\">")
            .text(&name)
            .raw("</a>");
        out.raw(" (<a href=\"")
            .text(&path)
            .raw("?format=rss\">RSS</a>)\n");
        above.push(&status.path);
    }
    for _ in above {
        out.raw("</li></ul>\n");
    }
    String::from_utf8(out.into_bytes()).unwrap_or_default()
}
