//! What known programs do, each by its name.

use super::*;

#[test]
fn apple_contacts_groups_and_their_members() {
    let host = host();
    let group = store(
        &host,
        "group.vcf",
        &[
            "PRODID:-//Apple Inc.//AddressBook 6.1//EN",
            "N:Band",
            "FN:Band",
            "X-ADDRESSBOOKSERVER-KIND:group",
            "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:0b0d7ad6-0d7c-4a29-9a3f-6ab2f4f0a5c1",
            "UID:c7a1c2ee-91e7-4d8b-a8e1-60a5f5b7d6aa",
        ],
    );
    let path = format!("{DEFAULT}/group.vcf");
    assert_eq!(send(&host, "GET", &path, &[], "").text(), group);
    let four = [("accept", "text/vcard;version=4.0")];
    expect(
        &send(&host, "GET", &path, &four, ""),
        200,
        &[
            "KIND:group",
            "MEMBER:urn:uuid:0b0d7ad6-0d7c-4a29-9a3f-6ab2f4f0a5c1",
        ],
    );
}

#[test]
fn davx5_and_em_client_may_write_a_uid_with_or_without_its_scheme() {
    let host = host();
    let uid = "4fbe8971-0bc3-424c-9c26-36c3e1eff6b1";
    store(&host, "1.vcf", &["FN:A", "N:A;;;;", &format!("UID:{uid}")]);
    let four = card("4.0", &["FN:A", &format!("UID:urn:uuid:{uid}")]);
    assert_eq!(put(&host, "1.vcf", &four).status, 204);
    expect(&put(&host, "2.vcf", &four), 403, &["<C:no-uid-conflict>"]);
}

#[test]
fn davx5_asks_for_version_4_in_multiget() {
    let host = host();
    store(&host, "1.vcf", &["FN:A", "N:A;;;;", "UID:1"]);
    let props = "<getcontenttype/><getetag/>\
        <C:address-data content-type='text/vcard' version='4.0'/>";
    let reply = multiget(&host, props, &["1.vcf"]);
    expect(&reply, 207, &["<D:getetag>\"", "VERSION:4.0", "text/vcard"]);
}

#[test]
fn thunderbird_lists_with_etags_and_reads_by_multiget() {
    let host = host();
    store(&host, "a%20b.vcf", &["FN:A", "N:A;;;;", "UID:1"]);
    let asked = "<resourcetype/><getetag/>";
    let reply = propfind(&host, &format!("{DEFAULT}/"), "1", asked);
    expect(
        &reply,
        207,
        &[&format!("<D:href>{DEFAULT}/a%20b.vcf</D:href>")],
    );
    let reply = multiget(&host, "<getetag/><C:address-data/>", &["a%20b.vcf"]);
    expect(&reply, 207, &["FN:A"]);
}

#[test]
fn evolution_searches_what_is_typed_everywhere() {
    let host = host();
    let lines = [
        "FN:Alpha Beta",
        "N:Beta;Alpha;;;",
        "UID:1",
        "EMAIL:ab@example.com",
    ];
    store(&host, "1.vcf", &lines);
    store(&host, "2.vcf", &["FN:Other", "N:Other;;;;", "UID:2"]);
    let any: String = ["FN", "N", "NICKNAME", "EMAIL", "ORG"]
        .iter()
        .map(|name| {
            format!(
                "<C:prop-filter name='{name}'><C:text-match match-type='contains'>beta\
                 </C:text-match></C:prop-filter>"
            )
        })
        .collect();
    let filter = format!("<C:filter test='anyof'>{any}</C:filter>");
    assert_eq!(names(&query(&host, "<getetag/>", &filter)), ["1.vcf"]);
}
