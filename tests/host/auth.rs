//! Signing in: RFC 7617, RFC 7804; and what the answers give away.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chapar_tests::support::{Client, PASSWORD, Server, shared};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

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
    let answers: Vec<_> = [
        ("alice", "wrong"),
        ("nobody", "wrong"),
        ("", ""),
        ("ALICE\u{0}", "x"),
    ]
    .into_iter()
    .map(|(name, password)| {
        let mut client = Client::user(shared().address, name, password);
        let mut answer = client.send("PROPFIND", HOME, &DEPTH, b"").expect(401);
        answer
            .headers
            .retain(|(name, _)| name != "date" && name != "www-authenticate");
        (answer.headers, answer.body)
    })
    .collect();
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
}

#[test]
fn credentials_do_not_reach_the_log() {
    let server = Server::builder().user("alice").start();
    server
        .client("alice")
        .send("PROPFIND", HOME, &DEPTH, b"")
        .expect(207);
    Client::user(server.address, "alice", "a wrong secret").send("PROPFIND", HOME, &DEPTH, b"");
    let log = server.log();
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

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn parameter(text: &str, name: &str) -> String {
    let found = text
        .split([',', ' '])
        .find_map(|part| part.strip_prefix(&format!("{name}=")));
    found
        .unwrap_or_else(|| panic!("no {name} in {text}"))
        .trim_matches('"')
        .to_owned()
}

/// RFC 7804 §5, RFC 5802 §3.
#[test]
fn scram_signs_in_and_proves_the_server() {
    let mut client = shared().anonymous();
    let challenges = client.send("PROPFIND", HOME, &DEPTH, b"").expect(401);
    let challenges = challenges.headers("www-authenticate").join(", ");
    assert!(challenges.contains("SCRAM-SHA-256"), "{challenges}");

    let bare = "n=alice,r=fyko+d2lbbFgONRv9qkxdawL";
    let first = format!(
        "SCRAM-SHA-256 realm=\"x\",data={}",
        STANDARD.encode(format!("n,,{bare}"))
    );
    let mut send = |authorization: &str| {
        let headers = [("depth", "0"), ("authorization", authorization)];
        client.send("PROPFIND", HOME, &headers, b"")
    };
    let answer = send(&first).expect(401);
    let challenge = answer
        .headers("www-authenticate")
        .into_iter()
        .find(|c| c.starts_with("SCRAM-SHA-256") && c.contains("data="))
        .expect("a SCRAM challenge")
        .to_owned();
    let sid = parameter(&challenge, "sid");
    let server_first = STANDARD.decode(parameter(&challenge, "data")).unwrap();
    let server_first = String::from_utf8(server_first).unwrap();
    let (nonce, salt) = (parameter(&server_first, "r"), parameter(&server_first, "s"));
    let iterations: u32 = parameter(&server_first, "i").parse().unwrap();
    assert!(iterations >= 4096);

    let mut salted = [0; 32];
    let salt = STANDARD.decode(salt).unwrap();
    pbkdf2::pbkdf2_hmac::<Sha256>(PASSWORD.as_bytes(), &salt, iterations, &mut salted);
    let last = format!("c=biws,r={nonce}");
    let message = format!("{bare},{server_first},{last}");
    let key = mac(&salted, b"Client Key");
    let signature = mac(&Sha256::digest(&key), message.as_bytes());
    let proof: Vec<u8> = key.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
    let last = format!("{last},p={}", STANDARD.encode(proof));
    let answer = send(&format!(
        "SCRAM-SHA-256 sid={sid},data={}",
        STANDARD.encode(last)
    ));
    let answer = answer.expect(207);
    let info = answer
        .header("authentication-info")
        .expect("the server's proof");
    let proof = STANDARD.decode(parameter(info, "data")).unwrap();
    let expected = mac(&mac(&salted, b"Server Key"), message.as_bytes());
    assert_eq!(
        String::from_utf8(proof).unwrap(),
        format!("v={}", STANDARD.encode(expected))
    );
}
