//! What modules speak, by clause of the standard: one happy path per method over real
//! connections. Every other case is tested where the code is, without a server.

mod rfc3253;
mod rfc3744;
mod rfc4331;
mod rfc4791;
mod rfc4918;
mod rfc5397;
mod rfc5689;
mod rfc6578;
mod rfc7694;
mod rfc8607;
mod rfc9113;

use chapar_tests::support::{Client, Member, Multistatus, multistatus, shared};

/// Alice, and a collection of hers that only this test uses.
fn alice(test: &str) -> (Client, String) {
    let mut client = shared().client("alice");
    let path = format!("/dav/drive/user/alice/{test}/");
    client.send("MKCOL", &path, &[], b"").expect(201);
    (client, path)
}

/// Asks for properties, given as XML in which `D:` is `DAV:`.
#[track_caller]
fn propfind(client: &mut Client, path: &str, depth: &str, properties: &str) -> Multistatus {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <D:propfind xmlns:D=\"DAV:\"><D:prop>{properties}</D:prop></D:propfind>"
    );
    let headers = [("depth", depth), ("content-type", "application/xml")];
    multistatus(&client.send("PROPFIND", path, &headers, body.as_bytes()))
}

/// Asks for properties of one resource.
#[track_caller]
fn properties(client: &mut Client, path: &str, properties: &str) -> Member {
    propfind(client, path, "0", properties).only().clone()
}

/// Asks for a report.
#[track_caller]
fn report(client: &mut Client, path: &str, depth: &str, body: &str) -> Multistatus {
    let headers = [("depth", depth), ("content-type", "application/xml")];
    multistatus(&client.send("REPORT", path, &headers, body.as_bytes()))
}
