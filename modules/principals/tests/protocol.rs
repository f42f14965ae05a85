//! Principals, over the in-memory host, named by clause.

use module::native::{Host, Reply};
use module::{Descriptor, Extent, Home, Mount};
use principals::Principals;

const ALICE: &str = "/dav/principals/user/alice/";
const HOME_NS: &str = "urn:stamps";

/// A host with alice acting, bob, the group staff with both in it, and a module that has homes.
fn host() -> Host {
    let host = Host::new();
    host.user("alice")
        .user("bob&co")
        .group("staff", &["alice", "bob&co"])
        .act_as("alice");
    let mount = Mount::new(
        "/dav/stamps",
        Extent::Prefix,
        &["GET"],
        module::Access::Anonymous,
    );
    host.load::<Principals>().load_descriptor(Descriptor {
        name: "stamps".to_owned(),
        mounts: vec![mount],
        compliance: vec!["stamp-access".to_owned(), "1".to_owned()],
        homes: vec![Home {
            namespace: HOME_NS.to_owned(),
            property: "stamp-home-set".to_owned(),
            path: "/dav/stamps/user/{principal}/".to_owned(),
        }],
        ..Descriptor::default()
    });
    host
}

fn send(host: &Host, method: &str, path: &str, depth: &str, body: &str) -> Reply {
    let request = host.request(method, path).header("depth", depth).body(body);
    request.send::<Principals>()
}

fn propfind(host: &Host, path: &str, depth: &str, props: &str) -> String {
    let body = format!(
        "<propfind xmlns='DAV:' xmlns:S='{HOME_NS}' xmlns:CS='http://calendarserver.org/ns/' \
         xmlns:C='urn:ietf:params:xml:ns:caldav'><prop>{props}</prop></propfind>"
    );
    let reply = send(host, "PROPFIND", path, depth, &body);
    assert_eq!(reply.status, 207, "{path}: {}", reply.text());
    reply.text()
}

#[test]
fn rfc5397_s3_the_way_from_the_root() {
    let host = host();
    for path in [
        "/",
        "/dav",
        "/dav/",
        "/dav/principals/",
        "/dav/principals/user/",
    ] {
        let text = propfind(&host, path, "0", "<current-user-principal/>");
        assert!(
            text.contains(&format!("<D:href>{ALICE}</D:href>")),
            "{path}: {text}"
        );
    }
}

#[test]
fn rfc3744_s5_8_where_principals_are() {
    let text = propfind(&host(), "/", "0", "<principal-collection-set/>");
    assert!(
        text.contains("<D:href>/dav/principals/user/</D:href>"),
        "{text}"
    );
    assert!(
        text.contains("<D:href>/dav/principals/group/</D:href>"),
        "{text}"
    );
}

#[test]
fn rfc3744_s4_properties_of_principals() {
    let host = host();
    let props = "<displayname/><principal-URL/><alternate-URI-set/><group-membership/>\
                 <group-member-set/><resourcetype/><CS:email-address-set/>";
    let alice = propfind(&host, ALICE, "0", props);
    for part in [
        "<D:displayname>alice</D:displayname>",
        "<D:principal-URL><D:href>/dav/principals/user/alice/</D:href></D:principal-URL>",
        "mailto:alice@example.org",
        "<D:group-membership><D:href>/dav/principals/group/staff/</D:href></D:group-membership>",
        "<D:principal/>",
        "<CS:email-address>alice@example.org</CS:email-address>",
    ] {
        assert!(alice.contains(part), "{part} in {alice}");
    }
    let staff = propfind(&host, "/dav/principals/group/staff/", "0", props);
    assert!(
        staff.contains("<D:href>/dav/principals/user/bob%26co/</D:href>"),
        "{staff}"
    );
}

#[test]
fn rfc3744_s2_collections_of_principals() {
    let host = host();
    let users = propfind(&host, "/dav/principals/user/", "1", "<displayname/>");
    assert_eq!(users.matches("<D:response>").count(), 3, "{users}");
    let groups = propfind(&host, "/dav/principals/group/", "1", "<displayname/>");
    assert_eq!(groups.matches("<D:response>").count(), 2, "{groups}");
    let dav = propfind(&host, "/dav/", "1", "<resourcetype/>");
    assert!(dav.contains("<D:href>/dav/stamps/</D:href>"), "{dav}");
}

