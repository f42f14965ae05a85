//! RFC 6352: collections, objects and reports, and its examples by their sections.
//!
//! Not an example here: §5.1.1.1 and §8.7.2, a card that cannot be converted, since what is stored
//! can be (see `vcard`'s tests of conversion); §7.1.1, homes, which are properties of principals
//! (`modules/principals`), and so is the search of §9.4; §7.1.2, which is not supported; §11, which
//! is for the DNS.

use super::*;

#[test]
fn s5_2_address_books_say_what_they_are() {
    let host = host();
    let asked = "<resourcetype/><displayname/><C:supported-address-data/><C:max-resource-size/>\
        <C:supported-collation-set/><CS:getctag/><sync-token/>";
    let reply = propfind(&host, &format!("{DEFAULT}/"), "0", asked);
    expect(
        &reply,
        207,
        &[
            "<D:collection/><C:addressbook/>",
            "<D:displayname>Personal</D:displayname>",
            "<C:address-data-type content-type=\"text/vcard\" version=\"3.0\"/>",
            "<C:address-data-type content-type=\"text/vcard\" version=\"4.0\"/>",
            "<C:max-resource-size>10485760</C:max-resource-size>",
            "<C:supported-collation>i;ascii-casemap</C:supported-collation>\
             <C:supported-collation>i;octet</C:supported-collation>\
             <C:supported-collation>i;unicode-casemap</C:supported-collation>",
        ],
    );
    assert!(!reply.text().contains("404"), "{}", reply.text());
    assert_eq!(
        element(&reply, "CS:getctag"),
        element(&reply, "D:sync-token")
    );
}

#[test]
fn s6_1_options_tell_of_address_books() {
    let host = host();
    let reply = send(&host, "OPTIONS", &format!("{DEFAULT}/"), &[], "");
    let dav = reply.header("dav").unwrap();
    assert!(
        dav.contains("access-control") && dav.contains("addressbook"),
        "{dav}"
    );
    let asked = "<supported-report-set/>";
    let reports = propfind(&host, &format!("{DEFAULT}/"), "0", asked);
    expect(
        &reports,
        207,
        &[
            "<C:addressbook-query/>",
            "<C:addressbook-multiget/>",
            "<D:sync-collection/>",
        ],
    );
}

#[test]
fn s6_2_none_of_them_is_in_allprop() {
    let host = host();
    let book = format!("{DEFAULT}/");
    let reply = send(&host, "PROPFIND", &book, &[("depth", "0")], "");
    expect(&reply, 207, &["<D:displayname>Personal</D:displayname>"]);
    assert!(!reply.text().contains("<C:supported"), "{}", reply.text());
    store(&host, "1.vcf", &["FN:A", "N:A;;;;", "UID:1"]);
    let asked = "<C:address-data/><getetag/>";
    let reply = propfind(&host, &format!("{DEFAULT}/1.vcf"), "0", asked);
    expect(
        &reply,
        207,
        &["<C:address-data/></D:prop><D:status>HTTP/1.1 404"],
    );
}

#[test]
fn s6_2_1_descriptions_keep_their_language() {
    let host = host();
    let set = "<C:addressbook-description xml:lang='fr-CA'>Adresses de Oliver Daboo\
        </C:addressbook-description>";
    expect(&proppatch(&host, DEFAULT, set), 207, &["200 OK"]);
    let reply = propfind(&host, DEFAULT, "0", "<C:addressbook-description/>");
    expect(
        &reply,
        207,
        &["xml:lang=\"fr-CA\"", "Adresses de Oliver Daboo"],
    );
    let set = "<C:max-resource-size>1</C:max-resource-size>";
    expect(
        &proppatch(&host, DEFAULT, set),
        207,
        &["403", "<D:cannot-modify-protected-property/>"],
    );
}

