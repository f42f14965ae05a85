//! Every interface of `wit/`, called by a module that was granted all of them: each does what it
//! says, or says that this host does not have it; none traps.

use chapar_tests::support::{Client, Server};

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
    let socket = alice.send("POST", "/contract/socket", &[], b"");
    socket.expect_any(&[101, 501]);
    assert!(server.alive());
}
