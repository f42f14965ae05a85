//! One version as the other, RFC 6350 appendix A, and back: nothing is lost that a round trip
//! shows. The examples are those of RFC 2426 and RFC 6350, and what known programs write.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use support::{APPLE_CONTACT, APPLE_GROUP, RFC6350_8, card_of, crlf, line_to, lines, to};
use vcard::Version::{V3_0, V4_0};

/// A line of 3.0 is this in 4.0, and comes back as it was.
fn both(three: &str, four: &str) {
    assert_eq!(line_to(V4_0, three), [four], "3.0 to 4.0");
    assert_eq!(line_to(V3_0, four), [three], "4.0 to 3.0");
}

#[test]
fn rfc2426_3_1_4_photos_and_their_kin() {
    both(
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ",
        "PHOTO:data:image/jpeg;base64,/9j/4AAQ",
    );
    both(
        "PHOTO;VALUE=uri;TYPE=GIF:http://www.example.com/p.gif",
        "PHOTO;MEDIATYPE=image/gif:http://www.example.com/p.gif",
    );
    both(
        "LOGO;VALUE=uri:http://www.example.com/l",
        "LOGO:http://www.example.com/l",
    );
    both(
        "SOUND;ENCODING=b;TYPE=BASIC:MIICajC=",
        "SOUND:data:audio/basic;base64,MIICajC=",
    );
    both(
        "KEY;ENCODING=b;TYPE=PGP:MIICajC=",
        "KEY:data:application/pgp-keys;base64,MIICajC=",
    );
    both(
        "KEY;ENCODING=b;TYPE=X509:MIICajC=",
        "KEY:data:application/pkix-cert;base64,MIICajC=",
    );
    both("KEY:a text", "KEY;VALUE=text:a text");
    // No type said, but a JPEG: Apple's Contacts.
    assert_eq!(
        line_to(V4_0, "PHOTO;ENCODING=BASE64:/9j/4AAQ"),
        ["PHOTO:data:image/jpeg;base64,/9j/4AAQ"]
    );
    assert_eq!(
        line_to(V3_0, "PHOTO:data:image/png;base64,iVBOR%2B%3D"),
        ["PHOTO;ENCODING=b;TYPE=PNG:iVBOR+="]
    );
}

#[test]
fn rfc6350_5_3_preferences() {
    both("TEL;TYPE=home,pref:1", "TEL;TYPE=home;PREF=1:1");
    assert_eq!(line_to(V3_0, "TEL;PREF=50:1"), ["TEL;PREF=50;TYPE=pref:1"]);
    assert_eq!(line_to(V4_0, "TEL;PREF=50;TYPE=pref:1"), ["TEL;PREF=50:1"]);
    let four = card_of(
        "4.0",
        &["FN:A", "N:A;;;;", "EMAIL;PREF=2:b", "EMAIL;PREF=1:a"],
    );
    let three = to(V3_0, &four);
    assert_eq!(lines(&three)[2..], ["EMAIL;PREF=2:b", "EMAIL;TYPE=pref:a"]);
    assert_eq!(to(V4_0, &three), four);
}

#[test]
fn rfc6350_6_2_5_dates_with_and_without_a_year() {
    both("BDAY;VALUE=date:1996-04-15", "BDAY:19960415");
    both(
        "BDAY;X-APPLE-OMIT-YEAR=1604;VALUE=date:1604-04-15",
        "BDAY:--0415",
    );
    both(
        "BDAY;VALUE=date-time:1953-10-15T23:10:00Z",
        "BDAY:19531015T231000Z",
    );
    both(
        "BDAY;VALUE=date-time:1987-09-27T08:30:00-06:00",
        "BDAY:19870927T083000-0600",
    );
    both("BDAY;VALUE=text:circa 1800", "BDAY;VALUE=text:circa 1800");
    both(
        "X-ANNIVERSARY;VALUE=date:2009-08-08",
        "ANNIVERSARY:20090808",
    );
    both("REV:1995-10-31T22:27:10Z", "REV:19951031T222710Z");
    for partial in ["1985-04", "1985", "---12", "--04", "T1022"] {
        both(
            &format!("BDAY;VALUE=text;X-V4-VALUE=date-and-or-time:{partial}"),
            &format!("BDAY:{partial}"),
        );
    }
    // As Android programs write it into vCard 3.0.
    assert_eq!(line_to(V4_0, "BDAY:--04-15"), ["BDAY:--0415"]);
    assert_eq!(
        line_to(V4_0, "BDAY:1996-04-15T00:00:00.000Z"),
        ["BDAY:19960415T000000Z"]
    );
}

