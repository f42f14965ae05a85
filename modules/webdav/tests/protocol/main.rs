//! Files, over the in-memory host, named by clause.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod clients;
mod rfc3744;
mod rfc4331;
mod rfc4709;
mod rfc4918;
mod rfc6578;
mod rfc9110;
mod sharing;

use module::native::{Host, Reply};
use webdav::WebDav;

/// A host with alice acting, bob, and the group staff with bob in it.
fn host() -> Host {
    let host = Host::new();
    host.user("alice").user("bob").user("carol");
    host.group("staff", &["bob"]).act_as("alice");
    host
}

const HOME: &str = "/dav/drive/user/alice";

fn send(host: &Host, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request = host.request(method, path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if !body.is_empty() {
        request = request.body(body);
    }
    request.send::<WebDav>()
}

fn put(host: &Host, path: &str, body: &str) -> Reply {
    let reply = send(host, "PUT", path, &[], body);
    assert!(
        matches!(reply.status, 201 | 204),
        "{path}: {} {}",
        reply.status,
        reply.text()
    );
    reply
}

fn mkcol(host: &Host, path: &str) {
    let reply = send(host, "MKCOL", path, &[], "");
    assert_eq!(reply.status, 201, "{path}: {}", reply.text());
}

fn get(host: &Host, path: &str) -> Reply {
    send(host, "GET", path, &[], "")
}

fn propfind(host: &Host, path: &str, depth: &str, props: &str) -> Reply {
    let body = format!("<propfind xmlns='DAV:' xmlns:X='urn:x'><prop>{props}</prop></propfind>");
    let reply = send(host, "PROPFIND", path, &[("depth", depth)], &body);
    assert_eq!(reply.status, 207, "{path}: {}", reply.text());
    reply
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
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>"))
        .map(|(content, _)| content.to_owned())
}
