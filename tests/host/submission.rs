//! Mail goes out by SMTP: what a module has queued reaches a server, survives a kill while there is
//! none, and comes back if it is refused.

use chapar_tests::support::{Server, open_port, wait_until};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const SAID: Duration = Duration::from_secs(30);

/// A mail server of the tests: passes on what it takes, and refuses who is called `bad`.
fn mail_server(address: SocketAddr) -> Receiver<String> {
    let listener = TcpListener::bind(address).unwrap();
    let (sender, taken) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || converse(stream, &sender));
        }
    });
    taken
}

fn converse(mut stream: TcpStream, taken: &Sender<String>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let mut said = String::new();
    stream.write_all(b"220 x.test ESMTP\r\n").ok()?;
    loop {
        let line = lines.next()?.ok()?;
        let answer: &[u8] = match line.to_ascii_uppercase().as_str() {
            command if command.starts_with("EHLO") => b"250-x.test\r\n250 8BITMIME\r\n",
            command if command.starts_with("MAIL") => {
                said = format!("{line}\n");
                b"250 2.1.0 ok\r\n"
            }
            command if command.contains("BAD@") => b"550 5.1.1 no such user\r\n",
            command if command.starts_with("RCPT") => {
                said.push_str(&format!("{line}\n"));
                b"250 2.1.5 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").ok()?;
                loop {
                    let line = lines.next()?.ok()?;
                    if line == "." {
                        break;
                    }
                    said.push_str(&format!("{line}\n"));
                }
                taken.send(said.clone()).ok()?;
                b"250 2.0.0 ok\r\n"
            }
            "QUIT" => b"221 2.0.0 bye\r\n",
            _ => b"250 2.0.0 ok\r\n",
        };
        stream.write_all(answer).ok()?;
    }
}

#[test]
fn what_is_queued_is_sent_or_comes_back() {
    let address = SocketAddr::from(([127, 0, 0, 1], open_port()));
    let mut server = Server::builder()
        .user("alice")
        .guest("contract")
        .option("module_grants", "contract:*")
        .option("domains", "a.test")
        .option("smtp_backend", "host")
        .option("smtp_host", &address.to_string())
        .option("smtp_tls", "none")
        .start();
    let send = |server: &Server| {
        let mut alice = server.client("alice");
        let answer = alice.send("POST", "/contract/send", &[], b"").expect(200);
        // Nobody sends in another's name.
        let text = answer.text();
        assert!(text.starts_with("ok Err(Forbidden"), "{text}");
    };
    // There is no server yet.
    send(&server);
    server.log_with("mail not sent yet");
    server.kill();
    server.check();
    let taken = mail_server(address);
    server.start();
    send(&server);
    let message = taken.recv_timeout(SAID).expect("a message");
    let lines: Vec<&str> = message.lines().collect();
    assert!(
        lines[0].starts_with("MAIL FROM:<alice@a.test>"),
        "{message}"
    );
    assert_eq!(
        lines[1..],
        ["RCPT TO:<good@x.test>", "Subject: hello", "", "..hello"]
    );
    let mut alice = server.client("alice");
    wait_until("a report comes back, and is indexed", SAID, || {
        let answer = alice.send("POST", "/contract/mail", &[], b"");
        answer.text() == "ok 1 of 1"
    });
    server.check();
}