#[test]
fn homes_come_from_the_modules_that_are_loaded() {
    let host = host();
    let text = propfind(&host, ALICE, "0", "<S:stamp-home-set/>");
    assert!(text.contains("/dav/stamps/user/alice/</"), "{text}");
    let bob = propfind(
        &host,
        "/dav/principals/user/bob%26co/",
        "0",
        "<S:stamp-home-set/>",
    );
    assert!(bob.contains("/dav/stamps/user/bob%26co/</"), "{bob}");
    let staff = propfind(
        &host,
        "/dav/principals/group/staff/",
        "0",
        "<S:stamp-home-set/>",
    );
    assert!(staff.contains("404 Not Found"), "{staff}");
    let all = send(
        &host,
        "PROPFIND",
        ALICE,
        "0",
        "<propfind xmlns='DAV:'><allprop/></propfind>",
    );
    assert!(!all.text().contains("stamp-home-set"), "{}", all.text());
}

#[test]
fn rfc4918_s10_1_classes_of_all_modules_are_told() {
    let host = host();
    host.act_as_anonymous();
    for path in ["/", "/dav/", ALICE] {
        let reply = host.request("OPTIONS", path).send::<Principals>();
        let dav = reply.header("dav").unwrap_or_default();
        assert!(
            dav.starts_with("1, 2, 3") && dav.ends_with("stamp-access"),
            "{path}: {dav}"
        );
        assert!(
            !reply.header("allow").unwrap_or_default().contains("DELETE"),
            "{path}"
        );
        assert_eq!(dav.split(", ").filter(|token| *token == "1").count(), 1);
    }
}

#[test]
fn anonymous_is_asked_to_sign_in() {
    let host = host();
    host.act_as_anonymous();
    for path in ["/", "/dav/", ALICE, "/dav/principals/user/nobody/"] {
        assert_eq!(send(&host, "PROPFIND", path, "0", "").status, 401, "{path}");
    }
}

#[test]
fn unknown_principals_are_404() {
    let host = host();
    for path in [
        "user/nobody/",
        "group/alice/",
        "user/staff/",
        "other/",
        "user/alice/x",
        "room/",
    ] {
        let path = format!("/dav/principals/{path}");
        assert_eq!(
            send(&host, "PROPFIND", &path, "0", "").status,
            404,
            "{path}"
        );
    }
}

#[test]
fn rfc3744_s4_its_display_name_is_a_principals_own() {
    let host = host();
    let update = "<propertyupdate xmlns='DAV:'><set><prop><displayname>A &amp; B</displayname>\
                  </prop></set></propertyupdate>";
    let reply = send(&host, "PROPPATCH", ALICE, "0", update);
    assert!(
        reply.status == 207 && reply.text().contains("200 OK"),
        "{}",
        reply.text()
    );
    let text = propfind(&host, ALICE, "0", "<displayname/>");
    assert!(
        text.contains("<D:displayname>A &amp; B</D:displayname>"),
        "{text}"
    );
    let other = send(
        &host,
        "PROPPATCH",
        "/dav/principals/user/bob%26co/",
        "0",
        update,
    );
    assert_eq!(other.status, 403, "{}", other.text());
    let dead = "<propertyupdate xmlns='DAV:'><set><prop><x xmlns='urn:x'/></prop></set>\
                </propertyupdate>";
    let reply = send(&host, "PROPPATCH", ALICE, "0", dead);
    assert!(reply.text().contains("403"), "{}", reply.text());
}

