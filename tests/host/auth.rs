//! Signing in: RFC 7617; and what the answers give away.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chapar_tests::support::{Client, PASSWORD, Server, shared};

const HOME: &str = "/dav/drive/user/alice/";
const DEPTH: [(&str, &str); 1] = [("depth", "0")];

#[test]
fn whoever_does_not_sign_in_is_challenged() {
    let mut client = shared().anonymous();
    let answer = client.send("PROPFIND", HOME, &DEPTH, b"").expect(401);
    let challenges = answer.headers("www-authenticate");
    let basic = challenges
        .iter()
        .find(|c| c.starts_with("Basic "))
        .expect("a Basic challenge");
    assert!(basic.contains("realm="), "{basic}");
    client
        .send("OPTIONS", HOME, &[], b"")
        .expect_any(&[200, 204]);
}

#[test]
fn a_password_signs_in_whatever_signs_it_has() {
    shared()
        .client("alice")
        .send("PROPFIND", HOME, &DEPTH, b"")
        .expect(207);
}

#[test]
fn an_unknown_name_and_a_wrong_password_get_the_same_answer() {
    // Not the shared one: wrong passwords slow an address down.
    let server = Server::builder().user("alice").start();
    let answers: Vec<_> = [("alice", "wrong"), ("nobody", "wrong"), ("", "")]
        .into_iter()
        .map(|(name, password)| {
            let mut client = Client::user(server.address, name, password);
            let mut answer = client.send("PROPFIND", HOME, &DEPTH, b"").expect(401);
            answer.headers.retain(|(name, _)| {
                !["date", "www-authenticate", "x-trace-id"].contains(&name.as_str())
            });
            (answer.headers, answer.body)
        })
        .collect();
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
}

#[test]
fn who_was_removed_leaves_nothing_for_the_next_of_that_name() {
    let server = Server::builder().user("alice").user("dina").start();
    // Her sign-in holds for a moment longer than she is there.
    let mut dina = server.client("dina");
    dina.send("PROPFIND", "/dav/drive/user/dina/", &DEPTH, b"")
        .expect(207);
    let removed = server.run(&["user", "remove", "dina", "--yes"], "");
    assert!(removed.status.success(), "{removed:?}");
    for module in ["calendars", "addressbooks", "drive"] {
        let home = format!("/dav/{module}/user/dina/");
        dina.send("PROPFIND", &home, &DEPTH, b"")
            .expect_any(&[401, 404]);
        dina.send("PUT", &format!("{home}left"), &[], b"x")
            .expect_any(&[401, 403, 404, 409]);
    }
    server.add_user("dina");
    let mut next = server.client("dina");
    next.send("GET", "/dav/drive/user/dina/left", &[], b"")
        .expect(404);
    server.check();
}

#[test]
fn credentials_do_not_reach_the_log() {
    let server = Server::builder().user("alice").start();
    server
        .client("alice")
        .send("PROPFIND", HOME, &DEPTH, b"")
        .expect(207);
    Client::user(server.address, "alice", "a wrong secret").send("PROPFIND", HOME, &DEPTH, b"");
    let log = server.log_with("status=401");
    let encoded = STANDARD.encode(format!("alice:{PASSWORD}"));
    for secret in [PASSWORD, "a wrong secret", &encoded] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn passwords_do_not_go_over_plain_connections_unless_allowed() {
    let server = Server::builder()
        .user("alice")
        .option("allowplaintext", "no")
        .tls()
        .start();
    let answer = server.client("alice").send("PROPFIND", HOME, &DEPTH, b"");
    assert!(matches!(answer.status, 401 | 403), "{}", answer.status);
    let challenges = answer.headers("www-authenticate");
    assert!(
        !challenges.iter().any(|c| c.starts_with("Basic")),
        "{challenges:?}"
    );
}