#[test]
fn rfc6350_6_1_4_kinds_and_members() {
    both("X-ADDRESSBOOKSERVER-KIND:group", "KIND:group");
    both("X-ABShowAs:COMPANY", "KIND:org");
    both("X-ADDRESSBOOKSERVER-KIND:individual", "KIND:individual");
    both(
        "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:03a0e51f-d1aa",
        "MEMBER:urn:uuid:03a0e51f-d1aa",
    );
    both(
        "X-ADDRESSBOOKSERVER-MEMBER:mailto:subscriber1@example.com",
        "MEMBER:mailto:subscriber1@example.com",
    );
    // Without the scheme that both need: DAVx5 of old.
    assert_eq!(
        line_to(V3_0, "MEMBER:03a0e51f-d1aa"),
        ["X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:03a0e51f-d1aa"]
    );
}

#[test]
fn rfc6350_6_1_4_a_card_has_one_kind() {
    let kinds = [
        "X-ABShowAs:COMPANY",
        "X-ADDRESSBOOKSERVER-KIND:group",
        "X-ADDRESSBOOKSERVER-KIND:org",
    ];
    let three = card_of("3.0", &[&["FN:A", "N:A;;;;"], &kinds[..]].concat());
    let four = to(V4_0, &three);
    assert_eq!(lines(&four)[2..], [kinds[0], "KIND:group", kinds[2]]);
    assert_eq!(to(V3_0, &four), three);
}

#[test]
fn rfc6350_6_7_6_uids_keep_their_text() {
    both("UID:urn:uuid:4fbe8971-0bc3", "UID:urn:uuid:4fbe8971-0bc3");
    both(
        "UID:19950401-080045-40000F192713-0052",
        "UID;VALUE=text:19950401-080045-40000F192713-0052",
    );
}

#[test]
fn rfc6350_6_5_places_and_zones() {
    both("GEO:37.386013;-122.082932", "GEO:geo:37.386013,-122.082932");
    both(
        "GEO;VALUE=uri:geo:37.38,-122.08;u=35",
        "GEO:geo:37.38,-122.08;u=35",
    );
    both("TZ:-05:00", "TZ;VALUE=utc-offset:-0500");
    both(
        "TZ;VALUE=text:Raleigh/North America",
        "TZ:Raleigh/North America",
    );
}

