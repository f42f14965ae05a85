//! A mailbox as a feed: Atom, RFC 4287, or RSS 2.0; pages as of RFC 5005 §3.

use crate::document::Document;
use crate::entries::{self, Entries};
use crate::item::{self, Item};
use crate::options::Options;
use crate::problem::Problem;
use crate::target::{feed_path, message_path};
use crate::{feeds, is_known, preferred};
use module::query::{Parameters, percent_encode};
use module::{Instant, Mailbox, Request, Response, Status, Uid};

/// How a feed is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Atom,
    Rss,
}

impl Format {
    /// The format that is asked for.
    pub(crate) fn wanted(request: &Request) -> Result<Self, Problem> {
        let parameters = Parameters::of(request).map_err(|_| Problem::Parameters)?;
        match parameters.one("format").map_err(|_| Problem::Parameters)? {
            Some("atom") => return Ok(Self::Atom),
            Some("rss") => return Ok(Self::Rss),
            Some(_) => return Err(Problem::Parameters),
            None => {}
        }
        let offered = [
            ("application/atom+xml", Self::Atom),
            ("application/rss+xml", Self::Rss),
            ("application/xml", Self::Atom),
            ("text/xml", Self::Atom),
        ];
        preferred(request, &offered).ok_or(Problem::Format)
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
        }
    }
}

/// What is told of a mailbox.
struct Feed<'a> {
    status: &'a Status,
    title: String,
    /// Scheme and authority, which URLs begin with.
    origin: String,
    format: Format,
    /// This page, and where the next older one begins.
    before: Option<Uid>,
    next: Option<Uid>,
}

/// Answers with the feed of a mailbox.
pub(crate) fn answer(
    request: &Request,
    mailbox: &Mailbox,
    format: Format,
    before: Option<Uid>,
    options: &Options,
) -> Result<Response, Problem> {
    let status = mailbox.status()?;
    let since = options.age.map(|age| request.received.saturating_sub(age));
    let etag = etag(&status, request, format, options);
    let mut response = Response::new(200)
        .header("cache-control", "private, must-revalidate, max-age=60")
        .header("vary", "accept, authorization")
        .header("x-content-type-options", "nosniff");
    response.etag = Some(etag.clone());
    // What has not changed need not be made to be thrown away.
    if is_known(request, &etag) {
        response.status = 304;
        return Ok(response);
    }
    let below = before.unwrap_or(status.uid_next).min(status.uid_next);
    let mut listed = item::newest(mailbox, below, options.items, since)?;
    let is_more = listed.len() > options.items;
    listed.truncate(options.items);
    let next = listed.last().filter(|_| is_more).map(|last| last.uid);
    response.last_modified = listed.iter().map(|listed| listed.arrived).max();
    let feed = Feed {
        title: feeds::title(&status),
        origin: format!("{}://{}", request.scheme, request.authority),
        status: &status,
        format,
        before,
        next,
    };
    // Older pages are asked for by hardly anybody twice.
    let name = before
        .is_none()
        .then(|| format!("{format:?} {}", status.id));
    let form = format!(
        "{} {} {}",
        feed.origin,
        options.synopsis,
        status.path.join("\u{1}")
    );
    let entries = entries::of(mailbox, &listed, options, (name.as_deref(), &form), {
        |out, item| match format {
            Format::Atom => feed.atom_entry(out, item),
            Format::Rss => feed.rss_item(out, item),
        }
    })?;
    let written = match format {
        Format::Atom => feed.atom(&entries),
        Format::Rss => feed.rss(&entries),
    };
    Ok(response.body(format.media_type(), written))
}

/// Changes with the mailbox, and with all else that a feed depends on.
fn etag(status: &Status, request: &Request, format: Format, options: &Options) -> String {
    // What is too old leaves a feed without a change of the mailbox: an hour late at most.
    let hour = options.age.map(|_| request.received / 3_600_000);
    let asked = format!(
        "{format:?} {}://{} {:?} {} {} {hour:?} {}",
        request.scheme,
        request.authority,
        request.query,
        options.items,
        options.synopsis,
        status.path.join("/"),
    );
    // FNV-1a.
    let hash = asked.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let id = status.id.get(..8).unwrap_or(&status.id);
    format!("\"{id}-{}-{hash:016x}\"", status.modseq)
}

