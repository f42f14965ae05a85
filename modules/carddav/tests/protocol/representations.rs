//! Cards in other forms than the stored one, whole address books, and files of many cards.
//! RFC 6352 §5.1.1, RFC 7095.

use super::*;

const THREE: &[&str] = &["FN:A", "N:A;;;;", "UID:1", "TEL;TYPE=pref:1"];

#[test]
fn s5_1_1_get_gives_what_accept_asks_for() {
    let host = host();
    let stored = store(&host, "1.vcf", THREE);
    let path = format!("{DEFAULT}/1.vcf");
    let get = |accept: &str| send(&host, "GET", &path, &[("accept", accept)], "");
    let etag = get("*/*").header("etag").unwrap().to_owned();
    for accept in [
        "*/*",
        "text/vcard",
        "text/vcard; version=3.0",
        "text/html",
        "text/x-vcard, */*;q=0.1",
    ] {
        let reply = get(accept);
        assert_eq!(reply.text(), stored, "{accept}");
        assert_eq!(reply.header("vary").unwrap(), "Accept");
    }
    // Cassandane's carddav tests have the space.
    for accept in [
        "text/vcard; version=4.0",
        "text/vcard;version=\"4.0\";q=0.9, text/vcard;q=0.1",
    ] {
        let reply = get(accept);
        expect(&reply, 200, &["VERSION:4.0\r\n", "TEL;PREF=1:1\r\n"]);
        let content_type = reply.header("content-type").unwrap();
        assert_eq!(content_type, "text/vcard; version=4.0; charset=utf-8");
        // RFC 6352 §6.3.2.3.
        assert_eq!(reply.header("etag").unwrap(), etag);
    }
    let reply = get("application/vcard+json");
    expect(
        &reply,
        200,
        &["[\"vcard\",[[\"version\",{},\"text\",\"4.0\"]"],
    );
    let content_type = reply.header("content-type").unwrap();
    assert_eq!(content_type, "application/vcard+json");
}

#[test]
fn rfc7095_4_a_jcard_becomes_a_card() {
    let host = host();
    let json = r#"["vcard",[["version",{},"text","4.0"],["fn",{},"text","A"],
        ["uid",{},"uri","urn:uuid:1"]]]"#;
    let path = format!("{DEFAULT}/1.vcf");
    let typed = [("content-type", "application/vcard+json")];
    let reply = send(&host, "PUT", &path, &typed, json);
    assert_eq!(reply.status, 201, "{}", reply.text());
    // What is stored is not what was sent: RFC 6352 §6.3.2.3.
    assert!(reply.header("etag").is_none());
    let got = send(&host, "GET", &path, &[], "");
    assert_eq!(got.text(), card("4.0", &["FN:A", "UID:urn:uuid:1"]));
    let empty = send(&host, "PUT", &path, &typed, "[]");
    expect(&empty, 403, &["<C:valid-address-data>"]);
}

#[test]
fn a_whole_address_book_in_each_form() {
    let host = host();
    store(&host, "1.vcf", THREE);
    put(&host, "2.vcf", &card("4.0", &["FN:B", "UID:urn:uuid:2"]));
    let book = format!("{DEFAULT}/");
    let get = |accept: &str| send(&host, "GET", &book, &[("accept", accept)], "");
    let all = get("*/*");
    assert_eq!(all.status, 200);
    let header = |name: &str| all.header(name).unwrap().to_owned();
    assert_eq!(header("content-type"), "text/vcard; charset=utf-8");
    assert!(header("content-disposition").contains("Personal.vcf"));
    let text = all.text();
    assert_eq!(text.matches("BEGIN:VCARD").count(), 2);
    assert!(text.contains("VERSION:3.0") && text.contains("VERSION:4.0"));
    for version in ["3.0", "4.0"] {
        let reply = get(&format!("text/vcard;version={version}"));
        let lines = reply.text().matches(&format!("VERSION:{version}")).count();
        assert_eq!(lines, 2);
    }
    let json = get("application/vcard+json");
    let json: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    // The tags differ, and answer conditions.
    let etag = header("etag");
    let four = get("text/vcard;version=4.0");
    assert_ne!(four.header("etag").unwrap(), etag);
    let ask = || send(&host, "GET", &book, &[("if-none-match", &etag)], "").status;
    assert_eq!(ask(), 304);
    store(&host, "3.vcf", &["FN:C", "N:C;;;;", "UID:3"]);
    assert_eq!(ask(), 200);
}

#[test]
fn many_cards_are_imported_at_once() {
    let host = host();
    store(&host, "1.vcf", THREE);
    let file = [
        card("3.0", &["FN:New", "N:New;;;;", "UID:new"]),
        card("4.0", &["FN:No UID"]),
        card("2.1", &["N:Old;Phone", "TEL;CELL:1"]),
        // Has the UID of another.
        card("3.0", THREE),
        card("3.0", &["ORG:No name", "UID:x"]),
    ]
    .join("\r\n");
    let book = format!("{DEFAULT}/");
    let typed = [("content-type", "text/vcard")];
    let reply = send(&host, "POST", &book, &typed, &file);
    expect(
        &reply,
        207,
        &[
            "<CS:uid>new</CS:uid>",
            "<D:getetag>",
            "<C:no-uid-conflict>",
            "<C:valid-address-data>",
        ],
    );
    assert_eq!(
        reply.text().matches("200 OK").count(),
        3,
        "{}",
        reply.text()
    );
    let accept = [("accept", "text/vcard;version=3.0")];
    let all = send(&host, "GET", &book, &accept, "");
    expect(
        &all,
        200,
        &[
            "FN:New",
            "FN:No UID\r\nUID:urn:uuid:",
            "FN:Phone Old",
            "TEL;TYPE=CELL:1",
        ],
    );
    assert_eq!(all.text().matches("BEGIN:VCARD").count(), 4);
    let json = r#"[["vcard",[["version",{},"text","4.0"],["fn",{},"text","J"]]]]"#;
    let jcard = [("content-type", "application/vcard+json")];
    expect(&send(&host, "POST", &book, &jcard, json), 207, &["200 OK"]);
    // A file that cannot be read changes nothing, and says where.
    let good = card("3.0", &["FN:Q", "UID:q"]);
    let broken = format!("{good}BEGIN:VCARD\r\nnonsense\r\n");
    let reply = send(&host, "POST", &book, &typed, &broken);
    expect(&reply, 403, &["<C:valid-address-data>", "line 7"]);
    let other = [("content-type", "text/calendar")];
    let reply = send(&host, "POST", &book, &other, "x");
    expect(&reply, 403, &["<C:supported-address-data"]);
}
