//! Calendars, over the in-memory host, named by clause.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod attachments;
mod clients;
mod default_alarms;
mod examples;
mod export;
mod filters;
mod free_busy;
mod horizon;
mod hostile;
mod objects;
mod options;
mod page;
mod personal;
mod rfc4791;
mod rfc6578;
mod rfc6638;
mod rfc7265;
mod rfc7809;
mod rfc7953;
mod rfc8607;
mod sharing;
mod subscription;
mod vpatch;

use caldav::CalDav;
use module::native::{Host, Reply};

/// A host with alice acting, bob, and the group staff with bob in it.
fn host() -> Host {
    let host = Host::new();
    host.user("alice").user("bob").user("carol");
    host.group("staff", &["bob"]).act_as("alice");
    host
}

const HOME: &str = "/dav/calendars/user/alice";
const DEFAULT: &str = "/dav/calendars/user/alice/Default";

const NAMESPACES: &str = "xmlns='DAV:' xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav' \
    xmlns:CS='http://calendarserver.org/ns/' xmlns:A='http://apple.com/ns/ical/' xmlns:X='urn:x'";

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
    let reply = request.send::<CalDav>();
    if reply.text().starts_with("<?xml") {
        xml::parse(&reply.body, &xml::Limits::default()).expect("well-formed");
    }
    reply
}

fn mkcalendar(host: &Host, path: &str, props: &str) -> Reply {
    let body = match props {
        "" => String::new(),
        props => {
            format!("<C:mkcalendar {NAMESPACES}><set><prop>{props}</prop></set></C:mkcalendar>")
        }
    };
    send(host, "MKCALENDAR", path, &[], &body)
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

/// Grants rights, as letters, on a mailbox below alice's calendars, keeping what everyone may.
fn grant(host: &Host, calendar: &str, to: &str, privileges: &[&str]) {
    let privileges: String = privileges
        .iter()
        .map(|name| format!("<privilege>{name}</privilege>"))
        .collect();
    let body = format!(
        "<acl {NAMESPACES}><ace><principal><href>/dav/principals/user/alice/</href></principal>\
         <grant><privilege><all/></privilege></grant></ace><ace><principal>\
         <href>/dav/principals/user/{to}/</href></principal><grant>{privileges}</grant></ace></acl>"
    );
    let path = format!("{HOME}/{calendar}");
    let path = format!("{}/", path.trim_end_matches('/'));
    let reply = send(host, "ACL", &path, &[], &body);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// The hrefs of a multistatus, sorted.
fn hrefs(reply: &Reply) -> Vec<String> {
    let text = reply.text();
    let mut hrefs: Vec<String> = text
        .split("<D:response>")
        .skip(1)
        .filter_map(|response| response.split("<D:href>").nth(1)?.split('<').next())
        .map(str::to_owned)
        .collect();
    hrefs.sort();
    hrefs
}

/// The content of the first element of this name.
fn element(reply: &Reply, name: &str) -> Option<String> {
    let text = reply.text();
    let at = text
        .match_indices(&format!("<{name}"))
        .find(|(at, found)| {
            let next = text.as_bytes().get(at + found.len());
            matches!(next, Some(b'>' | b' ' | b'/'))
        })?;
    let (_, rest) = text.split_at(at.0);
    let (tag, rest) = rest.split_once('>')?;
    if tag.ends_with('/') {
        return Some(String::new());
    }
    rest.split_once(&format!("</{name}>"))
        .map(|(content, _)| content.to_owned())
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

fn put(host: &Host, path: &str, body: &str) -> Reply {
    let headers = [("content-type", "text/calendar; charset=utf-8")];
    send(host, "PUT", path, &headers, body)
}

/// A calendar with these lines in it.
fn calendar(lines: &str) -> String {
    let head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example Corp.//CalDAV Client//EN\n";
    let text = format!("{head}{}\nEND:VCALENDAR\n", lines.trim());
    text.replace('\n', "\r\n")
}

/// An event at noon (UTC) of a day, given as `YYYYMMDD`.
fn event(uid: &str, day: &str, more: &str) -> String {
    calendar(&format!(
        "BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20060206T001121Z\nDTSTART:{day}T120000Z\nDURATION:PT1H\n\
         SUMMARY:Event {uid}\n{more}{}END:VEVENT",
        if more.is_empty() { "" } else { "\n" }
    ))
}

fn report(host: &Host, path: &str, depth: &str, body: &str) -> Reply {
    send(host, "REPORT", path, &[("depth", depth)], body)
}

/// A calendar-query for entity tags, with this content of the filter on VCALENDAR.
fn query(host: &Host, path: &str, filter: &str) -> Reply {
    let body = format!(
        "<C:calendar-query {NAMESPACES}><prop><getetag/></prop><C:filter>\
         <C:comp-filter name='VCALENDAR'>{filter}</C:comp-filter></C:filter></C:calendar-query>"
    );
    report(host, path, "1", &body)
}

/// The names of the members in a multistatus, sorted.
fn names(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 207, "{}", reply.text());
    let last = |href: &String| href.rsplit('/').next().unwrap_or_default().to_owned();
    hrefs(reply).iter().map(last).collect()
}