#[test]
fn rfc3744_s9_4_principals_are_found_by_name_and_address() {
    let host = host();
    let search = |property: &str, text: &str| {
        let body = format!(
            "<principal-property-search xmlns='DAV:' xmlns:CS='http://calendarserver.org/ns/' \
             xmlns:C='urn:ietf:params:xml:ns:caldav'><property-search><prop>{property}</prop><match>{text}</match></property-search>\
             <prop><displayname/></prop></principal-property-search>"
        );
        let reply = send(&host, "REPORT", "/dav/principals/user/", "0", &body);
        assert_eq!(reply.status, 207, "{}", reply.text());
        reply.text()
    };
    let found = search("<displayname/>", "BOB");
    assert!(found.contains("/dav/principals/user/bob%26co/"), "{found}");
    assert!(!found.contains(ALICE), "{found}");
    let found = search("<CS:email-address-set/>", "alice@");
    assert!(found.contains(ALICE), "{found}");
    let body = "<principal-property-search xmlns='DAV:' xmlns:S='urn:stamps'><property-search>\
                <prop><displayname/></prop><match>alice</match></property-search>\
                <prop><S:stamp-home-set/></prop></principal-property-search>";
    let found = send(&host, "REPORT", "/dav/principals/", "0", body).text();
    assert!(found.contains("/dav/stamps/user/alice/</"), "{found}");
    // RFC 6638 §2.4: an organizer looks for whom to invite.
    for text in [
        "mailto:alice@",
        "MAILTO:ALICE@EXAMPLE",
        "alice@",
        "mailto",
        "user/alice",
    ] {
        let found = search("<C:calendar-user-address-set/>", text);
        assert!(found.contains(ALICE), "{text}: {found}");
    }
    let found = search("<C:calendar-user-type/>", "INDIVIDUAL");
    assert!(
        found.contains(ALICE) && found.contains("bob%26co"),
        "{found}"
    );
    assert!(!found.contains("group/staff"), "{found}");
}

#[test]
fn rfc6638_s2_4_1_addresses_are_those_of_the_directory_and_the_principal() {
    let text = propfind(&host(), ALICE, "0", "<C:calendar-user-address-set/>");
    for address in ["mailto:alice@example.org", ALICE] {
        assert!(text.contains(&format!(">{address}</D:href>")), "{text}");
    }
    assert_eq!(text.matches("preferred=\"1\"").count(), 1, "{text}");
}

#[test]
fn rfc6638_s2_4_2_types_are_those_of_icalendar() {
    let kind = |path: &str| propfind(&host(), path, "0", "<C:calendar-user-type/>");
    assert!(kind(ALICE).contains(">INDIVIDUAL<"), "{}", kind(ALICE));
    let group = kind("/dav/principals/group/staff/");
    assert!(group.contains(">GROUP<"), "{group}");
}

/// python-caldav puts what it asks for beside `prop`.
#[test]
fn rfc3744_s9_4_homes_are_found_with_principals() {
    let host = host();
    for (prop, beside) in [
        ("<S:stamp-home-set/>", ""),
        ("", "<S:stamp-home-set/><D:displayname/>"),
    ] {
        let body = format!(
            "<D:principal-property-search xmlns:D='DAV:' xmlns:S='urn:stamps'><D:property-search>\
             <D:prop><D:displayname/></D:prop><D:match>alice</D:match></D:property-search>\
             <D:prop>{prop}</D:prop>{beside}</D:principal-property-search>"
        );
        let found = send(&host, "REPORT", "/dav/", "0", &body);
        assert_eq!(found.status, 207);
        assert!(
            found.text().contains("alice/</D:href></"),
            "{}",
            found.text()
        );
    }
}

#[test]
fn rfc3744_s9_5_what_can_be_searched_is_told() {
    let body = "<principal-search-property-set xmlns='DAV:'/>";
    let reply = send(&host(), "REPORT", "/dav/principals/", "0", body);
    assert_eq!(reply.status, 200);
    assert!(reply.text().contains("displayname"), "{}", reply.text());
}

#[test]
fn what_is_served_by_files_is_not_taken() {
    let host = host();
    for (method, path, status) in [
        ("GET", "/", 405),
        ("GET", "/dav/", 405),
        ("PUT", ALICE, 405),
    ] {
        assert_eq!(
            send(&host, method, path, "0", "").status,
            status,
            "{method} {path}"
        );
    }
}
