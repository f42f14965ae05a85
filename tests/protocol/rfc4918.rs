//! WebDAV: <https://www.rfc-editor.org/rfc/rfc4918>.

use super::{alice, properties, propfind};
use chapar_tests::support::{multistatus, parse, shared};

#[test]
fn s8_3_hrefs_of_names_with_spaces_and_umlauts_lead_back() {
    let (mut client, path) = alice("s8_3");
    let member = format!("{path}gr%C3%BC%C3%9Fe%20%26%20%3Ctags%3E%20100%25.txt");
    client.send("PUT", &member, &[], b"hello").expect(201);
    let listing = propfind(&mut client, &path, "1", "<D:getetag/><D:displayname/>");
    let hrefs = listing.paths();
    let href = hrefs.iter().find(|href| **href != path).unwrap();
    let body = client.send("GET", href, &[], b"").expect(200).body;
    assert_eq!(body, b"hello");
}

#[test]
fn s9_1_propfind_returns_what_is_asked_for() {
    let (mut client, path) = alice("s9_1");
    client
        .send("PUT", &format!("{path}a.txt"), &[], b"12345")
        .expect(201);
    client
        .send("MKCOL", &format!("{path}sub/"), &[], b"")
        .expect(201);
    let listing = propfind(
        &mut client,
        &path,
        "1",
        "<D:resourcetype/><D:getcontentlength/><D:getlastmodified/><D:creationdate/><D:getetag/>\
         <D:getcontenttype/><x:none xmlns:x=\"urn:x\"/>",
    );
    assert_eq!(listing.members.len(), 3, "{:?}", listing.paths());
    let file = listing.member(&format!("{path}a.txt"));
    assert_eq!(file.text("getcontentlength"), "5");
    assert!(file.text("getcontenttype").starts_with("text/plain"));
    assert!(file.text("getetag").starts_with('"'));
    assert!(file.text("getlastmodified").ends_with(" GMT"));
    assert!(file.property("resourcetype").unwrap().children.is_empty());
    assert_eq!(file.status_of("{urn:x}none"), Some(404));
    for collection in [path.clone(), format!("{path}sub/")] {
        let kind = listing
            .member(&collection)
            .property("resourcetype")
            .unwrap();
        assert!(kind.child("collection").is_some(), "{kind:?}");
    }
}

#[test]
fn s9_1_propfind_without_a_body_is_allprop() {
    let (mut client, path) = alice("s9_1_allprop");
    let answer = client.send("PROPFIND", &path, &[("depth", "0")], b"");
    let all = multistatus(&answer);
    assert!(all.only().property("resourcetype").is_some());
    let names = client.send(
        "PROPFIND",
        &path,
        &[("depth", "0")],
        b"<propfind xmlns=\"DAV:\"><propname/></propfind>",
    );
    let names = multistatus(&names);
    let names = names.only();
    assert!(names.properties.contains_key("{DAV:}resourcetype"));
    assert!(
        names
            .properties
            .values()
            .all(|(_, value)| value.text.is_empty())
    );
}

#[test]
fn s9_1_1_propfind_of_infinite_depth_is_answered_or_refused_with_its_precondition() {
    let (mut client, path) = alice("s9_1_1");
    client
        .send("PUT", &format!("{path}a"), &[], b"1")
        .expect(201);
    let answer = client.send("PROPFIND", &path, &[("depth", "infinity")], b"");
    match answer.status {
        207 => assert_eq!(multistatus(&answer).members.len(), 2),
        403 => assert!(parse(&answer.body).has("propfind-finite-depth")),
        other => panic!("{other}"),
    }
}

