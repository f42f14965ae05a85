//! Quota properties: <https://www.rfc-editor.org/rfc/rfc4331>.

use super::properties;
use chapar_tests::support::{Server, parse};

#[test]
fn s3_used_bytes_grow_and_s6_a_full_quota_answers_507() {
    let server = Server::builder()
        .user("alice")
        .option("autocreate_quota", "100")
        .start();
    let mut client = server.client("alice");
    let home = "/dav/drive/user/alice/";
    let asked = "<D:quota-used-bytes/><D:quota-available-bytes/>";
    let before = properties(&mut client, home, asked);
    let number = |text: &str| text.parse::<u64>().unwrap();
    client
        .send("PUT", &format!("{home}a"), &[], &[b'x'; 50_000])
        .expect(201);
    let after = properties(&mut client, home, asked);
    let used = number(after.text("quota-used-bytes")) - number(before.text("quota-used-bytes"));
    assert!((50_000..60_000).contains(&used), "{used}");
    let available = number(after.text("quota-available-bytes"));
    assert!(available < 100 * 1024 - 50_000, "{available}");
    let answer = client
        .send("PUT", &format!("{home}b"), &[], &[b'x'; 90_000])
        .expect(507);
    assert!(
        parse(&answer.body).has("quota-not-exceeded"),
        "{}",
        answer.text()
    );
    client
        .send("GET", &format!("{home}b"), &[], b"")
        .expect(404);
    client
        .send("DELETE", &format!("{home}a"), &[], b"")
        .expect(204);
    client
        .send("PUT", &format!("{home}b"), &[], &[b'x'; 90_000])
        .expect(201);
}
