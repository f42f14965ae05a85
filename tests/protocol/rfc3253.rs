//! Reports: <https://www.rfc-editor.org/rfc/rfc3253>.

use super::{alice, properties, report};

#[test]
fn s3_1_5_supported_report_set_names_what_s3_6_report_answers() {
    let (mut client, path) = alice("rfc3253_s3_1_5");
    let found = properties(&mut client, &path, "<D:supported-report-set/>");
    let set = found.property("supported-report-set").unwrap();
    for name in ["sync-collection", "expand-property"] {
        assert!(set.has(name), "{set:?}");
    }
}

#[test]
fn s3_8_expand_property_follows_hrefs() {
    let (mut client, path) = alice("rfc3253_s3_8");
    let body = "<D:expand-property xmlns:D=\"DAV:\"><D:property name=\"current-user-principal\">\
                <D:property name=\"displayname\"/></D:property></D:expand-property>";
    let answer = report(&mut client, &path, "0", body);
    let principal = answer.only().property("current-user-principal").unwrap();
    assert!(principal.has("response"), "{principal:?}");
    assert!(principal.has("displayname"), "{principal:?}");
}
