//! The page at `/` where there are no static files: what runs here.

use super::content::Content;
use super::reply::Reply;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use runtime::ModuleTable;
use std::fmt::Write;

/// Lists the modules that serve.
pub fn overview(servername: &str, modules: &ModuleTable) -> Reply {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{0}</title>\n\
         <h1>{0}</h1>\n<p>Chapar is running. These modules serve:</p>\n<dl>\n",
        escape(servername)
    );
    for descriptor in modules.descriptors() {
        let (name, summary) = (escape(&descriptor.name), escape(&descriptor.summary));
        let _ = writeln!(page, "<dt>{name}</dt>\n<dd>{summary}</dd>");
    }
    page.push_str("</dl>\n");
    let mut reply = Reply::empty(StatusCode::OK);
    reply.set(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    reply.content = Content::Bytes(page.into());
    reply
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
