//! Feeds over the in-memory host: RFC 4287, RSS 2.0, RFC 5005, and messages as pages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use module::native::{Host, Reply};
use module::{Batch, Condition, Content, Grant, Identifier, Mailbox, Put, Rights};
use rss::Rss;
use xml::Element;

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// Alice has an INBOX with a mailbox in it, and Bob one that she may read.
fn host() -> Host {
    let host = Host::new();
    host.user("alice").user("bob");
    host.act_as("bob");
    make(
        "bob",
        &["INBOX"],
        "email",
        &[(Identifier::Principal("alice".to_owned()), "lr")],
    );
    make("bob", &["Secret"], "email", &[]);
    host.act_as("alice");
    make("alice", &["INBOX"], "email", &[]);
    make("alice", &["INBOX", "Lists & more"], "email", &[]);
    make("alice", &["#calendars"], "calendar-home", &[]);
    host
}

fn path(owner: &str, parts: &[&str]) -> Vec<String> {
    let own = ["user", owner];
    own.iter()
        .chain(parts)
        .map(|&part| part.to_owned())
        .collect()
}

fn make(owner: &str, parts: &[&str], type_: &str, others: &[(Identifier, &str)]) {
    let own = Grant::new(Identifier::Principal(owner.to_owned()), Rights::all());
    let others = others
        .iter()
        .map(|(who, letters)| Grant::new(who.clone(), Rights::from_letters(letters).unwrap()));
    let grants: Vec<Grant> = [own].into_iter().chain(others).collect();
    let batch = Batch::new();
    batch.create_mailbox(&path(owner, parts), type_, Some(&grants));
    batch.commit().unwrap();
}

/// Delivers a message, of which the header section ends at the first empty line.
fn deliver(owner: &str, parts: &[&str], message: &str) {
    let message = message.replace('\n', "\r\n");
    let (header, body) = message.split_once("\r\n\r\n").unwrap();
    let batch = Batch::new();
    batch.put(
        &Mailbox::open(&path(owner, parts)).unwrap(),
        Put {
            name: None,
            condition: Condition::None,
            header: format!("{header}\r\n\r\n").into_bytes(),
            content: Content::Bytes(body.as_bytes().to_vec()),
            content_type: "text/plain".to_owned(),
            flags: Vec::new(),
            keys: Vec::new(),
            keys_version: 0,
        },
    );
    batch.commit().unwrap();
}

fn plain(number: usize) -> String {
    format!(
        "From: J\u{f6}rg <joerg@example.org>\nSubject: Number {number} <&>\n\
         Date: Tue, 1 Jul 2003 10:52:37 +0200\n\nText of {number}, with <b>signs</b> & \u{1}more.\n"
    )
}

fn get(host: &Host, target: &str) -> Reply {
    host.request("GET", target).send::<Rss>()
}

fn ok(host: &Host, target: &str) -> Reply {
    let reply = get(host, target);
    assert_eq!(reply.status, 200, "{target}: {}", reply.text());
    reply
}

/// A feed that is well-formed XML.
fn feed(host: &Host, target: &str) -> Element {
    let reply = ok(host, target);
    xml::parse(reply.text().as_bytes(), &xml::Limits::default()).unwrap()
}

/// The texts of elements of this name in these elements.
fn texts(parents: &[&Element], ns: &'static str, name: &str) -> Vec<String> {
    let children = parents.iter().flat_map(|parent| parent.elements());
    let named = children.filter(|child| child.name.ns() == ns && child.name.local() == name);
    named.map(Element::text).collect()
}

fn entries<'e>(parent: &'e Element, name: &str) -> Vec<&'e Element> {
    parent
        .elements()
        .filter(|child| child.name.local() == name)
        .collect()
}

fn link<'e>(parent: &'e Element, rel: &str) -> Option<&'e str> {
    let mut links = parent
        .elements()
        .filter(|child| child.name.local() == "link");
    let link = links.find(|link| link.attribute("rel") == Some(rel))?;
    link.attribute("href")
}

