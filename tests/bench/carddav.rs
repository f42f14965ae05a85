//! Contacts: a thousand cards in one address book.

use crate::load::request;
use crate::rows::Bench;

const BOOK: &str = "/dav/addressbooks/user/alice/Default/";

/// A card with what cards of real address books have.
fn card(n: usize) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Chapar//Benchmark//EN\r\nUID:card-{n:04}\r\n\
         FN:Given{n:04} Family{:02}\r\nN:Family{:02};Given{n:04};;;\r\nNICKNAME:nick{n:04}\r\n\
         EMAIL;TYPE=INTERNET,WORK:given{n:04}@example.com\r\n\
         EMAIL;TYPE=INTERNET,HOME:private{n:04}@example.org\r\n\
         TEL;TYPE=CELL:+43 660 {n:07}\r\nADR;TYPE=WORK:;;Street {n};City;;1010;Austria\r\n\
         ORG:Example {:02};Department\r\nTITLE:Engineer\r\nBDAY:1980-01-01\r\n\
         NOTE:Met at the conference\\, number {n}\r\nREV:2026-01-01T00:00:00Z\r\nEND:VCARD\r\n",
        n % 50,
        n % 50,
        n % 20
    )
}

fn query(property: &str, text: &str) -> String {
    format!(
        "<C:addressbook-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:prop>\
         <D:getetag/><C:address-data/></D:prop><C:filter><C:prop-filter name=\"{property}\">\
         <C:text-match collation=\"i;unicode-casemap\" match-type=\"contains\">{text}\
         </C:text-match></C:prop-filter></C:filter></C:addressbook-query>"
    )
}

/// Contacts.
pub fn contacts(bench: &mut Bench) {
    let first = format!("{BOOK}card-0000.vcf");
    // The book is made when its owner first comes.
    bench
        .client()
        .send("PROPFIND", BOOK, &[("depth", "0")], b"")
        .expect(207);
    std::thread::scope(|scope| {
        for part in 0..8 {
            let mut client = bench.client();
            scope.spawn(move || {
                for n in (part..1000).step_by(8) {
                    let path = format!("{BOOK}card-{n:04}.vcf");
                    let headers = [("content-type", "text/vcard; charset=utf-8")];
                    client
                        .send("PUT", &path, &headers, card(n).as_bytes())
                        .expect(201);
                }
            });
        }
    });
    let authorization = bench.authorization.clone();
    let ask = |method: &str, path: &str, body: &str| {
        let mut headers = vec![("authorization", authorization.as_str()), ("depth", "1")];
        if !body.is_empty() {
            headers.push(("content-type", "application/xml"));
        }
        request(method, path, &headers, body.as_bytes())
    };
    let mut client = bench.client();
    let mut matches = |body: &str| {
        let headers = [("depth", "1"), ("content-type", "application/xml")];
        let answer = client.send("REPORT", BOOK, &headers, body.as_bytes());
        answer.expect(207).text().matches("BEGIN:VCARD").count()
    };
    let hrefs: String = (0..1000)
        .step_by(20)
        .map(|n| format!("<D:href>{BOOK}card-{n:04}.vcf</D:href>"))
        .collect();
    let multiget = format!(
        "<C:addressbook-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">\
         <D:prop><D:getetag/><C:address-data/></D:prop>{hrefs}</C:addressbook-multiget>"
    );
    let sync = "<D:sync-collection xmlns:D=\"DAV:\"><D:sync-token/><D:sync-level>1</D:sync-level>\
                <D:prop><D:getetag/></D:prop></D:sync-collection>";
    let (unindexed, name, mail) = (
        query("NOTE", "number 77"),
        query("FN", "given012"),
        query("EMAIL", "private0421"),
    );
    assert_eq!(matches(&multiget), 50);
    assert_eq!(matches(&unindexed), 11, "77 and 770 to 779");
    assert_eq!(matches(&name), 10, "0120 to 0129");
    assert_eq!(matches(&mail), 1);
    for (name, target, bytes) in [
        ("GET of a card", 90.0, ask("GET", &first, "")),
        ("sync of 1,000 cards", 1200.0, ask("REPORT", BOOK, sync)),
        (
            "multiget of 50 cards",
            700.0,
            ask("REPORT", BOOK, &multiget),
        ),
        (
            "query of a note, not indexed",
            2000.0,
            ask("REPORT", BOOK, &unindexed),
        ),
        (
            "query of a name, 10 found",
            300.0,
            ask("REPORT", BOOK, &name),
        ),
        (
            "query of an address, 1 found",
            300.0,
            ask("REPORT", BOOK, &mail),
        ),
    ] {
        bench.row_of_cpu(name, target, &bytes);
    }
    many(bench, &ask);
}

/// An address book of ten thousand cards, and a card with a photo of 1 MB. A sync may take ten times
/// as long as that of a thousand; what an index answers may take no longer.
fn many(bench: &mut Bench, ask: &dyn Fn(&str, &str, &str) -> Vec<u8>) {
    const MANY: &str = "/dav/addressbooks/user/alice/many/";
    let mut client = bench.client();
    let mkcol = "<D:mkcol xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:set>\
                 <D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop>\
                 </D:set></D:mkcol>";
    let typed = [("content-type", "application/xml")];
    client
        .send("MKCOL", MANY, &typed, mkcol.as_bytes())
        .expect(201);
    let vcard = [("content-type", "text/vcard; charset=utf-8")];
    for part in 0..10 {
        let cards: String = (0..1000).map(|n| card(part * 1000 + n)).collect();
        client
            .send("POST", MANY, &vcard, cards.as_bytes())
            .expect(207);
    }
    let photo = format!("{MANY}photo.vcf");
    let lines = format!("\r\n {}", "A".repeat(74)).repeat((1 << 20) / 74);
    let pictured = card(10_000).replace(
        "NICKNAME:",
        &format!("PHOTO;ENCODING=b;TYPE=JPEG:/9j/{lines}\r\nNICKNAME:"),
    );
    client
        .send("PUT", &photo, &vcard, pictured.as_bytes())
        .expect(201);
    let body = |token: &str| {
        format!(
            "<D:sync-collection xmlns:D=\"DAV:\"><D:sync-token>{token}</D:sync-token>\
             <D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
    };
    let headers = [("depth", "1"), ("content-type", "application/xml")];
    let answer = client.send("REPORT", MANY, &headers, body("").as_bytes());
    let text = answer.expect(207).text();
    assert_eq!(text.matches("<D:response>").count(), 10_001);
    let (_, token) = text.rsplit_once("<D:sync-token>").unwrap();
    let (token, _) = token.split_once('<').unwrap();
    for (name, target, bytes) in [
        (
            "sync of 10,000 cards",
            12_000.0,
            ask("REPORT", MANY, &body("")),
        ),
        (
            "sync of 10,000 cards, none changed",
            150.0,
            ask("REPORT", MANY, &body(token)),
        ),
        (
            "query of a name among 10,000, 10 found",
            300.0,
            ask("REPORT", MANY, &query("FN", "given012")),
        ),
        ("GET of a card of 1 MB", 690.0, ask("GET", &photo, "")),
    ] {
        bench.row_of_cpu(name, target, &bytes);
    }
}
