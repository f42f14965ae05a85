//! Extended MKCOL: <https://www.rfc-editor.org/rfc/rfc5689>.

use super::{alice, properties};
use chapar_tests::support::parse;

fn body(properties: &str) -> String {
    format!(
        "<D:mkcol xmlns:D=\"DAV:\"><D:set><D:prop>\
         <D:resourcetype><D:collection/></D:resourcetype>{properties}\
         </D:prop></D:set></D:mkcol>"
    )
}

const XML: [(&str, &str); 1] = [("content-type", "application/xml; charset=utf-8")];

#[test]
fn s3_mkcol_sets_properties_with_the_collection() {
    let (mut client, path) = alice("rfc5689_s3");
    let new = format!("{path}new/");
    let body = body("<D:displayname>Neu</D:displayname>");
    client
        .send("MKCOL", &new, &XML, body.as_bytes())
        .expect(201);
    assert_eq!(
        properties(&mut client, &new, "<D:displayname/>").text("displayname"),
        "Neu"
    );
}

#[test]
fn s3_mkcol_with_a_property_that_cannot_be_set_makes_nothing() {
    let (mut client, path) = alice("rfc5689_s3_fails");
    let new = format!("{path}new/");
    let body = body("<D:displayname>Neu</D:displayname><D:getetag>\"x\"</D:getetag>");
    let answer = client.send("MKCOL", &new, &XML, body.as_bytes());
    assert!(
        matches!(answer.status, 207 | 403 | 424),
        "{}",
        answer.status
    );
    let answer = parse(&answer.body);
    assert!(matches!(
        answer.name.as_str(),
        "{DAV:}mkcol-response" | "{DAV:}multistatus"
    ));
    client
        .send("PROPFIND", &new, &[("depth", "0")], b"")
        .expect(404);
}