#[test]
fn what_is_remembered_of_a_feed_is_what_would_be_made() {
    let host = host();
    (1..=12).for_each(|number| deliver("alice", &["INBOX"], &plain(number)));
    let target = "/rss/user/alice/INBOX";
    let first = ok(&host, target).text();
    let inbox = Mailbox::open(&path("alice", &["INBOX"])).unwrap();
    let batch = Batch::new();
    batch.remove(&inbox, 11);
    batch.commit().unwrap();
    deliver("alice", &["INBOX"], &plain(13));
    let told = feed(&host, target);
    let titles = texts(&entries(&told, "entry"), ATOM, "title");
    let expected = [13, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    assert_eq!(
        titles,
        expected.map(|number| format!("Number {number} <&>"))
    );
    // The entry of a message is the same as before.
    let entry_of = |text: &str, title: &str| {
        let mut entries = text.split("<entry>").map(str::to_owned);
        entries.find(|entry| entry.contains(title)).unwrap()
    };
    let second = ok(&host, target).text();
    for number in [12, 5] {
        let title = format!("Number {number} ");
        assert_eq!(entry_of(&first, &title), entry_of(&second, &title));
    }
    // All that an entry depends on besides its message is minded.
    host.option("rss_maxsynopsis", "4");
    let told = feed(&host, target);
    assert_eq!(texts(&entries(&told, "entry"), ATOM, "summary")[1], "Text");
    let batch = Batch::new();
    batch.rename_mailbox(&inbox, &path("alice", &["Moved"]));
    batch.commit().unwrap();
    let told = feed(&host, "/rss/user/alice/Moved");
    for entry in entries(&told, "entry") {
        assert!(link(entry, "alternate").unwrap().contains("/Moved/"));
    }
}

#[test]
fn rfc4287_a_mailbox_is_a_feed_with_the_newest_first() {
    let host = host();
    (1..=3).for_each(|number| deliver("alice", &["INBOX"], &plain(number)));
    let reply = ok(&host, "/rss/user/alice/INBOX");
    assert_eq!(
        reply.header("content-type"),
        Some("application/atom+xml; charset=utf-8")
    );
    let feed = feed(&host, "/rss/user/alice/INBOX");
    assert_eq!((feed.name.ns(), feed.name.local()), (ATOM, "feed"));
    assert_eq!(texts(&[&feed], ATOM, "title"), ["INBOX (alice)"]);
    for required in ["id", "updated"] {
        assert_eq!(texts(&[&feed], ATOM, required).len(), 1, "{required}");
    }
    let entries = entries(&feed, "entry");
    assert_eq!(
        texts(&entries, ATOM, "title"),
        ["Number 3 <&>", "Number 2 <&>", "Number 1 <&>"]
    );
    assert_eq!(
        texts(&entries, ATOM, "published")[0],
        "2003-07-01T10:52:37+02:00"
    );
    // What XML can't carry is left out.
    assert_eq!(
        texts(&entries, ATOM, "summary")[0],
        "Text of 3, with <b>signs</b> & more."
    );
    let authors: Vec<&Element> = entries[0]
        .elements()
        .filter(|e| e.name.local() == "author")
        .collect();
    assert_eq!(texts(&authors, ATOM, "name"), ["J\u{f6}rg"]);
    assert_eq!(texts(&authors, ATOM, "email"), ["joerg@example.org"]);
    let mut ids = texts(&entries, ATOM, "id");
    assert!(
        ids.iter()
            .all(|id| id.starts_with("urn:uuid:") && id.len() == 45),
        "{ids:?}"
    );
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let url = link(entries[0], "alternate").unwrap();
    assert!(url.ends_with("/rss/user/alice/INBOX/3."), "{url}");
}

#[test]
fn rss_2_0_if_it_is_asked_for() {
    let host = host();
    deliver("alice", &["INBOX"], &plain(1));
    let asked = host
        .request("GET", "/rss/user/alice/INBOX")
        .header("accept", "application/rss+xml")
        .send::<Rss>();
    let feed = feed(&host, "/rss/user/alice/INBOX?format=rss");
    assert_eq!(
        asked.header("content-type"),
        Some("application/rss+xml; charset=utf-8")
    );
    assert_eq!(feed.attribute("version"), Some("2.0"));
    let channel = entries(&feed, "channel")[0];
    for required in ["title", "link", "description"] {
        assert_eq!(texts(&[channel], "", required).len(), 1, "{required}");
    }
    let items = entries(channel, "item");
    assert_eq!(texts(&items, "", "title"), ["Number 1 <&>"]);
    assert_eq!(
        texts(&items, "", "pubDate"),
        ["Tue, 1 Jul 2003 10:52:37 +0200"]
    );
    assert_eq!(
        texts(&items, "", "author"),
        ["joerg@example.org (J\u{f6}rg)"]
    );
    // A description is HTML.
    assert_eq!(
        texts(&items, "", "description"),
        ["Text of 1, with &lt;b&gt;signs&lt;/b&gt; &amp; more."]
    );
    let neither = host
        .request("GET", "/rss/user/alice/INBOX")
        .header("accept", "application/json")
        .send::<Rss>();
    assert_eq!(neither.status, 406);
}

#[test]
fn rfc5005_s3_older_messages_are_on_further_pages() {
    let host = host();
    host.option("rss_maxitems", "2");
    (1..=5).for_each(|number| deliver("alice", &["INBOX"], &plain(number)));
    let mut url = "/rss/user/alice/INBOX".to_owned();
    let mut pages = Vec::new();
    loop {
        let feed = feed(&host, &url);
        let titles = texts(&entries(&feed, "entry"), ATOM, "title");
        pages.push(
            titles
                .iter()
                .map(|title| title[7..8].to_owned())
                .collect::<String>(),
        );
        let first = link(&feed, "first").unwrap();
        assert!(
            first.ends_with("/rss/user/alice/INBOX?format=atom"),
            "{first}"
        );
        let Some(next) = link(&feed, "next") else {
            break;
        };
        let at = next.find("/rss/").unwrap();
        url = next[at..].to_owned();
    }
    assert_eq!(pages, ["54", "32", "1"]);
}

#[test]
fn messages_far_apart_are_found() {
    let host = host();
    host.option("rss_maxitems", "3");
    deliver("alice", &["INBOX"], &plain(1));
    (2..=400).for_each(|number| deliver("alice", &["INBOX"], &plain(number)));
    let batch = Batch::new();
    let inbox = Mailbox::open(&path("alice", &["INBOX"])).unwrap();
    for uid in 2..=399 {
        batch.remove(&inbox, uid);
    }
    batch.commit().unwrap();
    let feed = feed(&host, "/rss/user/alice/INBOX");
    let titles = texts(&entries(&feed, "entry"), ATOM, "title");
    assert_eq!(titles, ["Number 400 <&>", "Number 1 <&>"]);
    assert_eq!(link(&feed, "next"), None);
}

#[test]
fn old_messages_are_in_no_feed() {
    let host = host();
    host.option("rss_maxage", "2d");
    deliver("alice", &["INBOX"], &plain(1));
    host.advance(3 * 86_400_000);
    deliver("alice", &["INBOX"], &plain(2));
    let feed = feed(&host, "/rss/user/alice/INBOX");
    assert_eq!(
        texts(&entries(&feed, "entry"), ATOM, "title"),
        ["Number 2 <&>"]
    );
}

#[test]
fn a_synopsis_is_as_long_as_it_may_be() {
    let host = host();
    host.option("rss_maxsynopsis", "4");
    deliver("alice", &["INBOX"], &plain(1));
    let feed = feed(&host, "/rss/user/alice/INBOX");
    assert_eq!(texts(&entries(&feed, "entry"), ATOM, "summary"), ["Text"]);
}

#[test]
fn rfc9110_s13_what_has_not_changed_is_not_sent() {
    let host = host();
    deliver("alice", &["INBOX"], &plain(1));
    let etag = ok(&host, "/rss/user/alice/INBOX")
        .header("etag")
        .unwrap()
        .to_owned();
    let again = |etag: &str| {
        let request = host.request("GET", "/rss/user/alice/INBOX");
        request.header("if-none-match", etag).send::<Rss>().status
    };
    assert_eq!(again(&etag), 304);
    assert_eq!(again(&format!("\"x\", W/{etag}")), 304);
    deliver("alice", &["INBOX"], &plain(2));
    assert_eq!(again(&etag), 200);
    assert_ne!(
        ok(&host, "/rss/user/alice/INBOX?format=rss").header("etag"),
        Some(etag.as_str())
    );
}

const ATTACHED: &str = "From: a@example.org
Subject: Episode 1
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/related; boundary=c

--c
Content-Type: text/html; charset=utf-8

<p onclick='x()'>Hello <img src='cid:p@x'> <img src='https://spy.example/'><script>x()</script></p>
--c
Content-Type: image/png
Content-ID: <p@x>
Content-Transfer-Encoding: base64

AAEC
--c--
--b
Content-Type: audio/mpeg; name=\"one & two.mp3\"
Content-Disposition: attachment
Content-Transfer-Encoding: base64

AAECAwQFBgc=
--b
Content-Type: text/html
Content-Disposition: attachment; filename=\"\u{e4}.html\"

<script>x()</script>
--b--
";

#[test]
fn what_is_attached_is_an_enclosure() {
    let host = host();
    deliver("alice", &["INBOX"], ATTACHED);
    let atom = feed(&host, "/rss/user/alice/INBOX");
    let entry = entries(&atom, "entry")[0];
    let enclosures: Vec<_> = entry
        .elements()
        .filter(|link| link.attribute("rel") == Some("enclosure"))
        .map(|link| {
            let told = |name: &str| link.attribute(name).unwrap().to_owned();
            (told("type"), told("length"), told("title"), told("href"))
        })
        .collect();
    assert_eq!(enclosures.len(), 2, "{enclosures:?}");
    let (type_, length, title, href) = &enclosures[0];
    assert_eq!((type_.as_str(), length.as_str()), ("audio/mpeg", "8"));
    assert_eq!(title, "one & two.mp3");
    let at = href.find("/rss/").unwrap();
    let reply = ok(&host, &href[at..]);
    assert_eq!(reply.header("content-type"), Some("audio/mpeg"));
    assert_eq!(reply.body, [0, 1, 2, 3, 4, 5, 6, 7]);
    let rss = feed(&host, "/rss/user/alice/INBOX?format=rss");
    let item = entries(entries(&rss, "channel")[0], "item")[0];
    let enclosure = entries(item, "enclosure")[0];
    assert_eq!(enclosure.attribute("url"), Some(href.as_str()));
    assert_eq!(enclosure.attribute("length"), Some("8"));
}

#[test]
fn recordings_that_are_too_big_to_be_read_have_a_length() {
    let host = host();
    let octets = "AAAA".repeat(400_000);
    let message = format!(
        "Subject: Long\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nText\n--b\n\
         Content-Type: audio/mpeg\nContent-Disposition: attachment\n\
         Content-Transfer-Encoding: base64\n\n{octets}\n--b--\n"
    );
    deliver("alice", &["INBOX"], &message);
    let feed = feed(&host, "/rss/user/alice/INBOX");
    let entry = entries(&feed, "entry")[0];
    assert_eq!(texts(&[entry], ATOM, "summary"), ["Text"]);
    let mut links = entry
        .elements()
        .filter(|link| link.attribute("rel") == Some("enclosure"));
    let length: i64 = links
        .next()
        .unwrap()
        .attribute("length")
        .unwrap()
        .parse()
        .unwrap();
    assert!((length - 1_200_000).abs() < 1000, "{length}");
    let whole = ok(&host, "/rss/user/alice/INBOX/1.?section=2");
    assert_eq!(whole.body.len(), 1_200_000);
}

#[test]
fn parts_of_any_length_are_decoded_while_they_are_read() {
    let host = host();
    let line = format!("{}\n", "QUJD".repeat(19));
    // Each length puts the end of the part elsewhere in what is read at once.
    for lines in [163_000, 163_001, 163_840] {
        let message = format!(
            "Subject: Long\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nText\n--b\n\
             Content-Type: audio/mpeg\nContent-Transfer-Encoding: base64\n\n{}QQ==\n--b x\n--bx\n\
             --b\nContent-Type: audio/ogg\n\nother\n--b--\n",
            line.repeat(lines)
        );
        deliver("alice", &["INBOX"], &message);
    }
    for (uid, lines) in [(1, 163_000), (2, 163_001), (3, 163_840)] {
        let url = format!("/rss/user/alice/INBOX/{uid}.?section=2");
        let reply = ok(&host, &url);
        assert_eq!(reply.header("content-type"), Some("audio/mpeg"));
        // Nothing in the lines that are nearly delimiters is base64, but for their letters.
        let expected = "ABC".repeat(19 * lines) + "A";
        assert!(
            reply.body.starts_with(expected.as_bytes()),
            "{uid}: {}",
            reply.body.len()
        );
        assert!(
            reply.body.len() < expected.len() + 4,
            "{uid}: {}",
            reply.body.len()
        );
        let etag = reply.header("etag").unwrap();
        let again = host.request("GET", &url).header("if-none-match", etag);
        assert_eq!(again.send::<Rss>().status, 304);
        let head = host.request("HEAD", &url).send::<Rss>();
        assert_eq!((head.status, head.body.len()), (200, 0));
        // What begins further down is said to be there only as a whole.
        let beyond = get(&host, &format!("/rss/user/alice/INBOX/{uid}.?section=3"));
        assert_eq!(beyond.status, 422);
        let page = ok(&host, &format!("/rss/user/alice/INBOX/{uid}."));
        assert!(page.text().contains("There is more in this message"));
    }
}

#[test]
fn a_message_is_a_page_that_can_do_nothing() {
    let host = host();
    deliver("alice", &["INBOX"], ATTACHED);
    deliver("alice", &["INBOX"], &plain(2));
    let reply = ok(&host, "/rss/user/alice/INBOX/1.");
    let page = reply.text();
    assert!(page.contains("<title>Episode 1</title>"), "{page}");
    assert!(
        page.contains("<p>Hello <img src=\"/rss/user/alice/INBOX/1.?section=1.2\"> <img></p>"),
        "{page}"
    );
    assert!(
        page.contains("href=\"/rss/user/alice/INBOX/1.?section=2\">one &amp; two.mp3</a>"),
        "{page}"
    );
    for bad in ["onclick", "spy.example", "<script"] {
        assert!(!page.contains(bad), "{bad}");
    }
    let policy = reply.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox"),
        "{policy}"
    );
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    let page = ok(&host, "/rss/user/alice/INBOX/2.").text();
    assert!(
        page.contains("&lt;b&gt;signs&lt;/b&gt; &amp; more."),
        "{page}"
    );
}