#[test]
fn s6_3_1_1_an_address_book_is_made() {
    let host = host();
    let props = "<displayname>Lisa's Contacts</displayname><C:addressbook-description \
        xml:lang='en'>My primary address book.</C:addressbook-description>";
    let path = format!("{HOME}/work/");
    assert_eq!(mkcol(&host, &path, props).status, 201);
    let asked = "<displayname/><C:addressbook-description/><resourcetype/>";
    expect(
        &propfind(&host, &path, "0", asked),
        207,
        &[
            ">Lisa's Contacts<",
            ">My primary address book.<",
            "<C:addressbook/>",
        ],
    );
    let inside = mkcol(&host, &format!("{path}inner/"), "");
    expect(&inside, 403, &["<C:addressbook-collection-location-ok>"]);
    // A plain collection is no place for cards.
    let plain = send(&host, "MKCOL", &format!("{HOME}/plain/"), &[], "");
    assert!((400..500).contains(&plain.status), "{}", plain.status);
    assert_eq!(send(&host, "DELETE", &path, &[], "").status, 204);
}

#[test]
fn s5_2_everyone_has_an_address_book_that_stays() {
    let host = host();
    let reply = propfind(&host, &format!("{HOME}/"), "1", "<resourcetype/>");
    expect(&reply, 207, &[&format!("<D:href>{DEFAULT}/</D:href>")]);
    let book = format!("{DEFAULT}/");
    assert_eq!(send(&host, "DELETE", &book, &[], "").status, 403);
    let destination = format!("{HOME}/x/");
    let headers = [("destination", destination.as_str())];
    assert_eq!(send(&host, "MOVE", &book, &headers, "").status, 403);
}