#[test]
fn rfc6350_6_4_1_telephones() {
    both(
        "TEL;TYPE=home;X-V4-VALUE=uri:+1-555-555-5555;ext=5555",
        "TEL;TYPE=home;VALUE=uri:tel:+1-555-555-5555;ext=5555",
    );
    both(
        "TEL;TYPE=CELL;TYPE=VOICE:+49 170",
        "TEL;TYPE=CELL;TYPE=VOICE:+49 170",
    );
    assert_eq!(
        line_to(V3_0, r#"TEL;TYPE="voice,home":1"#),
        ["TEL;TYPE=voice,home:1"]
    );
}

#[test]
fn rfc6350_6_3_1_labels_of_addresses() {
    let three = card_of(
        "3.0",
        &[
            "FN:A",
            "N:A;;;;",
            "ADR;TYPE=dom,home,pref:;;123 Main Street;Any Town;CA;91921-1234;",
            r"LABEL;TYPE=dom,home,pref:Mr. John\n123 Main Street\nAny Town",
            "ADR;TYPE=work:;;1 Side Street;;;;",
            "LABEL;TYPE=parcel:alone",
        ],
    );
    let four = to(V4_0, &three);
    assert_eq!(
        lines(&four)[2..],
        [
            r#"ADR;TYPE=dom,home;PREF=1;LABEL="Mr. John^n123 Main Street^nAny Town":;;123 Main Street;Any Town;CA;91921-1234;"#,
            "ADR;TYPE=work:;;1 Side Street;;;;",
            "LABEL;TYPE=parcel:alone",
        ]
    );
    // The types of the label are those of its address.
    assert_eq!(
        lines(&to(V3_0, &four))[3],
        r"LABEL;TYPE=dom,home,pref:Mr. John\n123 Main Street\nAny Town"
    );
    assert_eq!(lines(&to(V3_0, &four)).len(), 6);
}

#[test]
fn rfc6350_5_9_how_to_sort() {
    let three = card_of(
        "3.0",
        &[
            "FN:A",
            "N:van der Harten;Rene;J.;Sir;R.D.O.N.",
            "SORT-STRING:Harten",
        ],
    );
    let four = to(V4_0, &three);
    assert_eq!(
        lines(&four)[1],
        r#"N;SORT-AS="Harten":van der Harten;Rene;J.;Sir;R.D.O.N."#
    );
    assert_eq!(to(V3_0, &four), three);
}

#[test]
fn rfc6350_5_4_alternatives_come_back() {
    let four = card_of(
        "4.0",
        &[
            "FN;ALTID=1;LANGUAGE=jp:山田",
            "FN;ALTID=1;LANGUAGE=en:Yamada",
            "N;ALTID=1;LANGUAGE=jp:山田;太郎;;;",
            "N;ALTID=1;LANGUAGE=en:Yamada;Taro;;;",
        ],
    );
    let three = to(V3_0, &four);
    assert_eq!(
        lines(&three)[2..],
        [
            "N;ALTID=1;LANGUAGE=jp:山田;太郎;;;",
            "X-V4-N;ALTID=1;LANGUAGE=en:Yamada;Taro;;;"
        ]
    );
    assert_eq!(to(V4_0, &three), four);
}

#[test]
fn rfc6350_appendix_a_agents_are_relations() {
    both(
        "AGENT;VALUE=uri:CID:JQPUBLIC.part3@host.com",
        "RELATED;TYPE=agent:CID:JQPUBLIC.part3@host.com",
    );
    both(
        r"AGENT:BEGIN:VCARD\nEND:VCARD",
        r"AGENT:BEGIN:VCARD\nEND:VCARD",
    );
}

#[test]
fn rfc6350_6_2_what_must_be_there_is_filled_in() {
    // Cassandane's carddav tests: a group without N gets FN as its N.
    let four = card_of("4.0", &["FN:The Doe\\, family", "KIND:group"]);
    assert_eq!(lines(&to(V3_0, &four))[2], "N:The Doe\\, family;;;;");
    let three = card_of("3.0", &["N:Doe;John;Q.,Public;Dr.;Jr."]);
    assert_eq!(
        lines(&to(V4_0, &three))[1],
        r"FN:Dr. John Q. Public Doe Jr."
    );
}

#[test]
fn what_both_have_stays_byte_for_byte() {
    let kept = [
        "item1.EMAIL;type=INTERNET:a@example.com",
        "item1.X-ABLabel:_$!<Other>!$_",
        "X-SOCIALPROFILE;type=twitter:http://twitter.com/example",
        "NOTE:a long line that is folded where its client has folded it\r\n  and so it st\r\n ays",
        "CATEGORIES:a,b\\,c",
        "IMPP;X-SERVICE-TYPE=Jabber:xmpp:a@example.com",
        "RELATED;TYPE=friend:urn:uuid:f81d4fae",
        "CLIENTPIDMAP:1;urn:uuid:3df403f4",
        "EMAIL;PID=4.1,5.2:a@example.com",
    ];
    let mut all = vec!["FN:A", "N:A;;;;"];
    all.extend(kept);
    let three = card_of("3.0", &all);
    let four = card_of("4.0", &all);
    assert_eq!(to(V4_0, &three), four);
    assert_eq!(to(V3_0, &four), three);
}

#[test]
fn round_trips_of_whole_cards() {
    let author = crlf(RFC6350_8);
    let back = to(V4_0, &to(V3_0, &author));
    // Quotes around lists of types are not needed, and folds are where they must be.
    let expected: Vec<String> = lines(&author)
        .iter()
        .map(|line| match line.strip_prefix("TEL") {
            Some(_) => line.replace('"', "").replace("VALUE=uri;", ""),
            None => line.clone(),
        })
        .collect();
    let found: Vec<String> = lines(&back)
        .iter()
        .map(|line| line.replace(";VALUE=uri:tel", ":tel"))
        .collect();
    for line in &expected {
        let line = line.replace(";VALUE=uri", "");
        let sorted = |line: &str| {
            let (head, value) = line.split_once(':').unwrap();
            let mut head: Vec<&str> = head.split(';').collect();
            head.sort();
            (head.join(";"), value.to_owned())
        };
        assert!(
            found.iter().any(|other| sorted(other) == sorted(&line)),
            "{line}\n{back}"
        );
    }
    assert_eq!(found.len(), expected.len());

    let contact = crlf(APPLE_CONTACT);
    let back = to(V3_0, &to(V4_0, &contact));
    // A list of types is the same in one parameter and in several.
    let plain = |text: &str| -> Vec<String> {
        let all = lines(text).into_iter();
        all.map(|line| line.to_lowercase().replace(";type=", ","))
            .collect()
    };
    assert_eq!(plain(&back), plain(&contact));
    let group = crlf(APPLE_GROUP);
    assert_eq!(to(V3_0, &to(V4_0, &group)), group);
}
