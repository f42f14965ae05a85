//! What is too much is refused with the status that says so.

use chapar_tests::support::{PASSWORD, Server, basic, shared, wait_until};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const HOME: &str = "/dav/drive/user/alice/";

#[test]
fn a_body_beyond_maxmessagesize_gets_413_by_length_and_by_chunks() {
    let server = Server::builder()
        .user("alice")
        .option("maxmessagesize", "65536")
        .start();
    let mut client = server.client("alice");
    let path = format!("{HOME}a");
    client
        .send("PUT", &path, &[], &vec![b'x'; 65_536])
        .expect(201);
    client
        .send("PUT", &path, &[], &vec![b'x'; 65_537])
        .expect(413);
    let piece = vec![b'x'; 50_000];
    client
        .send_chunked("PUT", &path, &[], &[&piece, &piece])
        .expect(413);
    assert_eq!(
        client.send("GET", &path, &[], b"").expect(200).body.len(),
        65_536
    );
}

#[test]
fn headers_beyond_their_bound_get_431() {
    let mut client = shared().client("alice");
    let value = "v".repeat(500_000);
    let answer = client.try_send("GET", HOME, &[("x-long", &value)], b"");
    // A server may also end the connection while the client still sends.
    assert!(answer.is_err() || matches!(answer.unwrap().status, 400 | 413 | 431));
}

#[test]
fn a_client_that_breaks_off_its_upload_leaves_nothing() {
    let mut client = shared().client("alice");
    let path = format!("{HOME}broken-off");
    let mut stream = TcpStream::connect(shared().address).unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-length: 1000000\r\n\r\n",
        basic("alice", PASSWORD)
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&[b'x'; 400_000]).unwrap();
    drop(stream);
    client.send("GET", &path, &[], b"").expect(404);
}

#[test]
fn a_client_that_reads_slowly_holds_up_nobody_and_little_memory() {
    let server = Server::builder().user("alice").start();
    let mut client = server.client("alice");
    let path = format!("{HOME}big");
    client
        .send("PUT", &path, &[], &vec![b'x'; 20_000_000])
        .expect(201);
    let before = resident(server.pid());
    let slow: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\n\r\n",
                basic("alice", PASSWORD)
            );
            stream.write_all(request.as_bytes()).unwrap();
            stream.read_exact(&mut [0; 1024]).unwrap();
            stream
        })
        .collect();
    client
        .send("PROPFIND", HOME, &[("depth", "0")], b"")
        .expect(207);
    let grown = resident(server.pid()).saturating_sub(before);
    assert!(grown < 100 << 20, "{} MB for 20 slow readers", grown >> 20);
    drop(slow);
}

#[test]
fn a_server_that_is_asked_to_end_finishes_what_it_answers() {
    let mut server = Server::builder().user("alice").start();
    let mut client = server.client("alice");
    client
        .send("PUT", &format!("{HOME}a"), &[], b"1")
        .expect(201);
    server.signal("-TERM");
    wait_until("the server ends", Duration::from_secs(20), || {
        !server.alive()
    });
    server.kill();
    server.check();
    server.start();
    assert_eq!(
        server
            .client("alice")
            .send("GET", &format!("{HOME}a"), &[], b"")
            .body,
        b"1"
    );
}

/// Bytes of memory that a process holds.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

/// Frames of HTTP/2, written by hand. RFC 9113 §4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// How much memory a process has, in bytes.
fn memory(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<usize>().unwrap() << 10
}

#[test]
fn answers_that_their_client_does_not_take_have_little_memory() {
    const STREAMS: u32 = 100;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("big"), vec![0; 8 << 20]).unwrap();
    let server = Server::builder()
        .option("httpdocroot", &folder.path().display().to_string())
        .start();
    let mut client = server.anonymous();
    let all = client.send("GET", "/big", &[], b"").expect(200).body.len();
    assert_eq!(all, 8 << 20);
    let before = memory(server.pid());
    // Windows of one byte each: of every answer one piece is read, and waits.
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(4, 0, 0, &[0, 4, 0, 0, 0, 1]));
    for number in 0..STREAMS {
        // RFC 7541: GET http://test/big.
        let block = [&[0x82, 0x86, 0x04, 4], &b"/big"[..], &[0x01, 4], b"test"].concat();
        sent.extend(frame(1, 0x05, 2 * number + 1, &block));
    }
    stream.write_all(&sent).unwrap();
    let mut begun = 0;
    while begun < STREAMS {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let len = usize::from(head[1]) << 8 | usize::from(head[2]);
        stream.read_exact(&mut vec![0; len]).unwrap();
        if head[3] == 0 && len > 0 {
            begun += 1;
        }
    }
    let taken = memory(server.pid()).saturating_sub(before);
    assert!(taken < 16 << 20, "{taken} bytes");
}
