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

/// RFC 8621 §8, RFC 3834: a module answers for somebody who is away, in an instance that acts for him.
#[test]
fn mail_that_comes_is_answered_while_somebody_is_away() {
    let (smtp, lmtp) = (open_port(), open_port());
    let smtp = SocketAddr::from(([127, 0, 0, 1], smtp));
    let lmtp = SocketAddr::from(([127, 0, 0, 1], lmtp));
    let mut server = Server::builder()
        .user("alice")
        .option("domains", "a.test")
        .option("lmtp_listen", &lmtp.to_string())
        .option("smtp_backend", "host")
        .option("smtp_host", &smtp.to_string())
        .option("smtp_tls", "none")
        .start();
    let taken = mail_server(smtp);
    let away = |server: &Server, is: bool| {
        let body = format!(
            r#"{{ "using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:vacationresponse"],
               "methodCalls": [["VacationResponse/set", {{ "accountId": "alice", "update":
               {{ "singleton": {{ "isEnabled": {is}, "textBody": "Away." }} }} }}, "0"]] }}"#
        );
        let json = [("content-type", "application/json")];
        let mut alice = server.client("alice");
        let answer = alice.send("POST", "/jmap/", &json, body.as_bytes());
        let text = answer.expect(200).text();
        assert!(text.contains(r#""updated":{"singleton":null}"#), "{text}");
    };
    let deliver = |from: &str, subject: &str| {
        let text = format!(
            "LHLO test\r\nMAIL FROM:<{from}>\r\nRCPT TO:<alice@a.test>\r\nDATA\r\n\
             From: <{from}>\r\nTo: <alice@a.test>\r\nSubject: {subject}\r\n\r\nhello\r\n.\r\nQUIT\r\n"
        );
        let mut stream = TcpStream::connect(lmtp).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let said = std::io::read_to_string(stream).unwrap();
        assert!(said.contains("250 2.1.5 delivered"), "{said}");
    };
    away(&server, true);
    deliver("good@x.test", "one");
    let reply = taken.recv_timeout(SAID).expect("a reply");
    assert!(
        reply.starts_with("MAIL FROM:<>") && reply.contains("RCPT TO:<good@x.test>"),
        "{reply}"
    );
    assert!(reply.contains("Subject: Auto: one\n"), "{reply}");
    assert!(
        reply.contains("Auto-Submitted: auto-replied (vacation)\n"),
        "{reply}"
    );
    assert!(reply.contains("\nAway.\n"), "{reply}");
    // What has come is answered after a kill, too, and nobody is answered twice.
    deliver("good@x.test", "two");
    deliver("other@x.test", "three");
    server.kill();
    server.check();
    server.start();
    let reply = taken.recv_timeout(SAID).expect("a reply");
    assert!(reply.contains("RCPT TO:<other@x.test>"), "{reply}");
    away(&server, false);
    deliver("third@x.test", "four");
    away(&server, true);
    deliver("fourth@x.test", "five");
    let reply = taken.recv_timeout(SAID).expect("a reply");
    assert!(reply.contains("RCPT TO:<fourth@x.test>"), "{reply}");
    server.check();
}
