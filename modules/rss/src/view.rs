//! A message as a page.

use crate::document::Document;
use crate::page::POLICY;
use crate::part;
use crate::problem::Problem;
use crate::target::message_path;
use mail::html::{Image, sanitise};
use mail::{Body, Limits, Message, Part as MailPart};
use module::query::{percent_decode, percent_encode};
use module::{Mailbox, Part, Request, Response, Uid};
use std::collections::HashMap;

/// The fields that are shown.
const FIELDS: [&str; 5] = ["From", "To", "Cc", "Date", "Subject"];

/// Octets of text that are shown of a part.
const TEXT_MAX: usize = 1 << 20;

/// Parts that are shown, or linked to.
const PARTS_MAX: usize = 200;

/// Answers with the page of a message.
pub(crate) fn answer(request: &Request, mailbox: &Mailbox, uid: Uid) -> Result<Response, Problem> {
    let blob = mailbox.open_message(uid, Part::Whole)?;
    let status = mailbox.status()?;
    let bytes = part::read(&blob)?;
    let message = Message::parse(&bytes, &Limits::default());
    let mut response = Response::new(200)
        .header("content-security-policy", POLICY)
        .header("x-content-type-options", "nosniff")
        .header("referrer-policy", "no-referrer")
        // The message never changes; how it is shown may, with the module.
        .header("cache-control", "private, max-age=86400")
        .header("vary", "authorization");
    response.etag = Some(format!(
        "\"{}-{uid}-{}\"",
        status.id,
        env!("CARGO_PKG_VERSION")
    ));
    let body = match request.method.as_str() {
        "HEAD" => Vec::new(),
        _ => {
            let is_cut = message.is_cut() || (bytes.len() as u64) < blob.size();
            View::new(&message, message_path(&status.path, uid), is_cut).page()
        }
    };
    Ok(response.body("text/html; charset=utf-8", body))
}

struct View<'m> {
    message: &'m Message<'m>,
    body: Body,
    url: String,
    /// There is more in the message than is seen here.
    is_cut: bool,
}

impl<'m> View<'m> {
    fn new(message: &'m Message<'m>, url: String, is_cut: bool) -> Self {
        let body = Body::of(message);
        Self {
            message,
            body,
            url,
            is_cut,
        }
    }

    fn page(&self) -> Vec<u8> {
        let header = self.message.header();
        let subject = header
            .last("Subject")
            .map(|field| field.text())
            .unwrap_or_default();
        let mut out = Document::default();
        out.raw("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">");
        out.raw("<title>")
            .text(&subject)
            .raw("</title></head><body>\n<table>\n");
        for name in FIELDS {
            if let Some(field) = header.last(name) {
                out.raw("<tr><th>").raw(name).raw("</th><td>");
                out.text(&field.text()).raw("</td></tr>\n");
            }
        }
        out.raw("</table>\n<hr>\n");
        for part in self.parts(&self.body.html) {
            self.show(&mut out, part);
        }
        if self.is_cut {
            out.raw("<p>There is more in this message than can be shown.</p>\n");
        }
        let attached: Vec<_> = self.parts(&self.body.attachments).collect();
        if !attached.is_empty() {
            out.raw("<hr>\n<ul>\n");
            for part in attached {
                out.raw("<li><a href=\"")
                    .text(&self.section(part))
                    .raw("\">");
                out.text(part.name().unwrap_or(&part.type_)).raw("</a> ");
                out.raw("(")
                    .raw(&part.size().to_string())
                    .raw(" bytes)</li>\n");
            }
            out.raw("</ul>\n");
        }
        out.raw("<p><a href=\"").text(&self.url);
        out.raw("?section=0\">As it came</a></p>\n</body></html>\n");
        out.into_bytes()
    }

    fn parts<'s>(&'s self, numbers: &'s [usize]) -> impl Iterator<Item = &'s MailPart<'m>> {
        let parts = numbers
            .iter()
            .filter_map(|at| self.message.parts().get(*at));
        parts.take(PARTS_MAX)
    }

    fn section(&self, part: &MailPart<'_>) -> String {
        let mut url = format!("{}?section=", self.url);
        percent_encode(&mut url, &part.section);
        url
    }

    fn show(&self, out: &mut Document, part: &MailPart<'_>) {
        match part.type_.as_str() {
            "text/html" => {
                let html = part.body_value(TEXT_MAX).value;
                let pictures = self.pictures();
                let safe = sanitise(&html, move |src| {
                    let id = src.get(4..).filter(|_| src.starts_with("cid:"));
                    let id = id.and_then(percent_decode);
                    match id.and_then(|id| pictures.get(&id).cloned()) {
                        Some(url) => Image::At(url),
                        None => Image::Gone,
                    }
                });
                out.raw("<div>").raw(&safe).raw("</div>\n");
            }
            "text/plain" => {
                let text = part.body_value(TEXT_MAX).value;
                out.raw("<pre style=\"white-space: pre-wrap\">")
                    .text(&text)
                    .raw("</pre>\n");
            }
            type_ if type_.starts_with("image/") => {
                out.raw("<p><img src=\"")
                    .text(&self.section(part))
                    .raw("\" alt=\"");
                out.text(part.name().unwrap_or_default()).raw("\"></p>\n");
            }
            _ => {
                out.raw("<p><a href=\"")
                    .text(&self.section(part))
                    .raw("\">");
                out.text(part.name().unwrap_or(&part.type_))
                    .raw("</a></p>\n");
            }
        }
    }

    /// Where the pictures are that HTML refers to by their ids: RFC 2392.
    fn pictures(&self) -> HashMap<String, String> {
        let parts = self.message.parts().iter().filter(|part| part.is_media());
        let parts = parts.filter_map(|part| Some((part.cid()?, self.section(part))));
        parts.collect()
    }
}
