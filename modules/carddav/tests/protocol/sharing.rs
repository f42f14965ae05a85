//! Address books that several principals see. RFC 3744, RFC 6352 §7.

use super::*;

fn grant(host: &Host, privileges: &str) {
    let body = format!(
        "<acl {NAMESPACES}><ace><principal><href>/dav/principals/user/alice/</href></principal>\
         <grant><privilege><all/></privilege></grant></ace><ace><principal>\
         <href>/dav/principals/user/bob/</href></principal><grant>{privileges}</grant></ace></acl>"
    );
    let reply = send(host, "ACL", &format!("{DEFAULT}/"), &[], &body);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn rfc3744_8_1_an_address_book_is_its_owners_until_it_is_shared() {
    let host = host();
    store(&host, "1.vcf", &["FN:A", "N:A;;;;", "UID:1"]);
    let path = format!("{DEFAULT}/1.vcf");
    let book = format!("{DEFAULT}/");
    host.act_as("bob");
    assert_eq!(send(&host, "GET", &path, &[], "").status, 404);
    let body =
        format!("<C:addressbook-query {NAMESPACES}><prop><getetag/></prop></C:addressbook-query>");
    assert_eq!(report(&host, &book, &body).status, 404);
    host.act_as("alice");
    grant(&host, "<privilege><read/></privilege>");
    host.act_as("bob");
    assert_eq!(send(&host, "GET", &path, &[], "").status, 200);
    assert_eq!(names(&report(&host, &book, &body)), ["1.vcf"]);
    let new = card("3.0", &["FN:B", "N:B;;;;", "UID:2"]);
    expect(&put(&host, "2.vcf", &new), 403, &["<D:need-privileges>"]);
    host.act_as("alice");
    grant(
        &host,
        "<privilege><read/></privilege><privilege><write/></privilege>",
    );
    host.act_as("bob");
    assert_eq!(put(&host, "2.vcf", &new).status, 201);
    host.act_as("carol");
    assert_eq!(send(&host, "GET", &path, &[], "").status, 404);
}

#[test]
fn sharees_have_names_of_their_own() {
    let host = host();
    propfind(&host, HOME, "0", "<displayname/>");
    grant(&host, "<privilege><read/></privilege>");
    host.act_as("bob");
    let set = "<displayname>Of Alice</displayname>";
    expect(&proppatch(&host, DEFAULT, set), 207, &["200 OK"]);
    let asked = "<displayname/>";
    expect(&propfind(&host, DEFAULT, "0", asked), 207, &[">Of Alice<"]);
    host.act_as("alice");
    expect(&propfind(&host, DEFAULT, "0", asked), 207, &[">Personal<"]);
}

#[test]
fn the_page_subscribes_and_ends_that() {
    let host = host();
    store(&host, "1.vcf", &["FN:A", "N:A;;;;", "UID:1"]);
    grant(&host, "<privilege><read/></privilege>");
    host.act_as("bob");
    let home = "/dav/addressbooks/user/bob/";
    let page = || send(&host, "GET", home, &[("accept", "text/html")], "").text();
    let submit = |form: &str| {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "https://example.org"),
        ];
        send(&host, "POST", home, &headers, form).status
    };
    let offer = format!("value=\"{DEFAULT}/\"");
    let shown = page();
    assert!(shown.contains(">Address books of others</h2>") && shown.contains(&offer));
    assert!(shown.contains("Personal (alice)"), "{shown}");
    assert_eq!(submit(&format!("action=subscribe&name={DEFAULT}/")), 303);
    let shown = page();
    assert!(
        shown.contains(">Unsubscribe<") && !shown.contains(&offer),
        "{shown}"
    );
    let path = format!("{home}alice.Default/1.vcf");
    assert_eq!(send(&host, "GET", &path, &[], "").status, 200);
    assert_eq!(submit("action=unsubscribe&name=alice.Default"), 303);
    assert_eq!(send(&host, "GET", &path, &[], "").status, 404);
    assert!(page().contains(&offer));
}