#[test]
fn parts_are_decoded_and_harmless() {
    let host = host();
    deliver("alice", &["INBOX"], ATTACHED);
    let picture = ok(&host, "/rss/user/alice/INBOX/1.?section=1.2");
    assert_eq!(picture.body, [0, 1, 2]);
    assert_eq!(picture.header("content-disposition"), Some("inline"));
    let html = ok(&host, "/rss/user/alice/INBOX/1.?section=3");
    assert_eq!(
        html.header("content-disposition"),
        Some("attachment; filename*=UTF-8''%C3%A4.html")
    );
    assert!(
        html.header("content-security-policy")
            .unwrap()
            .contains("sandbox")
    );
    let whole = ok(&host, "/rss/user/alice/INBOX/1.?section=0");
    assert_eq!(
        whole.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(whole.text().starts_with("From: a@example.org\r\n"));
    for missing in [
        "INBOX/1.?section=9",
        "INBOX/1.?section=1",
        "INBOX/7.",
        "INBOX/7.?section=0",
    ] {
        let reply = get(&host, &format!("/rss/user/alice/{missing}"));
        assert_eq!(reply.status, 404, "{missing}");
    }
}

#[test]
fn the_page_of_feeds_has_what_one_may_read() {
    let host = host();
    let page = ok(&host, "/rss/").text();
    let links: Vec<&str> = page
        .split("<a href=\"")
        .skip(1)
        .map(|link| link.split('"').next().unwrap())
        .filter(|link| !link.contains('?'))
        .collect();
    assert_eq!(
        links,
        [
            "/rss/user/alice/INBOX",
            "/rss/user/alice/INBOX/Lists%20%26%20more",
            "/rss/user/bob/INBOX"
        ]
    );
    assert!(page.contains("Lists &amp; more"), "{page}");
    for link in links {
        ok(&host, link);
    }
    for hidden in [
        "/rss/user/bob/Secret",
        "/rss/user/alice/%23calendars",
        "/rss/user/alice/None",
    ] {
        assert_eq!(get(&host, hidden).status, 404, "{hidden}");
    }
}

#[test]
fn operators_choose_feeds_and_their_page() {
    let host = host();
    host.option("rss_feeds", "user.alice.*, !*.Lists*");
    host.option("rss_feedlist_template", "<h1>Ours</h1>%RSS_FEEDLIST%<hr>");
    let page = ok(&host, "/rss").text();
    assert!(
        page.starts_with("<h1>Ours</h1><ul>") && page.ends_with("<hr>"),
        "{page}"
    );
    assert!(page.contains("/alice/INBOX") && !page.contains("bob") && !page.contains("Lists"));
    assert_eq!(get(&host, "/rss/user/bob/INBOX").status, 404);
    assert_eq!(
        get(&host, "/rss/user/alice/INBOX/Lists%20&%20more").status,
        404
    );
}

#[test]
fn who_is_not_signed_in_has_no_feeds() {
    let host = host();
    host.act_as_anonymous();
    assert_eq!(get(&host, "/rss/user/alice/INBOX").status, 401);
}

#[test]
fn wrong_urls_say_so() {
    let host = host();
    for (status, url) in [
        (400, "/rss/user/alice/INBOX?format=pdf"),
        (400, "/rss/user/alice/INBOX?before=x"),
        (400, "/rss/user/alice/INBOX?format=rss&format=atom"),
        (404, "/rss/user/alice/%ff"),
        (200, "/rss/user/alice/INBOX?before=0"),
        (200, "/rss/user/alice/INBOX?before=4000000000"),
    ] {
        assert_eq!(get(&host, url).status, status, "{url}");
    }
    let options = host.request("OPTIONS", "/rss/").send::<Rss>();
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
}
