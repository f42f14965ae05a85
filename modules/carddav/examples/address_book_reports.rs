//! How long reports and a PUT take over 1,000 cards, with the in-memory host (whose own search looks
//! at all keys): `cargo run --release -p carddav --example address_book_reports`. With a word it measures
//! only what has that in its name.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use carddav::CardDav;
use module::native::Host;
use std::time::Instant;

const BOOK: &str = "/dav/addressbooks/user/alice/Default/";

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

fn main() {
    let host = Host::new();
    host.user("alice").act_as("alice");
    let only = std::env::args().nth(1).unwrap_or_default();
    let put = |n: usize| {
        let path = format!("{BOOK}{n}.vcf");
        let request = host.request("PUT", &path);
        let request = request.header("content-type", "text/vcard");
        assert_eq!(request.body(card(n)).send::<CardDav>().status, 201);
    };
    (0..1000).for_each(put);
    let report = |body: &str| {
        let request = host.request("REPORT", BOOK).header("depth", "1");
        let request = request.header("content-type", "application/xml");
        let reply = request.body(body).send::<CardDav>();
        assert_eq!(reply.status, 207);
        reply.body
    };
    let query = |property: &str, text: &str| {
        format!(
            "<C:addressbook-query xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">\
             <D:prop><D:getetag/><C:address-data/></D:prop><C:filter><C:prop-filter \
             name=\"{property}\"><C:text-match>{text}</C:text-match></C:prop-filter></C:filter>\
             </C:addressbook-query>"
        )
    };
    let hrefs = |n: usize| format!("<D:href>{BOOK}{n}.vcf</D:href>");
    let multiget = |data: &str| {
        format!(
            "<C:addressbook-multiget xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">\
             <D:prop><D:getetag/><C:address-data{data}/></D:prop>{}</C:addressbook-multiget>",
            (0..50).map(|n| hrefs(n * 20)).collect::<String>()
        )
    };
    for (name, body) in [
        ("query of a note", query("NOTE", "number 77")),
        ("query of a name", query("FN", "given012")),
        ("query of an address", query("EMAIL", "private0421")),
        ("multiget of 50", multiget("")),
        ("multiget of 50 in 4.0", multiget(" version=\"4.0\"")),
    ] {
        if !name.contains(&only) {
            continue;
        }
        let mut best = f64::MAX;
        let mut found = 0;
        for _ in 0..300 {
            let began = Instant::now();
            let answer = report(&body);
            best = best.min(began.elapsed().as_secs_f64() * 1e6);
            found = answer.windows(11).filter(|w| w == b"BEGIN:VCARD").count();
        }
        println!("{name}: {best:.0} us, {found} cards");
    }
    if "PUT".contains(&only) {
        let began = Instant::now();
        (2000..2500).for_each(put);
        let each = began.elapsed().as_secs_f64() * 1e6 / 500.0;
        println!("PUT: {each:.1} us");
    }
}
