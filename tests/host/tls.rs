//! TLS: RFC 9325. The clients are curl and openssl.

use chapar_tests::support::{PASSWORD, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const HOME: &str = "/dav/drive/user/alice/";

fn curl(server: &Server, arguments: &[&str]) -> Output {
    let port = server.tls.expect("a TLS listener").port();
    Command::new("curl")
        .args([
            "-sS",
            "--max-time",
            "30",
            "-X",
            "PROPFIND",
            "-H",
            "depth: 0",
        ])
        .args(["-o", "/dev/null", "-w", "%{http_version} %{response_code}"])
        .args(["-u", &format!("alice:{PASSWORD}"), "--cacert"])
        .arg(server.folder().join("certificate.pem"))
        .args(arguments)
        .arg(format!("https://localhost:{port}{HOME}"))
        .output()
        .expect("curl, which tests/run installs")
}

#[test]
fn http_2_and_http_1_1_are_negotiated() {
    let server = Server::builder().user("alice").tls().start();
    let said = |arguments: &[&str]| {
        let output = curl(&server, arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(said(&["--http2"]), "2 207");
    assert_eq!(said(&["--http1.1"]), "1.1 207");
    assert_eq!(said(&["--tlsv1.3"]), "2 207");
    assert_eq!(said(&["--tls-max", "1.2"]), "2 207");
}

#[test]
fn what_is_older_than_tls_1_2_is_refused() {
    let server = Server::builder().user("alice").tls().start();
    let address = server.tls.unwrap().to_string();
    for version in ["-tls1", "-tls1_1"] {
        let output = Command::new("openssl")
            .args(["s_client", version, "-cipher", "ALL:@SECLEVEL=0"])
            .args(["-connect", &address])
            .stdin(Stdio::null())
            .output()
            .expect("openssl, which tests/run installs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            !output.status.success() || said.contains("Cipher is (NONE)"),
            "{said}"
        );
    }
}

#[test]
fn what_is_not_tls_hurts_nobody() {
    let server = Server::builder().user("alice").tls().start();
    let greetings: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\xff\xff",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
        b"",
    ];
    let mut open = Vec::new();
    for greeting in greetings {
        let mut stream = TcpStream::connect(server.tls.unwrap()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        stream.write_all(greeting).unwrap();
        let mut answer = [0; 512];
        let read = stream.read(&mut answer).unwrap_or(0);
        assert!(!answer[..read].starts_with(b"HTTP/1.1 5"));
        open.push(stream);
    }
    let output = curl(&server, &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "2 207");
}