impl Feed<'_> {
    /// The URL of a page of this feed.
    fn page(&self, before: Option<Uid>) -> String {
        let format = match self.format {
            Format::Atom => "atom",
            Format::Rss => "rss",
        };
        let mut url = format!(
            "{}{}?format={format}",
            self.origin,
            feed_path(&self.status.path)
        );
        if let Some(before) = before {
            url.push_str(&format!("&before={before}"));
        }
        url
    }

    fn message(&self, item: &Item) -> String {
        format!(
            "{}{}",
            self.origin,
            message_path(&self.status.path, item.uid)
        )
    }

    fn section(&self, item: &Item, section: &str) -> String {
        let mut url = self.message(item) + "?section=";
        percent_encode(&mut url, section);
        url
    }

    /// The page of feeds, which this one is from.
    fn home(&self) -> String {
        format!("{}/rss/", self.origin)
    }

    /// The links of RFC 5005 §3 and RFC 4287 §4.2.7, as elements of this name.
    fn links(&self, out: &mut Document, element: &str) {
        let link = |out: &mut Document, rel: &str, url: &str| {
            out.raw("<")
                .raw(element)
                .raw(" rel=\"")
                .raw(rel)
                .raw("\" href=\"");
            out.text(url).raw("\"/>\n");
        };
        link(out, "self", &self.page(self.before));
        link(out, "first", &self.page(None));
        if let Some(next) = self.next {
            link(out, "next", &self.page(Some(next)));
        }
    }

    fn atom(&self, entries: &Entries) -> Vec<u8> {
        let mut out = Document::default();
        out.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        out.raw("<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
        out.element("title", &self.title);
        out.element("id", &format!("urn:uuid:{}", uuid(&self.status.id)));
        self.links(&mut out, "link");
        out.raw("<link rel=\"alternate\" type=\"text/html\" href=\"");
        out.text(&self.home()).raw("\"/>\n");
        let updated = entries.updated.unwrap_or(self.status.created);
        out.element("updated", &date(updated));
        out.element("generator", "Chapar");
        // RFC 4287 §4.1.1: what entries without an author have.
        let owner = self.status.owner.as_deref().unwrap_or("nobody");
        out.raw("<author>")
            .element("name", owner)
            .raw("</author>\n");
        out.written(&entries.bytes).raw("</feed>\n");
        out.into_bytes()
    }

    fn atom_entry(&self, out: &mut Document, item: &Item) {
        out.raw("<entry>\n").element("title", &item.title);
        out.element("id", &format!("urn:uuid:{}", self.item_uuid(item)));
        out.element("updated", &date(item.updated));
        if let Some(published) = &item.published {
            out.element("published", &published.to_rfc3339());
        }
        if let Some((name, email)) = &item.author {
            out.raw("<author>").element("name", name);
            // RFC 4287 §3.2.3 has only what looks like an address.
            if is_address(email) {
                out.element("email", email);
            }
            out.raw("</author>\n");
        }
        out.raw("<link rel=\"alternate\" type=\"text/html\" href=\"");
        out.text(&self.message(item)).raw("\"/>\n");
        for enclosure in &item.enclosures {
            out.raw("<link rel=\"enclosure\" href=\"");
            out.text(&self.section(item, &enclosure.section))
                .raw("\" type=\"");
            out.text(&enclosure.type_).raw("\" length=\"");
            out.raw(&enclosure.len.to_string());
            if let Some(name) = &enclosure.name {
                out.raw("\" title=\"").text(name);
            }
            out.raw("\"/>\n");
        }
        if !item.synopsis.is_empty() {
            out.element("summary", &item.synopsis);
        }
        out.raw("</entry>\n");
    }

    fn rss(&self, entries: &Entries) -> Vec<u8> {
        let mut out = Document::default();
        out.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        out.raw("<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" ");
        out.raw("xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n");
        out.element("title", &self.title);
        out.element("link", &self.home());
        out.element("description", &format!("Mail in {}", self.title));
        out.element("generator", "Chapar");
        self.links(&mut out, "atom:link");
        if let Some(updated) = entries.updated {
            out.element("lastBuildDate", &date_of_mail(updated));
        }
        out.written(&entries.bytes);
        out.raw("</channel>\n</rss>\n");
        out.into_bytes()
    }

    fn rss_item(&self, out: &mut Document, item: &Item) {
        out.raw("<item>\n").element("title", &item.title);
        out.element("link", &self.message(item));
        out.raw("<guid isPermaLink=\"false\">urn:uuid:");
        out.raw(&self.item_uuid(item)).raw("</guid>\n");
        let published = item.published.map(|date| date.to_rfc5322());
        out.element(
            "pubDate",
            &published.unwrap_or_else(|| date_of_mail(item.updated)),
        );
        if let Some((name, email)) = &item.author {
            match is_address(email) {
                true => out.element("author", &format!("{email} ({name})")),
                false => out.element("dc:creator", name),
            };
        }
        // RSS has one enclosure an item: podcasts have theirs first.
        if let Some(enclosure) = item.enclosures.first() {
            out.raw("<enclosure url=\"");
            out.text(&self.section(item, &enclosure.section))
                .raw("\" length=\"");
            out.raw(&enclosure.len.to_string()).raw("\" type=\"");
            out.text(&enclosure.type_).raw("\"/>\n");
        }
        // Its text is HTML, once it is read as XML.
        let mut html = Document::default();
        html.text(&item.synopsis);
        let html = String::from_utf8(html.into_bytes()).unwrap_or_default();
        out.element("description", &html).raw("</item>\n");
    }

    /// The message's own for ever: a uid is never used again in its mailbox.
    fn item_uuid(&self, item: &Item) -> String {
        let mailbox = self.status.id.get(..24).unwrap_or(&self.status.id);
        uuid(&format!("{mailbox:0<24}{:08x}", item.uid))
    }
}

fn is_address(email: &str) -> bool {
    let is_plain =
        |char: char| !char.is_whitespace() && !char.is_control() && !"()<>,;\"".contains(char);
    matches!(email.split_once('@'), Some((local, domain)) if !local.is_empty() && !domain.is_empty())
        && email.chars().all(is_plain)
}

/// 128 bits in hex as RFC 9562 §4 writes them.
fn uuid(hex: &str) -> String {
    let piece = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let pieces = [
        piece(0, 8),
        piece(8, 12),
        piece(12, 16),
        piece(16, 20),
        piece(20, 32),
    ];
    pieces.join("-")
}

fn date(instant: Instant) -> String {
    let date = mail::Date::from_seconds(instant.div_euclid(1000));
    date.map_or_else(
        || "1970-01-01T00:00:00Z".to_owned(),
        |date| date.to_rfc3339(),
    )
}

fn date_of_mail(instant: Instant) -> String {
    let date = mail::Date::from_seconds(instant.div_euclid(1000));
    date.map_or_else(String::new, |date| date.to_rfc5322())
}