#[test]
fn s9_2_proppatch_keeps_and_removes_dead_properties() {
    let (mut client, path) = alice("s9_2");
    let file = format!("{path}a");
    client.send("PUT", &file, &[], b"1").expect(201);
    let set = "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:set><D:prop>\
               <x:colour shade=\"dark\">gr\u{fc}n <x:b/>&amp; blau</x:colour>\
               </D:prop></D:set></D:propertyupdate>";
    let answer = client.send("PROPPATCH", &file, &[], set.as_bytes());
    assert_eq!(
        multistatus(&answer).only().status_of("{urn:x}colour"),
        Some(200)
    );
    let asked = "<x:colour xmlns:x=\"urn:x\"/>";
    let found = properties(&mut client, &file, asked);
    let colour = found.property("{urn:x}colour").unwrap();
    assert_eq!(colour.text, "gr\u{fc}n & blau");
    assert!(colour.child("{urn:x}b").is_some());

    // It stays when the content is replaced.
    client.send("PUT", &file, &[], b"2").expect(204);
    assert!(
        properties(&mut client, &file, asked)
            .property("{urn:x}colour")
            .is_some()
    );

    let remove = "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:remove><D:prop>\
                  <x:colour/></D:prop></D:remove></D:propertyupdate>";
    client
        .send("PROPPATCH", &file, &[], remove.as_bytes())
        .expect(207);
    let found = properties(&mut client, &file, asked);
    assert_eq!(found.status_of("{urn:x}colour"), Some(404));
}

#[test]
fn s9_2_proppatch_does_all_or_nothing() {
    let (mut client, path) = alice("s9_2_atomic");
    let body = "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:set><D:prop>\
                <x:colour>red</x:colour><D:getetag>\"mine\"</D:getetag>\
                </D:prop></D:set></D:propertyupdate>";
    let answer = multistatus(&client.send("PROPPATCH", &path, &[], body.as_bytes()));
    assert_eq!(answer.only().status_of("getetag"), Some(403));
    assert_eq!(answer.only().status_of("{urn:x}colour"), Some(424));
    let found = properties(&mut client, &path, "<x:colour xmlns:x=\"urn:x\"/>");
    assert_eq!(found.status_of("{urn:x}colour"), Some(404));
}

#[test]
fn s9_3_mkcol_makes_a_collection_once_and_below_one() {
    let (mut client, path) = alice("s9_3");
    client
        .send("MKCOL", &format!("{path}a/"), &[], b"")
        .expect(201);
    client
        .send("MKCOL", &format!("{path}a/"), &[], b"")
        .expect(405);
    client
        .send("MKCOL", &format!("{path}b/c/"), &[], b"")
        .expect(409);
    let headers = [("content-type", "text/plain")];
    client
        .send("MKCOL", &format!("{path}d/"), &headers, b"what?")
        .expect(415);
}

#[test]
fn s9_4_get_and_head_return_what_was_put() {
    let (mut client, path) = alice("s9_4");
    let file = format!("{path}a.bin");
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    client.send("PUT", &file, &[], &bytes).expect(201);
    let got = client.send("GET", &file, &[], b"").expect(200);
    assert_eq!(got.body, bytes);
    let head = client.send("HEAD", &file, &[], b"").expect(200);
    assert_eq!(head.header("content-length"), Some("70000"));
    assert_eq!(head.header("etag"), got.header("etag"));
    assert!(head.header("last-modified").is_some());
    client
        .send("GET", &format!("{path}none"), &[], b"")
        .expect(404);
}

#[test]
fn s9_6_delete_removes_a_tree() {
    let (mut client, path) = alice("s9_6");
    client
        .send("MKCOL", &format!("{path}a/"), &[], b"")
        .expect(201);
    client
        .send("PUT", &format!("{path}a/b"), &[], b"1")
        .expect(201);
    client
        .send("DELETE", &format!("{path}a/"), &[], b"")
        .expect(204);
    client
        .send("GET", &format!("{path}a/b"), &[], b"")
        .expect(404);
    client
        .send("DELETE", &format!("{path}a/"), &[], b"")
        .expect(404);
}

