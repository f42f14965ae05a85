//! Every interface of `wit/`, called by a module that was granted all of them: each does what it
//! says, or says that this host does not have it; none traps.

use chapar_tests::support::{Client, Server, wait_until};
use std::time::Duration;

fn server() -> Server {
    let granted = [
        "identity",
        "directory",
        "mailbox",
        "batch",
        "blob",
        "annotation",
        "index",
        "rights",
        "lock",
        "quota",
        "delivery",
        "submission",
        "watch",
        "timer",
        "endpoint",
        "config",
        "modules",
    ];
    let grants: Vec<String> = granted
        .iter()
        .map(|name| format!("contract:{name}"))
        .collect();
    Server::builder()
        .user("alice")
        .user("bob")
        .guest("contract")
        .option("module_grants", &grants.join(" "))
        .option("contract_word", "shown")
        .start()
}

#[track_caller]
fn said(client: &mut Client, path: &str) -> String {
    let path = format!("/contract/{path}");
    client
        .send("POST", &path, &[], b"a body that ends here")
        .expect(200)
        .text()
}

#[test]
fn every_interface_does_what_it_says() {
    let server = server();
    let mut alice = server.client("alice");
    let expected = [
        ("identity", "ok alice Password []"),
        ("directory", "ok alice among 2: true"),
        (
            "mailbox",
            "ok one,two firstsecond 2 changed, refused Some(1), three is there: false",
        ),
        ("quota", "ok 2 messages"),
        ("blob", "ok 21 bytes, 21 again, ending in here"),
        ("annotation", "ok colour,note,title"),
        ("index", "ok 1 1 1 0"),
        ("rights", "ok lr"),
        ("lock", "ok refused: true, held 1, then 0"),
        (
            "endpoint",
            "ok true Err(NotFound) Err(Exists) Err(Conflict), 1 then 0 topics, true, 0 left",
        ),
        ("config", "ok Some(\"shown\") None"),
        (
            "modules",
            "ok caldav,carddav,contract,freebusy,jmap,principals,rss,tzdist,webdav",
        ),
    ];
    for (path, expected) in expected {
        assert_eq!(said(&mut alice, path), expected, "{path}");
    }
}

#[test]
fn what_a_module_remembers_is_for_whom_it_was() {
    let server = server();
    let (mut alice, mut bob) = (server.client("alice"), server.client("bob"));
    assert_eq!(said(&mut alice, "memory"), "ok 1");
    assert_eq!(said(&mut alice, "memory"), "ok 2");
    assert_eq!(said(&mut bob, "memory"), "ok 1");
    assert_eq!(said(&mut alice, "memory"), "ok 3");
}

#[test]
fn who_is_asked_answers_in_an_instance_of_his_own() {
    let server = server();
    let mut alice = server.client("alice");
    // The right to ask is one on a mailbox: there is one then.
    alice
        .send("PROPFIND", "/dav/drive/user/alice/", &[("depth", "0")], b"")
        .expect(207);
    let said = said(&mut alice, "question");
    // The bytes of "always".
    let answer = "Received([97, 108, 119, 97, 121, 115])";
    assert!(
        said.starts_with("ok [Report") && said.contains(answer),
        "{said}"
    );
}

#[test]
fn what_this_host_does_not_have_it_says() {
    let server = server();
    let mut alice = server.client("alice");
    for path in ["delivery", "submission", "timer"] {
        let said = said(&mut alice, path);
        assert!(
            said.starts_with("ok ") || said == "unsupported",
            "{path}: {said}"
        );
    }
    assert!(server.alive());
}

/// Waits until what a principal's timers have left is this.
fn rung(server: &Server, user: &str, left: &str) {
    let mut client = server.client(user);
    let mut last = String::new();
    wait_until("timers go off", Duration::from_secs(30), || {
        last = said(&mut client, "rung");
        last == left
    });
}

#[test]
fn timers_go_off_for_whom_they_were_set_and_survive_a_stop() {
    let mut server = server();
    let (mut alice, mut bob) = (server.client("alice"), server.client("bob"));
    assert_eq!(said(&mut alice, "alarm?now=0"), "ok set");
    assert_eq!(said(&mut bob, "alarm?long_ago=-9000000"), "ok set");
    rung(&server, "alice", "ok rung-now: for alice, true; 0 left");
    rung(&server, "bob", "ok rung-long_ago: for bob, true; 0 left");
    // One that is due when nobody is there to fire it.
    assert_eq!(said(&mut alice, "alarm?stopped=1500"), "ok set");
    assert_eq!(said(&mut alice, "alarm?later=86400000"), "ok set");
    server.kill();
    server.start();
    let both = "ok rung-now: for alice, true, rung-stopped: for alice, true; 1 left";
    rung(&server, "alice", both);
    server.check();
}

#[test]
fn a_timer_that_its_module_fails_on_is_tried_again_later_and_harms_no_other() {
    let server = server();
    let mut alice = server.client("alice");
    assert_eq!(said(&mut alice, "alarm?fall=0"), "ok set");
    server.log_with("a timer did not go off yet");
    assert_eq!(said(&mut alice, "alarm?fine=0"), "ok set");
    rung(&server, "alice", "ok rung-fine: for alice, true; 1 left");
    // Not every second.
    let tries = server.log().matches("a timer did not go off yet").count();
    assert_eq!(tries, 1);
}
