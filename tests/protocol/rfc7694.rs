//! Accept-Encoding in answers: <https://www.rfc-editor.org/rfc/rfc7694>.

use super::alice;

const TEXT: (&str, &str) = ("content-type", "text/plain");

#[test]
fn s3_an_unreadable_coding_is_refused_with_those_that_can_be_read() {
    let (mut client, path) = alice("rfc7694_s3_refused");
    let fields = [TEXT, ("content-encoding", "compress")];
    let answer = client.send("PUT", &format!("{path}a"), &fields, b"x");
    assert_eq!(
        answer.expect(415).header("accept-encoding"),
        Some("gzip, deflate")
    );
}

#[test]
fn s3_success_tells_of_codings_where_one_would_have_been_worthwhile() {
    let (mut client, path) = alice("rfc7694_s3_success");
    let long = vec![b'x'; 10_000];
    let mut told = |name: &str, fields: &[(&str, &str)], body: &[u8]| {
        let answer = client.send("PUT", &format!("{path}{name}"), fields, body);
        assert_eq!(answer.status, 201);
        answer.header("accept-encoding").map(str::to_owned)
    };
    assert_eq!(
        told("long", &[TEXT], &long).as_deref(),
        Some("gzip, deflate")
    );
    assert_eq!(told("short", &[TEXT], b"x"), None);
    let image = ("content-type", "image/jpeg");
    assert_eq!(told("image", &[image], &long), None);
}