#[test]
fn s9_7_put_creates_replaces_and_wants_a_parent() {
    let (mut client, path) = alice("s9_7");
    let file = format!("{path}a");
    let first = client.send("PUT", &file, &[], b"1").expect(201);
    let etag = first.header("etag").expect("an etag").to_owned();
    let none_match = [("if-none-match", "*")];
    client.send("PUT", &file, &none_match, b"2").expect(412);
    let stale = [("if-match", "\"stale\"")];
    client.send("PUT", &file, &stale, b"2").expect(412);
    client
        .send("PUT", &file, &[("if-match", &etag)], b"2")
        .expect(204);
    assert_eq!(client.send("GET", &file, &[], b"").body, b"2");
    client
        .send("PUT", &format!("{path}no/such/a"), &[], b"1")
        .expect(409);
    client.send("PUT", &path, &[], b"1").expect_any(&[405, 409]);
}

#[test]
fn s9_7_put_takes_chunks_and_big_bodies() {
    let (mut client, path) = alice("s9_7_big");
    let file = format!("{path}a");
    let pieces: [&[u8]; 3] = [b"one ", b"two ", b"three"];
    client.send_chunked("PUT", &file, &[], &pieces).expect(201);
    assert_eq!(client.send("GET", &file, &[], b"").body, b"one two three");
    let big: Vec<u8> = (0..3_000_000_u32).map(|n| (n / 7) as u8).collect();
    client.send("PUT", &file, &[], &big).expect(204);
    assert!(client.send("GET", &file, &[], b"").body == big);
}

#[test]
fn s9_8_copy_copies_a_tree_and_minds_overwrite() {
    let (mut client, path) = alice("s9_8");
    client
        .send("MKCOL", &format!("{path}a/"), &[], b"")
        .expect(201);
    client
        .send("PUT", &format!("{path}a/b"), &[], b"1")
        .expect(201);
    let to = format!("{path}c/");
    let from = format!("{path}a/");
    client
        .send("COPY", &from, &[("destination", &to)], b"")
        .expect(201);
    assert_eq!(client.send("GET", &format!("{to}b"), &[], b"").body, b"1");
    let keep = [("destination", to.as_str()), ("overwrite", "F")];
    client.send("COPY", &from, &keep, b"").expect(412);
    client
        .send("COPY", &from, &[("destination", &to)], b"")
        .expect(204);
    let shallow = [("destination", to.as_str()), ("depth", "0")];
    client.send("COPY", &from, &shallow, b"").expect(204);
    client.send("GET", &format!("{to}b"), &[], b"").expect(404);
    let whole = format!("http://{}{path}d", shared().address);
    let file = format!("{path}a/b");
    client
        .send("COPY", &file, &[("destination", &whole)], b"")
        .expect(201);
    let missing = format!("{path}no/such");
    client
        .send("COPY", &file, &[("destination", &missing)], b"")
        .expect(409);
    let elsewhere = [("destination", "http://elsewhere.invalid/x")];
    client
        .send("COPY", &file, &elsewhere, b"")
        .expect_any(&[400, 403, 502]);
}

#[test]
fn s9_9_move_takes_dead_properties_along() {
    let (mut client, path) = alice("s9_9");
    let (from, to) = (format!("{path}a"), format!("{path}b"));
    client.send("PUT", &from, &[], b"1").expect(201);
    let set = "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:set><D:prop>\
               <x:colour>red</x:colour></D:prop></D:set></D:propertyupdate>";
    client
        .send("PROPPATCH", &from, &[], set.as_bytes())
        .expect(207);
    client
        .send("MOVE", &from, &[("destination", &to)], b"")
        .expect(201);
    client.send("GET", &from, &[], b"").expect(404);
    let found = properties(&mut client, &to, "<x:colour xmlns:x=\"urn:x\"/>");
    assert_eq!(found.text("{urn:x}colour"), "red");
    client.send("PUT", &from, &[], b"2").expect(201);
    client
        .send("MOVE", &from, &[("destination", &to)], b"")
        .expect(204);
    assert_eq!(client.send("GET", &to, &[], b"").body, b"2");
}

const EXCLUSIVE: &[u8] = b"<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>\
    <D:locktype><D:write/></D:locktype><D:owner><D:href>mailto:alice</D:href></D:owner></D:lockinfo>";

