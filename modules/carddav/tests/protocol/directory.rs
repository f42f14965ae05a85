//! The directory as an address book: draft-daboo-carddav-directory-gateway.

use super::*;

const DIRECTORY: &str = "/dav/addressbooks/directory/";

fn with_people() -> Host {
    let host = host();
    host.principal(module::Principal {
        id: "lisa".to_owned(),
        kind: module::Kind::User,
        display_name: "Lisa, the second".to_owned(),
        addresses: vec!["lisa@example.org".to_owned(), "l.s@example.org".to_owned()],
    });
    host.group("staff", &["bob", "lisa"]);
    host
}

#[test]
fn everyone_signed_in_finds_the_others() {
    let host = with_people();
    let reply = propfind(&host, DIRECTORY, "1", "<resourcetype/><getetag/>");
    expect(
        &reply,
        207,
        &[
            "<D:collection/><C:addressbook/><C:directory/>",
            "<D:getetag>\"",
        ],
    );
    let all = [
        "",
        "alice.vcf",
        "bob.vcf",
        "carol.vcf",
        "lisa.vcf",
        "staff.vcf",
    ];
    assert_eq!(names(&reply), all);
    let above = propfind(&host, "/dav/addressbooks/", "1", "<resourcetype/>");
    expect(&above, 207, &[&format!("<D:href>{DIRECTORY}</D:href>")]);
    host.act_as_anonymous();
    let reply = send(&host, "PROPFIND", DIRECTORY, &[("depth", "1")], "");
    assert!(matches!(reply.status, 401 | 404), "{}", reply.status);
}

#[test]
fn cards_are_valid_and_are_searched() {
    let host = with_people();
    let got = send(&host, "GET", &format!("{DIRECTORY}lisa.vcf"), &[], "");
    expect(
        &got,
        200,
        &[
            "FN:Lisa\\, the second\r\n",
            "EMAIL;TYPE=INTERNET,PREF:lisa@example.org\r\n",
            "EMAIL;TYPE=INTERNET:l.s@example.org\r\n",
        ],
    );
    let (_, uid) = got
        .text()
        .split_once("UID:")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let uid = uid.lines().next().unwrap().to_owned();
    let group = send(&host, "GET", &format!("{DIRECTORY}staff.vcf"), &[], "");
    let member = format!("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{uid}");
    expect(&group, 200, &["X-ADDRESSBOOKSERVER-KIND:group", &member]);
    let four = [("accept", "text/vcard;version=4.0")];
    let group = send(&host, "GET", &format!("{DIRECTORY}staff.vcf"), &four, "");
    expect(&group, 200, &["KIND:group"]);
    let filter = "<C:filter><C:prop-filter name='FN'><C:text-match>second</C:text-match>\
        </C:prop-filter></C:filter>";
    let body = format!(
        "<C:addressbook-query {NAMESPACES}><prop><getetag/><C:address-data/></prop>{filter}\
         </C:addressbook-query>"
    );
    let reply = report(&host, DIRECTORY, &body);
    assert_eq!(names(&reply), ["lisa.vcf"]);
    expect(&reply, 207, &["EMAIL;TYPE=INTERNET,PREF:lisa@example.org"]);
    let body = format!(
        "<C:addressbook-multiget {NAMESPACES}><prop><C:address-data/></prop>\
         <href>{DIRECTORY}bob.vcf</href><href>{DIRECTORY}nobody.vcf</href>\
         </C:addressbook-multiget>"
    );
    expect(&report(&host, DIRECTORY, &body), 207, &["FN:bob", "404"]);
    let all = send(&host, "GET", DIRECTORY, &[], "");
    assert_eq!(all.text().matches("BEGIN:VCARD").count(), 5);
}

#[test]
fn nobody_changes_it() {
    let host = with_people();
    let new = card("3.0", &["FN:A", "N:A;;;;", "UID:1"]);
    let path = format!("{DIRECTORY}bob.vcf");
    let typed = [("content-type", "text/vcard")];
    for (method, path, body) in [
        ("PUT", path.as_str(), new.as_str()),
        ("PUT", &format!("{DIRECTORY}new.vcf"), &new),
        ("POST", DIRECTORY, &new),
        ("DELETE", &path, ""),
        ("DELETE", DIRECTORY, ""),
    ] {
        let reply = send(&host, method, path, &typed, body);
        assert!(
            (400..500).contains(&reply.status),
            "{method}: {}",
            reply.status
        );
    }
    let reply = proppatch(&host, DIRECTORY, "<displayname>x</displayname>");
    assert!(!reply.text().contains("200 OK"), "{}", reply.text());
}

#[test]
fn everyone_may_copy_from_it() {
    let host = with_people();
    let copy = |from: &str, to: &str, headers: &[(&str, &str)]| {
        let destination = format!("{DEFAULT}/{to}");
        let mut all = vec![("destination", destination.as_str())];
        all.extend_from_slice(headers);
        send(&host, "COPY", &format!("{DIRECTORY}{from}"), &all, "")
    };
    assert_eq!(copy("lisa.vcf", "l.vcf", &[]).status, 201);
    let card = send(&host, "GET", &format!("{DIRECTORY}lisa.vcf"), &[], "");
    let copied = send(&host, "GET", &format!("{DEFAULT}/l.vcf"), &[], "");
    assert_eq!(copied.text(), card.text());
    // It is found, and is kept apart from others, as any card of the address book.
    let filter = "<C:filter><C:prop-filter name='EMAIL'><C:text-match>lisa@</C:text-match>\
        </C:prop-filter></C:filter>";
    assert_eq!(names(&query(&host, "<getetag/>", filter)), ["l.vcf"]);
    let twice = copy("lisa.vcf", "m.vcf", &[]);
    expect(&twice, 403, &["<C:no-uid-conflict>", "/l.vcf</D:href>"]);
    assert_eq!(copy("lisa.vcf", "l.vcf", &[]).status, 204);
    assert_eq!(copy("lisa.vcf", "l.vcf", &[("overwrite", "F")]).status, 412);
    assert_eq!(copy("nobody.vcf", "n.vcf", &[]).status, 404);
    // But nothing can be taken away.
    let destination = format!("{DEFAULT}/b.vcf");
    let path = format!("{DIRECTORY}bob.vcf");
    let moved = send(&host, "MOVE", &path, &[("destination", &destination)], "");
    assert_eq!(moved.status, 403, "{}", moved.text());
}
