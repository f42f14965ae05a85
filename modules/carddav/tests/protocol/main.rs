//! Contacts, over the in-memory host, named by clause.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod clients;
mod directory;
mod filters;
mod many;
mod page;
mod representations;
mod rfc6352;
mod sharing;

use carddav::CardDav;
use module::native::{Host, Reply};

/// A host with alice acting, bob, and carol.
fn host() -> Host {
    let host = Host::new();
    host.user("alice").user("bob").user("carol");
    host.act_as("alice");
    host
}

const HOME: &str = "/dav/addressbooks/user/alice";
const DEFAULT: &str = "/dav/addressbooks/user/alice/Default";

const NAMESPACES: &str = "xmlns='DAV:' xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav' \
    xmlns:CS='http://calendarserver.org/ns/'";

fn send(host: &Host, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request = host.request(method, path);
    let typed = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if !body.is_empty() {
        if !typed && body.trim_start().starts_with('<') {
            request = request.header("content-type", "application/xml");
        }
        request = request.body(body);
    }
    let reply = request.send::<CardDav>();
    if reply.text().starts_with("<?xml") {
        let limits = xml::Limits {
            bytes: 100 << 20,
            ..xml::Limits::default()
        };
        xml::parse(&reply.body, &limits).expect("well-formed");
    }
    reply
}

/// A card of a version with these lines in it.
fn card(version: &str, lines: &[&str]) -> String {
    let mut text = format!("BEGIN:VCARD\r\nVERSION:{version}\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text + "END:VCARD\r\n"
}

fn put(host: &Host, name: &str, body: &str) -> Reply {
    let path = format!("{DEFAULT}/{name}");
    send(host, "PUT", &path, &[("content-type", "text/vcard")], body)
}

/// Puts a card that must be taken.
fn store(host: &Host, name: &str, lines: &[&str]) -> String {
    let body = card("3.0", lines);
    let reply = put(host, name, &body);
    assert!(matches!(reply.status, 201 | 204), "{}", reply.text());
    body
}

fn propfind(host: &Host, path: &str, depth: &str, props: &str) -> Reply {
    let body = format!("<propfind {NAMESPACES}><prop>{props}</prop></propfind>");
    let reply = send(host, "PROPFIND", path, &[("depth", depth)], &body);
    assert_eq!(reply.status, 207, "{path}: {}", reply.text());
    reply
}

fn proppatch(host: &Host, path: &str, props: &str) -> Reply {
    let body =
        format!("<propertyupdate {NAMESPACES}><set><prop>{props}</prop></set></propertyupdate>");
    send(host, "PROPPATCH", path, &[], &body)
}

fn mkcol(host: &Host, path: &str, props: &str) -> Reply {
    let body = format!(
        "<mkcol {NAMESPACES}><set><prop><resourcetype><collection/><C:addressbook/></resourcetype>\
         {props}</prop></set></mkcol>"
    );
    send(host, "MKCOL", path, &[], &body)
}

fn report(host: &Host, path: &str, body: &str) -> Reply {
    send(host, "REPORT", path, &[("depth", "1")], body)
}

/// A query with this filter for these properties.
fn query(host: &Host, props: &str, filter: &str) -> Reply {
    let body = format!(
        "<C:addressbook-query {NAMESPACES}><prop>{props}</prop>{filter}</C:addressbook-query>"
    );
    report(host, &format!("{DEFAULT}/"), &body)
}

fn multiget(host: &Host, props: &str, names: &[&str]) -> Reply {
    let hrefs: String = names
        .iter()
        .map(|name| format!("<href>{DEFAULT}/{name}</href>"))
        .collect();
    let body = format!(
        "<C:addressbook-multiget {NAMESPACES}><prop>{props}</prop>{hrefs}</C:addressbook-multiget>"
    );
    report(host, &format!("{DEFAULT}/"), &body)
}

/// The last parts of the hrefs of a multistatus, sorted.
fn names(reply: &Reply) -> Vec<String> {
    let text = reply.text();
    let mut names: Vec<String> = text
        .split("<D:response>")
        .skip(1)
        .filter_map(|response| response.split("<D:href>").nth(1)?.split('<').next())
        .map(|href| href.rsplit('/').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The content of the first element of this name.
fn element(reply: &Reply, name: &str) -> Option<String> {
    let text = reply.text();
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    Some(content.to_owned())
}

#[track_caller]
fn expect(reply: &Reply, status: u16, pieces: &[&str]) {
    assert_eq!(reply.status, status, "{}", reply.text());
    for piece in pieces {
        assert!(
            reply.text().contains(piece),
            "{piece} is not in {}",
            reply.text()
        );
    }
}
