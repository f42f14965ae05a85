//! Address books as they are after years: ten thousand cards, and photos of a megabyte.

use super::*;
use module::{Batch, Condition, Content, Indexer, Mailbox, Put, Unindexed};

const CARDS: usize = 10_000;

/// Fills the address book a thousand at a time, as a restore does: with the keys that the module gives.
fn fill(host: &Host) {
    propfind(host, HOME, "0", "<getetag/>");
    let book = ["user", "alice", "#addressbooks", "Default"].map(str::to_owned);
    for part in 0..CARDS / 1000 {
        let mailbox = Mailbox::open(&book).unwrap();
        let batch = Batch::new();
        for n in (0..1000).map(|n| n + part * 1000) {
            let full = format!("FN:Given{n} Family");
            let (uid, note) = (format!("UID:{n}"), format!("NOTE:number {n}"));
            let body = card("3.0", &[&full, "N:Family;Given;;;", &uid, &note]);
            let header = b"Subject: card\r\n\r\n".to_vec();
            let message = [header.as_slice(), body.as_bytes()].concat();
            let keys = CardDav::keys(Unindexed {
                mailbox_type: "addressbook".to_owned(),
                content_type: "text/vcard".to_owned(),
                created: 0,
                reach: None,
                message,
            });
            batch.put(
                &mailbox,
                Put {
                    name: Some(format!("{n}.vcf")),
                    condition: Condition::Free,
                    header,
                    content: Content::Bytes(body.into_bytes()),
                    content_type: "text/vcard".to_owned(),
                    flags: Vec::new(),
                    keys,
                    keys_version: CardDav::version(),
                },
            );
        }
        batch.commit().unwrap();
    }
}

fn sync(host: &Host, token: &str, limit: &str) -> Reply {
    let body = format!(
        "<sync-collection {NAMESPACES}><sync-token>{token}</sync-token><sync-level>1</sync-level>\
         {limit}<prop><getetag/></prop></sync-collection>"
    );
    report(host, &format!("{DEFAULT}/"), &body)
}

#[test]
fn an_address_book_of_ten_thousand_cards() {
    let host = host();
    fill(&host);
    let listed = propfind(&host, &format!("{DEFAULT}/"), "1", "<getetag/>");
    assert_eq!(names(&listed).len(), CARDS + 1);
    // All of it at once, and in pieces.
    let whole = sync(&host, "", "");
    assert_eq!(names(&whole).len(), CARDS);
    let mut token = String::new();
    let mut seen = Vec::new();
    for _ in 0..20 {
        let page = sync(&host, &token, "<limit><nresults>3000</nresults></limit>");
        seen.extend(names(&page).into_iter().filter(|name| !name.is_empty()));
        token = element(&page, "D:sync-token").unwrap();
        if !page.text().contains("507") {
            break;
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), CARDS);
    assert_eq!(token, element(&whole, "D:sync-token").unwrap());
    store(&host, "new.vcf", &["FN:New", "N:New;;;;", "UID:new"]);
    assert_eq!(names(&sync(&host, &token, "")), ["new.vcf"]);
    // Searches with the index and without.
    let filter = |name: &str, text: &str| {
        format!(
            "<C:filter><C:prop-filter name='{name}'><C:text-match>{text}</C:text-match>\
             </C:prop-filter></C:filter>"
        )
    };
    let found = |filter: &str| names(&query(&host, "<getetag/>", filter)).len();
    assert_eq!(
        found(&filter("FN", "given777")),
        11,
        "777, and 7770 to 7779"
    );
    assert_eq!(found(&filter("NOTE", "number 777")), 11);
    let export = send(&host, "GET", &format!("{DEFAULT}/"), &[], "");
    assert_eq!(export.text().matches("BEGIN:VCARD").count(), CARDS + 1);
}

#[test]
fn photos_of_a_megabyte() {
    let host = host();
    // As programs write it, in lines of 75 octets.
    let line = format!("\r\n {}", "A".repeat(74));
    let photo = format!(
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/{}",
        line.repeat((1 << 20) / 74)
    );
    let body = store(&host, "1.vcf", &["FN:A", "N:A;;;;", "UID:1", &photo]);
    assert!(body.len() > 1 << 20);
    let path = format!("{DEFAULT}/1.vcf");
    assert_eq!(send(&host, "GET", &path, &[], "").text(), body);
    let four = [("accept", "text/vcard;version=4.0")];
    let made = send(&host, "GET", &path, &four, "").text();
    let unfolded = made.replace("\r\n ", "");
    let (_, data) = unfolded
        .split_once("PHOTO:data:image/jpeg;base64,/9j/")
        .unwrap();
    let data = data.lines().next().unwrap();
    assert!(data.len() == (1 << 20) / 74 * 74 && data.bytes().all(|byte| byte == b'A'));
    // Who wants a name pays for no photo.
    let asked = "<C:address-data><C:prop name='FN'/></C:address-data>";
    let reply = multiget(&host, asked, &["1.vcf"]);
    assert!(reply.text().contains("FN:A") && reply.body.len() < 2000);
}