#[test]
fn s6_3_2_an_address_object_is_stored_as_it_was_sent() {
    let host = host();
    let body = card(
        "3.0",
        &[
            "FN:Cyrus Daboo",
            "N:Daboo;Cyrus",
            "ADR;TYPE=POSTAL:;2822 Email HQ;Suite 2821;RFCVille;PA;15213;USA",
            "EMAIL;TYPE=INTERNET,PREF:cyrus@example.com",
            "NICKNAME:me",
            "NOTE:Example VCard.\r\n  Folded as nobody else would",
            "ORG:Self Employed",
            "TEL;TYPE=WORK,VOICE:412 605 0499",
            "TEL;TYPE=FAX:412 605 0705",
            "URL:http://www.example.com",
            "UID:1234-5678-9000-1",
        ],
    );
    let path = format!("{DEFAULT}/newvcard.vcf");
    let headers = [("if-none-match", "*"), ("content-type", "text/vcard")];
    let reply = send(&host, "PUT", &path, &headers, &body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    let etag = reply.header("etag").unwrap().to_owned();
    let got = send(&host, "GET", &path, &[], "");
    assert_eq!(got.text(), body);
    assert_eq!(got.header("etag").unwrap(), etag);
    let content_type = got.header("content-type").unwrap();
    assert_eq!(content_type, "text/vcard; charset=utf-8");
    assert_eq!(send(&host, "PUT", &path, &headers, &body).status, 412);
    let stale = [("if-match", "\"other\""), ("content-type", "text/vcard")];
    assert_eq!(send(&host, "PUT", &path, &stale, &body).status, 412);
    let fresh = [("if-match", etag.as_str()), ("content-type", "text/vcard")];
    assert_eq!(send(&host, "PUT", &path, &fresh, &body).status, 204);
}

#[test]
fn s6_3_2_1_supported_address_data() {
    let host = host();
    let path = format!("{DEFAULT}/1.vcf");
    let body = card("3.0", &["FN:A", "N:A;;;;", "UID:1"]);
    for media_type in [
        "text/calendar",
        "application/json",
        "text/vcard; version=2.1",
        "text/vcard; charset=iso-8859-1",
    ] {
        let reply = send(&host, "PUT", &path, &[("content-type", media_type)], &body);
        expect(&reply, 403, &["<C:supported-address-data"]);
    }
    let old = card("2.1", &["FN:A", "N:A", "UID:1"]);
    expect(
        &put(&host, "1.vcf", &old),
        403,
        &["<C:supported-address-data", "line 2"],
    );
    for media_type in [
        "text/vcard",
        "text/vcard; charset=utf-8",
        "text/vcard; charset=\"UTF-8\"; version=3.0",
        "text/x-vcard",
        "text/directory; profile=vcard",
        "application/octet-stream",
    ] {
        let reply = send(&host, "PUT", &path, &[("content-type", media_type)], &body);
        assert!(
            matches!(reply.status, 201 | 204),
            "{media_type}: {}",
            reply.text()
        );
    }
}

#[test]
fn s6_3_2_1_valid_address_data_says_which_line() {
    let host = host();
    let wrong = [
        ("hello".to_owned(), "line 1"),
        ("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_owned(), "line 1"),
        (
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n".to_owned(),
            "END:VCARD",
        ),
        (card("3.0", &["FN:A", "N:A;;;;"]), "UID"),
        (card("3.0", &["ORG:A", "UID:1"]), "FN"),
        (card("3.0", &["FN:A", "UID:1", "UID:2"]), "line 5"),
        (card("3.0", &["FN:A", "UID:1", "NOTE:\u{1}"]), "U+0001"),
        (card("4.0", &["FN:A", "UID:1", "no colon"]), "line 5"),
        (card("3.0", &["FN:A", "UID:1"]).repeat(2), "more than one"),
    ];
    for (body, says) in wrong {
        let reply = put(&host, "1.vcf", &body);
        expect(&reply, 403, &["<C:valid-address-data>", says]);
    }
    let other = [("content-type", "text/vcard; version=4.0")];
    let body = card("3.0", &["FN:A", "N:A;;;;", "UID:1"]);
    let reply = send(&host, "PUT", &format!("{DEFAULT}/1.vcf"), &other, &body);
    expect(&reply, 403, &["<C:valid-address-data>"]);
}

#[test]
fn s6_3_2_1_no_uid_conflict() {
    let host = host();
    let conflict = |name: &str| format!("<C:no-uid-conflict><D:href>{DEFAULT}/{name}</D:href>");
    store(&host, "1.vcf", &["FN:A", "N:A;;;;", "UID:1"]);
    let same = card("3.0", &["FN:B", "N:B;;;;", "UID:1"]);
    expect(&put(&host, "2.vcf", &same), 403, &[&conflict("1.vcf")]);
    // Another UID for what is there, and one that is somebody else's.
    let other = card("3.0", &["FN:A", "N:A;;;;", "UID:2"]);
    expect(&put(&host, "1.vcf", &other), 403, &[&conflict("1.vcf")]);
    store(&host, "3.vcf", &["FN:C", "N:C;;;;", "UID:3"]);
    expect(&put(&host, "3.vcf", &same), 403, &[&conflict("1.vcf")]);
    // In another address book it may be.
    assert_eq!(mkcol(&host, &format!("{HOME}/work/"), "").status, 201);
    let path = format!("{HOME}/work/1.vcf");
    let typed = [("content-type", "text/vcard")];
    assert_eq!(send(&host, "PUT", &path, &typed, &same).status, 201);
    let destination = format!("{DEFAULT}/4.vcf");
    let headers = [("destination", destination.as_str())];
    for method in ["COPY", "MOVE"] {
        let reply = send(&host, method, &path, &headers, "");
        expect(&reply, 403, &[&conflict("1.vcf")]);
    }
    // Removed and put again under another name: vdirsyncer.
    let first = format!("{DEFAULT}/1.vcf");
    assert_eq!(send(&host, "DELETE", &first, &[], "").status, 204);
    assert_eq!(send(&host, "MOVE", &path, &headers, "").status, 201);
    expect(&put(&host, "2.vcf", &same), 403, &[&conflict("4.vcf")]);
}

#[test]
fn s6_3_2_1_max_resource_size() {
    let host = host();
    let photo = format!("PHOTO;ENCODING=b;TYPE=JPEG:{}", "A".repeat(1 << 20));
    store(&host, "1.vcf", &["FN:A", "N:A;;;;", "UID:1", &photo]);
    let huge = format!("NOTE:{}", "A".repeat(10 << 20));
    let body = card("3.0", &["FN:A", "N:A;;;;", "UID:2", &huge]);
    expect(
        &put(&host, "2.vcf", &body),
        403,
        &["<C:max-resource-size/>"],
    );
}

#[test]
fn s6_2_3_the_operator_may_say_less() {
    let host = host();
    host.option("vcard_max_size", "1K");
    let asked = "<C:max-resource-size/>";
    expect(&propfind(&host, DEFAULT, "0", asked), 207, &[">1024<"]);
    let note = format!("NOTE:{}", "A".repeat(1000));
    let body = card("3.0", &["FN:A", "N:A;;;;", "UID:2", &note]);
    expect(
        &put(&host, "2.vcf", &body),
        403,
        &["<C:max-resource-size/>"],
    );
}

/// RFC 4331 §6.
#[test]
fn mailbox_maxmessages_addressbook_bounds_what_comes_in() {
    let host = host();
    host.option("mailbox_maxmessages_addressbook", "1");
    let body = |uid: &str| card("3.0", &["FN:A", "N:A;;;;", &format!("UID:{uid}")]);
    assert_eq!(put(&host, "1.vcf", &body("1")).status, 201);
    let refused = put(&host, "2.vcf", &body("2"));
    expect(&refused, 507, &["<D:quota-not-exceeded>"]);
    assert_eq!(put(&host, "1.vcf", &body("1")).status, 204);
}

#[test]
fn s6_3_2_3_what_was_repaired_gets_no_entity_tag() {
    let host = host();
    let body = card("3.0", &["FN:A", "N:A;;;;", "UID:1", "NOTE:a\u{b}b"]);
    expect(&put(&host, "1.vcf", &body), 403, &["U+000B"]);
    host.option("carddav_repair_vcard", "yes");
    let reply = put(&host, "1.vcf", &body);
    assert_eq!(reply.status, 201);
    assert!(reply.header("etag").is_none());
    let got = send(&host, "GET", &format!("{DEFAULT}/1.vcf"), &[], "");
    assert_eq!(got.text(), body.replace('\u{b}', ""));
}

#[test]
fn s8_7_answers_with_many_photos_come_whole() {
    let host = host();
    let photo = format!("PHOTO;ENCODING=b;TYPE=JPEG:{}", "A".repeat(3 << 20));
    for name in ["1", "2", "3", "4", "5"] {
        let uid = format!("UID:{name}");
        store(
            &host,
            &format!("{name}.vcf"),
            &["FN:A", "N:A;;;;", &uid, &photo],
        );
    }
    // Fewer than there are fit into memory at once.
    let count = |reply: &Reply| reply.text().matches("UID:").count();
    let asked = [
        "0.vcf", "1.vcf", "2.vcf", "x.vcf", "3.vcf", "4.vcf", "5.vcf", "y.vcf",
    ];
    let reply = multiget(&host, "<C:address-data/>", &asked);
    assert_eq!(count(&reply), 5);
    assert_eq!(reply.text().matches("404").count(), 3);
    assert_eq!(count(&query(&host, "<C:address-data/>", "")), 5);
    assert_eq!(
        count(&send(&host, "GET", &format!("{DEFAULT}/"), &[], "")),
        5
    );
    let sync = format!(
        "<sync-collection {NAMESPACES}><sync-token/><sync-level>1</sync-level>\
         <prop><C:address-data/></prop></sync-collection>"
    );
    assert_eq!(count(&report(&host, &format!("{DEFAULT}/"), &sync)), 5);
}

/// The cards of the examples of §8.6 and §8.7, and others.
fn examples(host: &Host) {
    for (name, nickname, uid, full, email) in [
        (
            "v102",
            "me",
            "34222-232@example.com",
            "David Boo",
            "daboo@example.com",
        ),
        (
            "v104",
            "oliver",
            "34222-23222@example.com",
            "Oliver Daboo",
            "oliver@example.com",
        ),
        (
            "v105",
            "them",
            "34222-5@example.com",
            "Someone Else",
            "else@example.com",
        ),
        (
            "v106",
            "she",
            "34222-6@example.com",
            "CYRUS DABOO",
            "cyrus@example.com",
        ),
    ] {
        store(
            host,
            &format!("{name}.vcf"),
            &[
                &format!("NICKNAME:{nickname}"),
                &format!("UID:{uid}"),
                &format!("FN:{full}"),
                &format!("N:{full};;;;"),
                &format!("EMAIL:{email}"),
                "NOTE:not asked for",
            ],
        );
    }
}

const ASKED: &str = "<getetag/><C:address-data><C:prop name='VERSION'/><C:prop name='UID'/>\
    <C:prop name='NICKNAME'/><C:prop name='EMAIL'/><C:prop name='FN'/></C:address-data>";

const DABOO: &str = "<C:text-match collation='i;unicode-casemap' match-type='contains'>daboo\
    </C:text-match>";

#[test]
fn s8_6_3_partial_retrieval_by_nickname() {
    let host = host();
    examples(&host);
    let filter = "<C:filter><C:prop-filter name='NICKNAME'>\
        <C:text-match collation='i;unicode-casemap' match-type='equals'>me</C:text-match>\
        </C:prop-filter></C:filter>";
    let reply = query(&host, ASKED, filter);
    expect(&reply, 207, &["<D:getetag>\""]);
    assert_eq!(names(&reply), ["v102.vcf"]);
    let root = xml::parse(&reply.body, &xml::Limits::default()).unwrap();
    let mut at = &root;
    for name in ["response", "propstat", "prop"] {
        at = at.find(xml::DAV, name).unwrap();
    }
    let data = at.find("urn:ietf:params:xml:ns:carddav", "address-data");
    let lines = [
        "NICKNAME:me",
        "UID:34222-232@example.com",
        "FN:David Boo",
        "EMAIL:daboo@example.com",
    ];
    assert_eq!(data.unwrap().text(), card("3.0", &lines));
}

#[test]
fn s8_6_4_a_full_name_or_an_address() {
    let host = host();
    examples(&host);
    let filter = format!(
        "<C:filter test='anyof'><C:prop-filter name='FN'>{DABOO}</C:prop-filter>\
         <C:prop-filter name='EMAIL'>{DABOO}</C:prop-filter></C:filter>"
    );
    let reply = query(&host, ASKED, &filter);
    assert_eq!(names(&reply), ["v102.vcf", "v104.vcf", "v106.vcf"]);
    let all = filter.replace("anyof", "allof");
    assert!(names(&query(&host, ASKED, &all)).is_empty());
}

#[test]
fn s8_6_5_truncated_results() {
    let host = host();
    examples(&host);
    let filter = format!(
        "<C:filter><C:prop-filter name='FN'>{DABOO}</C:prop-filter></C:filter>\
         <C:limit><C:nresults>1</C:nresults></C:limit>"
    );
    let reply = query(&host, "<getetag/>", &filter);
    let cut = format!(
        "<D:href>{DEFAULT}/</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status>\
         <D:error><D:number-of-matches-within-limits/></D:error>"
    );
    expect(&reply, 207, &[&cut, "<D:getetag>"]);
    assert_eq!(names(&reply).len(), 2);
    let enough = filter.replace(">1<", ">2<");
    let reply = query(&host, "<getetag/>", &enough);
    assert_eq!(names(&reply), ["v104.vcf", "v106.vcf"]);
    assert!(!reply.text().contains("507"));
    let wrong = filter.replace(">1<", ">many<");
    assert_eq!(query(&host, "<getetag/>", &wrong).status, 400);
}

#[test]
fn s8_6_depth_says_how_far() {
    let host = host();
    examples(&host);
    let body =
        format!("<C:addressbook-query {NAMESPACES}><prop><getetag/></prop></C:addressbook-query>");
    let ask = |path: &str, depth: &str| {
        let reply = send(&host, "REPORT", path, &[("depth", depth)], &body);
        assert_eq!(reply.status, 207, "{}", reply.text());
        names(&reply).len()
    };
    let book = format!("{DEFAULT}/");
    assert_eq!(ask(&book, "0"), 0);
    assert_eq!(ask(&book, "1"), 4);
    assert_eq!(ask(&book, "infinity"), 4);
    // All address books of a home, as Cyrus has it.
    assert_eq!(ask(&format!("{HOME}/"), "1"), 4);
    assert_eq!(ask(&format!("{DEFAULT}/v102.vcf"), "0"), 1);
}

#[test]
fn s8_6_unsupported_data_and_collations_are_refused() {
    let host = host();
    examples(&host);
    for attributes in [
        "content-type='text/calendar'",
        "version='2.1'",
        "content-type='text/vcard' version='5.0'",
    ] {
        let asked = format!("<C:address-data {attributes}/>");
        let reply = query(&host, &asked, "<C:filter/>");
        expect(&reply, 403, &["<C:supported-address-data/>"]);
        let reply = multiget(&host, &asked, &["v102.vcf"]);
        expect(&reply, 403, &["<C:supported-address-data/>"]);
    }
    let filter = "<C:filter><C:prop-filter name='FN'><C:text-match collation='i;other'>x\
        </C:text-match></C:prop-filter></C:filter>";
    let reply = query(&host, "<getetag/>", filter);
    expect(&reply, 403, &["<C:supported-collation/>"]);
}

#[test]
fn s8_7_1_multiget() {
    let host = host();
    examples(&host);
    let reply = multiget(&host, ASKED, &["v102.vcf", "vcf1.vcf"]);
    assert_eq!(names(&reply), ["v102.vcf", "vcf1.vcf"]);
    let missing = format!("<D:href>{DEFAULT}/vcf1.vcf</D:href><D:status>HTTP/1.1 404");
    expect(&reply, 207, &[&missing, "UID:34222-232@example.com"]);
    assert!(!reply.text().contains("NOTE"));
    // Without hrefs, the target itself.
    let body = format!(
        "<C:addressbook-multiget {NAMESPACES}><prop><C:address-data/></prop>\
         </C:addressbook-multiget>"
    );
    let reply = report(&host, &format!("{DEFAULT}/v104.vcf"), &body);
    expect(&reply, 207, &["FN:Oliver Daboo", "NOTE:not asked for"]);
}

#[test]
fn s8_7_2_another_version_of_vcard() {
    let host = host();
    examples(&host);
    let props = "<getetag/><C:address-data content-type='text/vcard' version='4.0'/>";
    let reply = multiget(&host, props, &["v102.vcf"]);
    expect(
        &reply,
        207,
        &[
            "<C:address-data content-type=\"text/vcard\" version=\"4.0\">BEGIN:VCARD",
            "VERSION:4.0",
            "UID;VALUE=text:34222-232@example.com",
        ],
    );
    // RFC 6352 §10.4: 3.0 is what is meant by saying nothing.
    let lines = ["FN:A", "UID:urn:uuid:4", "KIND:group", "MEMBER:urn:uuid:5"];
    assert_eq!(put(&host, "4.vcf", &card("4.0", &lines)).status, 201);
    let reply = multiget(&host, "<C:address-data/>", &["4.vcf"]);
    expect(
        &reply,
        207,
        &[
            "VERSION:3.0",
            "X-ADDRESSBOOKSERVER-KIND:group",
            "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:5",
        ],
    );
    let props = "<C:address-data content-type='application/vcard+json'/>";
    let reply = multiget(&host, props, &["4.vcf"]);
    expect(&reply, 207, &["[\"kind\",{},\"text\",\"group\"]"]);
}

#[test]
fn rfc6578_3_2_address_books_are_kept_in_step() {
    let host = host();
    examples(&host);
    let sync = |token: &str| {
        let body = format!(
            "<sync-collection {NAMESPACES}><sync-token>{token}</sync-token>\
             <sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
        );
        report(&host, &format!("{DEFAULT}/"), &body)
    };
    let first = sync("");
    assert_eq!(names(&first).len(), 4);
    let token = element(&first, "D:sync-token").unwrap();
    let before = propfind(&host, &format!("{DEFAULT}/"), "0", "<CS:getctag/>");
    store(&host, "new.vcf", &["FN:New", "N:New;;;;", "UID:new"]);
    send(&host, "DELETE", &format!("{DEFAULT}/v102.vcf"), &[], "");
    assert_eq!(names(&sync(&token)), ["new.vcf", "v102.vcf"]);
    let after = propfind(&host, &format!("{DEFAULT}/"), "0", "<CS:getctag/>");
    assert_ne!(
        element(&before, "CS:getctag"),
        element(&after, "CS:getctag")
    );
}

#[test]
fn rfc5995_3_2_add_member() {
    let host = host();
    let body = card("3.0", &["FN:A", "N:A;;;;", "UID:1"]);
    let path = format!("{DEFAULT}/?action=add-member");
    let typed = [("content-type", "text/vcard")];
    let reply = send(&host, "POST", &path, &typed, &body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    let location = reply.header("location").unwrap();
    assert!(location.ends_with(".vcf"), "{location}");
}