#[test]
fn s9_10_lock_keeps_writers_without_its_token_out() {
    let (mut client, path) = alice("s9_10");
    let file = format!("{path}a");
    client.send("PUT", &file, &[], b"1").expect(201);
    let locked = client
        .send("LOCK", &file, &[("timeout", "Second-600")], EXCLUSIVE)
        .expect(200);
    let token = locked.header("lock-token").expect("a token").to_owned();
    assert!(parse(&locked.body).has("activelock"));
    client.send("PUT", &file, &[], b"2").expect(423);
    client.send("LOCK", &file, &[], EXCLUSIVE).expect(423);
    let with_token = format!("({token})");
    let with_token = [("if", with_token.as_str())];
    client.send("PUT", &file, &with_token, b"2").expect(204);
    client.send("LOCK", &file, &with_token, b"").expect(200);
    let found = properties(&mut client, &file, "<D:lockdiscovery/><D:supportedlock/>");
    assert!(found.property("lockdiscovery").unwrap().has("locktoken"));
    assert!(found.property("supportedlock").unwrap().has("exclusive"));
    client
        .send("UNLOCK", &file, &[("lock-token", &token)], b"")
        .expect(204);
    client.send("PUT", &file, &[], b"3").expect(204);
}

#[test]
fn s9_10_4_lock_of_a_free_name_makes_an_empty_resource() {
    let (mut client, path) = alice("s9_10_4");
    let file = format!("{path}new");
    let locked = client.send("LOCK", &file, &[], EXCLUSIVE).expect(201);
    assert!(
        client
            .send("GET", &file, &[], b"")
            .expect(200)
            .body
            .is_empty()
    );
    client.send("PUT", &file, &[], b"1").expect(423);
    let token = locked.header("lock-token").unwrap();
    client
        .send("UNLOCK", &file, &[("lock-token", token)], b"")
        .expect(204);
}

#[test]
fn s9_10_3_lock_of_a_collection_holds_below_it() {
    let (mut client, path) = alice("s9_10_3");
    client
        .send("PUT", &format!("{path}a"), &[], b"1")
        .expect(201);
    let locked = client
        .send("LOCK", &path, &[("depth", "infinity")], EXCLUSIVE)
        .expect(200);
    let token = locked.header("lock-token").unwrap();
    client
        .send("PUT", &format!("{path}a"), &[], b"2")
        .expect(423);
    client
        .send("PUT", &format!("{path}b"), &[], b"2")
        .expect(423);
    let tagged = format!("<{path}> ({token})");
    client
        .send("PUT", &format!("{path}b"), &[("if", &tagged)], b"2")
        .expect(201);
    client
        .send("UNLOCK", &path, &[("lock-token", token)], b"")
        .expect(204);
}

#[test]
fn s10_1_options_tells_classes_and_methods() {
    let (mut client, path) = alice("s10_1");
    let answer = client
        .send("OPTIONS", &path, &[], b"")
        .expect_any(&[200, 204]);
    let classes = answer.list("dav");
    for class in ["1", "2", "3", "access-control", "extended-mkcol"] {
        assert!(
            classes.iter().any(|known| known == class),
            "{class} not in {classes:?}"
        );
    }
    let methods = answer.list("allow");
    for method in [
        "OPTIONS",
        "PROPFIND",
        "PROPPATCH",
        "COPY",
        "MOVE",
        "LOCK",
        "REPORT",
    ] {
        assert!(
            methods.iter().any(|known| known == method),
            "{method} not in {methods:?}"
        );
    }
}

#[test]
fn s10_4_if_compares_etags() {
    let (mut client, path) = alice("s10_4");
    let file = format!("{path}a");
    let etag = client.send("PUT", &file, &[], b"1").expect(201);
    let etag = etag.header("etag").unwrap().to_owned();
    client
        .send("PUT", &file, &[("if", "([\"stale\"])")], b"2")
        .expect(412);
    client
        .send("PUT", &file, &[("if", &format!("([{etag}])"))], b"2")
        .expect(204);
    client
        .send("PUT", &file, &[("if", "(<urn:x:1>) (Not <urn:x:1>)")], b"3")
        .expect(204);
}
