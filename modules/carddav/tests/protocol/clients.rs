//! What known programs do, each by its name.
//!
//! Elsewhere: that everything leads to the principal, whatever Apple's programs ask first, and that
//! homes are one URL with a slash, is for all protocols alike (`modules/principals`, and
//! `tests/protocol/rfc5397.rs`); so is the order of challenges, of which Thunderbird takes the first
//! that it knows (`tests/host/auth.rs`). That vdirsyncer removes a card and adds it again under its
//! UID, and khard and others sync both ways, is tried with the program itself
//! (`tests/clients/vdirsyncer.sh`), and discovery with tsdav. `Push-Dont-Notify` of DAVx5 means
//! something to WebDAV-Push only.

use super::*;

#[test]
fn apple_contacts_know_one_address_book_and_ask_the_home_for_a_ctag() {
    let host = host();
    let asked = "<CS:getctag/><resourcetype/><displayname/><supported-report-set/>\
        <current-user-privilege-set/><quota-available-bytes/><D:add-member/>\
        <CS:me-card/><CS:bulk-requests/><C:max-image-size/><C:max-resource-size/>";
    let reply = propfind(&host, &format!("{HOME}/"), "1", asked);
    // The one that all have comes with all that is needed to use it.
    let book = format!("<D:href>{DEFAULT}/</D:href>");
    let text = reply.text();
    let response = text.split("<D:response>").find(|one| one.contains(&book));
    let found = response.unwrap().split("404 Not Found").next().unwrap();
    for piece in [
        "<CS:getctag>",
        "<C:addressbook/>",
        "<D:privilege><D:write-content/></D:privilege>",
        "<C:addressbook-multiget/>",
    ] {
        assert!(found.contains(piece), "{piece} is not in {found}");
    }
    assert_eq!(text.matches("<CS:getctag>").count(), 2, "of the home, too");
}

#[test]
fn apple_contacts_write_what_is_hardly_a_card() {
    let host = host();
    let lines = [
        "PRODID:-//Apple Inc.//iOS 17.0//EN",
        "N:Doe;Jane;;;",
        "FN:Jane Doe",
        "BDAY;value=date;X-APPLE-OMIT-YEAR=1604:1604-04-15",
        "item1.URL;type=pref:http\\://example.com",
        "item1.X-ABLabel:_$!<HomePage>!$_",
        "item2.ADR;type=HOME;type=pref:;;1 Street\\nSecond line;City;;;",
        "item2.X-ABADR:at",
        "PHOTO;ENCODING=b;TYPE=JPEG;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&1&1&x==:/9j/4AAQ",
        "X-SOCIALPROFILE;type=twitter;x-user=jane:http://twitter.com/jane",
        "REV:2026-01-01T00:00:00Z",
        "UID:5c1d6f0a-2c9f-4b0e-8a43-6b1f8d2d7f11",
    ];
    let body = store(&host, "1.vcf", &lines);
    let path = format!("{DEFAULT}/1.vcf");
    assert_eq!(send(&host, "GET", &path, &[], "").text(), body);
    let four = [("accept", "text/vcard;version=4.0")];
    let made = send(&host, "GET", &path, &four, "");
    expect(&made, 200, &["BDAY:--0415", ":data:image/jpeg;base64,/9"]);
}

#[test]
fn davx5_wants_tags_and_minds_no_names_of_others() {
    let host = host();
    let body = card("4.0", &["FN:A", "UID:1"]);
    let made = put(&host, "1.vcf", &body);
    let etag = made.header("etag").unwrap().to_owned();
    // A multiget of what is there, what is gone, and what is no card of this address book.
    let foreign = format!("{HOME}/other/1.vcf");
    let request = format!(
        "<C:addressbook-multiget {NAMESPACES}><prop><getetag/><C:address-data/></prop>\
         <href>{DEFAULT}/1.vcf</href><href>{DEFAULT}/gone.vcf</href><href>{foreign}</href>\
         </C:addressbook-multiget>"
    );
    let reply = report(&host, &format!("{DEFAULT}/"), &request);
    expect(&reply, 207, &["404"]);
    assert_eq!(element(&reply, "D:getetag").unwrap(), etag);
    assert_eq!(reply.text().matches("<D:response>").count(), 3);
    let stale = [("if-match", "\"other\""), ("content-type", "text/vcard")];
    let path = format!("{DEFAULT}/1.vcf");
    assert_eq!(send(&host, "PUT", &path, &stale, &body).status, 412);
    // Its groups are either categories, or cards with members.
    let lines = ["FN:B", "UID:2", "CATEGORIES:Band,Friends\\, old"];
    assert_eq!(put(&host, "2.vcf", &card("4.0", &lines)).status, 201);
    let filter = "<C:filter><C:prop-filter name='CATEGORIES'><C:text-match>friends, old\
        </C:text-match></C:prop-filter></C:filter>";
    assert_eq!(names(&query(&host, "<getetag/>", filter)), ["2.vcf"]);
}

#[test]
fn thunderbird_and_vdirsyncer_remove_a_card_and_add_it_again() {
    let host = host();
    for name in ["1.vcf", "1.vcf", "another.vcf"] {
        store(&host, name, &["FN:A", "N:A;;;;", "UID:the-same"]);
        let path = format!("{DEFAULT}/{name}");
        assert_eq!(send(&host, "DELETE", &path, &[], "").status, 204);
        // Thunderbird skips what is gone already.
        assert_eq!(send(&host, "DELETE", &path, &[], "").status, 404);
    }
}

#[test]
fn outlook_caldav_synchronizer_writes_windows_line_ends_and_empty_values() {
    let host = host();
    let lines = [
        "N:Doe;;;;",
        "FN:",
        "ORG:;",
        "TEL;WORK;VOICE:",
        "EMAIL;PREF;INTERNET:a@example.com",
        "ADR;WORK:;;;;;;",
        "UID:{0E9B1A3E-6A7B-4DB0-9C5B-2C5D6F4E7A11}",
    ];
    store(&host, "1.vcf", &lines);
    let filter = "<C:filter><C:prop-filter name='EMAIL'><C:param-filter name='TYPE'>\
        <C:text-match match-type='equals'>pref</C:text-match></C:param-filter></C:prop-filter>\
        </C:filter>";
    assert_eq!(names(&query(&host, "<getetag/>", filter)), ["1.vcf"]);
}

#[test]
fn gnome_contacts_finds_an_address_from_its_beginning() {
    let host = host();
    let lines = [
        "FN:A",
        "N:A;;;;",
        "UID:1",
        "EMAIL;TYPE=work:Anna@example.com",
    ];
    store(&host, "1.vcf", &lines);
    let ask = |kind: &str, text: &str| {
        let filter = format!(
            "<C:filter><C:prop-filter name='EMAIL'><C:text-match match-type='{kind}'>{text}\
             </C:text-match></C:prop-filter></C:filter>"
        );
        names(&query(&host, "<getetag/>", &filter)).len()
    };
    assert_eq!(ask("starts-with", "anna"), 1);
    assert_eq!(ask("starts-with", "nna@"), 0);
    assert_eq!(ask("ends-with", "EXAMPLE.COM"), 1);
}

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
