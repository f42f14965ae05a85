//! Tenants: which one answers, by Host and by the domain of whoever signs in.

use crate::support::{Running, add_user, basic, put, start_in};
use chapar::tenant;
use std::time::Instant;
use tempfile::TempDir;

/// A folder with the files of tenants, each with a page of its own.
fn folder(tenants: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("www/page"), "main");
    for (name, options) in tenants {
        let place = folder.path().display();
        let text = format!("{options}\nhttpdocroot: {place}/{name}\n");
        put(
            &folder.path().join(format!("state/tenants.d/{name}.conf")),
            text,
        );
        put(&folder.path().join(name).join("page"), name);
    }
    folder
}

const MAIN: &str = "httpdocroot: {folder}/www\nallowplaintext: on\nfailedloginpause: 0\n";

/// The page of whichever tenant answers.
fn page(server: &Running, host: &str, fields: &[(&str, &str)]) -> String {
    server.ask_at(host, "GET", "/page", fields).body
}

#[test]
fn a_host_is_the_tenants_that_claims_it() {
    let tenants = [
        ("a", "domains: a.test cal.A.test"),
        ("b.test", "servername: B"),
    ];
    let server = start_in(folder(&tenants), MAIN);
    for host in ["a.test", "A.TEST:8080", "cal.a.test", "a.test."] {
        assert_eq!(page(&server, host, &[]), "a", "{host}");
    }
    // A tenant without domains has its name.
    assert_eq!(page(&server, "b.test", &[]), "b.test");
    for host in ["x.test", "x.a.test", "a", "127.0.0.1", "[::1]:80"] {
        assert_eq!(page(&server, host, &[]), "main", "{host}");
    }
}

#[test]
fn where_the_host_is_nobodys_the_users_domain_decides() {
    let tenants = [("a", "domains: a.test"), ("b", "domains: b.test")];
    let server = start_in(folder(&tenants), MAIN);
    add_user(&server, "a", "alice", "of a");
    add_user(&server, "b", "alice", "of b");
    add_user(&server, tenant::DEFAULT, "alice", "of main");
    let at = |host: &str, user: &str, password: &str| {
        page(&server, host, &[("Authorization", &basic(user, password))])
    };
    assert_eq!(at("x.test", "alice@a.test", "of a"), "a");
    assert_eq!(at("x.test", "Alice@B.test", "of b"), "b");
    assert_eq!(at("x.test", "alice", "of main"), "main");
    // Nobody becomes another tenant's without the right password, not with that of a namesake.
    for password in ["of b", "of main", "wrong"] {
        assert_eq!(at("x.test", "alice@a.test", password), "main");
    }
    // A Host that is someone's decides alone.
    assert_eq!(at("a.test", "alice@b.test", "of b"), "a");
}

#[test]
fn the_same_name_and_password_in_two_tenants_are_two_users() {
    // Passwords are remembered for a while: what is remembered of one must not open the other.
    let server = start_in(
        folder(&[("a", "domains: a.test"), ("b", "domains: b.test")]),
        MAIN,
    );
    add_user(&server, "a", "alice", "same");
    let at = |user: &str| {
        let fields = [("Authorization", &*basic(user, "same"))];
        page(&server, "x.test", &fields)
    };
    for _ in 0..3 {
        assert_eq!(at("alice@a.test"), "a");
        assert_eq!(at("alice@b.test"), "main");
        assert_eq!(at("alice"), "main");
    }
}

#[test]
fn a_stranger_sees_no_difference_between_tenants_and_none() {
    let server = start_in(folder(&[("a", "domains: a.test")]), MAIN);
    add_user(&server, "a", "alice", "secret");
    let ask = |user: &str| {
        let began = Instant::now();
        let answer = server.ask_at(
            "x.test",
            "GET",
            "/page",
            &[("Authorization", &basic(user, "guess"))],
        );
        // Answers come on a beat: what is compared is which one.
        (
            answer.status,
            answer.body,
            began.elapsed().as_millis() / 100,
        )
    };
    let strangers = ask("alice@nobody.test");
    for user in ["alice@a.test", "bob@a.test"] {
        let (status, body, beat) = ask(user);
        assert_eq!((status, &body), (strangers.0, &strangers.1), "{user}");
        assert!(
            beat.abs_diff(strangers.2) <= 3,
            "{user}: {beat} and {}",
            strangers.2
        );
    }
}

#[test]
fn a_tenant_that_can_not_be_served_is_no_trouble_for_others() {
    let tenants = [
        ("a", "domains: a.test"),
        ("b", "domains: b.test\nlisten: *:1"),
        ("c", "domains: c.test a.test"),
        ("d", "domains: d.test\ntenant_store: /dev/null/d"),
    ];
    let server = start_in(folder(&tenants), MAIN);
    assert_eq!(page(&server, "a.test", &[]), "a");
    // Its file is wrong, or wants what another has.
    assert_eq!(page(&server, "b.test", &[]), "main");
    assert_eq!(page(&server, "c.test", &[]), "main");
    // Its store can't be opened: nobody else answers in its place.
    let answer = server.ask_at("d.test", "GET", "/page", &[]);
    assert_eq!(answer.status, 503);
    assert!(answer.field("retry-after").is_some());
    assert_eq!(page(&server, "x.test", &[]), "main");
}
