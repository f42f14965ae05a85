//! No principal sees anything of another that was not shared; not even whether it is there.

use chapar_tests::support::{Response, Server, shared};

/// Header fields.
type Fields<'a> = &'a [(&'a str, &'a str)];

/// What is left of an answer when what names the path and the time is taken out.
fn shape(answer: Response, path: &str) -> (u16, Vec<(String, String)>, String) {
    let text = answer.text().replace(path, "PATH");
    let mut headers = answer.headers;
    headers.retain(|(name, _)| !["date", "content-length", "x-trace-id"].contains(&name.as_str()));
    headers
        .iter_mut()
        .for_each(|(_, value)| *value = value.replace(path, "PATH"));
    (answer.status, headers, text)
}

#[test]
fn what_is_there_and_what_is_not_look_the_same_to_a_stranger() {
    let mut alice = shared().client("alice");
    let mut bob = shared().client("bob");
    let there = "/dav/drive/user/alice/isolated";
    let gone = "/dav/drive/user/alice/missing";
    let nobody = "/dav/drive/user/nobody/missing";
    alice.send("PUT", there, &[], b"secret").expect(201);
    let requests: [(&str, Fields<'_>, &[u8]); 8] = [
        ("GET", &[], b""),
        ("HEAD", &[], b""),
        ("PROPFIND", &[("depth", "0")], b""),
        ("PUT", &[], b"mine"),
        ("DELETE", &[], b""),
        ("PROPPATCH", &[], b"<propertyupdate xmlns=\"DAV:\"><set><prop><displayname>x</displayname></prop></set></propertyupdate>"),
        ("COPY", &[("destination", "/dav/drive/user/bob/stolen")], b""),
        ("MOVE", &[("destination", "/dav/drive/user/bob/stolen")], b""),
    ];
    for (method, headers, body) in requests {
        let shapes: Vec<_> = [there, gone, nobody]
            .into_iter()
            .map(|path| shape(bob.send(method, path, headers, body), path))
            .collect();
        // For a PUT the parent is what is missing: RFC 4918 §9.7.1.
        assert!(
            matches!(shapes[0].0, 403 | 404) || (method == "PUT" && shapes[0].0 == 409),
            "{method}: {:?}",
            shapes[0]
        );
        assert!(
            shapes.iter().all(|shape| *shape == shapes[0]),
            "{method}: {shapes:#?}"
        );
    }
    bob.send("GET", "/dav/drive/user/bob/stolen", &[], b"")
        .expect(404);
    assert_eq!(
        alice.send("GET", there, &[], b"").expect(200).body,
        b"secret"
    );
}

#[test]
fn nothing_can_be_put_into_a_stranger_s_drive() {
    let mut bob = shared().client("bob");
    bob.send("PUT", "/dav/drive/user/bob/gift", &[], b"1")
        .expect_any(&[201, 204]);
    let target = "/dav/drive/user/alice/gift";
    for method in ["COPY", "MOVE"] {
        let answer = bob.send(
            method,
            "/dav/drive/user/bob/gift",
            &[("destination", target)],
            b"",
        );
        assert!(
            matches!(answer.status, 403 | 404 | 409),
            "{method}: {}",
            answer.status
        );
    }
    shared()
        .client("alice")
        .send("GET", target, &[], b"")
        .expect(404);
}

#[test]
fn many_users_at_once_each_see_their_own() {
    let names = ["alice", "bob", "carol"];
    std::thread::scope(|scope| {
        for name in names {
            scope.spawn(move || {
                let mut client = shared().client(name);
                let path = format!("/dav/drive/user/{name}/whose");
                client
                    .send("PUT", &path, &[], name.as_bytes())
                    .expect_any(&[201, 204]);
                for _ in 0..200 {
                    let body = client.send("GET", &path, &[], b"").expect(200).body;
                    assert_eq!(body, name.as_bytes());
                }
            });
        }
    });
}

/// An instance may stay warm for its principal, and serves no other ever.
#[test]
fn an_instance_never_serves_two_principals() {
    let server = Server::builder()
        .user("alice")
        .user("bob")
        .guest("misbehave")
        .start();
    let count = |user: &str| {
        let answer = server
            .client(user)
            .send("GET", "/misbehave/counter", &[], b"")
            .expect(200);
        let text = answer.text();
        let (count, seen) = text.split_once(' ').unwrap();
        assert!(seen.split(',').all(|name| name == user), "{user}: {text}");
        count.parse::<u32>().unwrap()
    };
    for user in ["alice", "bob"].repeat(20) {
        assert!(count(user) <= 20);
    }
}
