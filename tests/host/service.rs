//! Under a service manager: what it is told, and the sockets that it hands over.

use chapar_tests::support::{Server, binary};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WAIT: Duration = Duration::from_secs(60);

/// Waits for a message that says this; returns it.
fn hear(manager: &UnixDatagram, word: &str) -> String {
    let began = Instant::now();
    let mut buffer = [0; 4096];
    while began.elapsed() < WAIT {
        let count = manager.recv(&mut buffer).expect("a message");
        let message = String::from_utf8_lossy(&buffer[..count]).into_owned();
        if message.lines().any(|line| line == word) {
            return message;
        }
    }
    panic!("no {word} in {WAIT:?}");
}

#[test]
fn a_service_manager_hears_of_start_reload_and_stop() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("notify");
    let manager = UnixDatagram::bind(&place).unwrap();
    manager.set_read_timeout(Some(WAIT)).unwrap();
    let server = Server::builder()
        .environment("NOTIFY_SOCKET", place.to_str().unwrap())
        .environment("WATCHDOG_USEC", "200000")
        .start();
    let ready = hear(&manager, "READY=1");
    assert!(ready.contains("STATUS="), "{ready}");
    hear(&manager, "WATCHDOG=1");
    hear(&manager, "WATCHDOG=1");
    server.signal("-HUP");
    let reloading = hear(&manager, "RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    hear(&manager, "READY=1");
    server.signal("-TERM");
    hear(&manager, "STOPPING=1");
}

#[test]
fn a_socket_that_is_handed_over_is_served() {
    let server = Server::builder().option("listen", "none").prepare();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // The shell moves its standard input to where handed-over sockets begin.
    let mut child = Command::new("sh")
        .args(["-c", "exec 3<&0 0</dev/null; exec \"$0\" serve -C \"$1\""])
        .arg(binary())
        .arg(server.config())
        .env("LISTEN_FDS", "1")
        .env("LISTEN_FDNAMES", "http")
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Nobody accepts yet, but the kernel takes the connection: no request is lost at the start.
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(WAIT)).unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        read.is_ok() && answer.starts_with("HTTP/1.1 200"),
        "{answer}"
    );
}
