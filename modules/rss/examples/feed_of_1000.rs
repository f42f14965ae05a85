//! How long feeds take of a mailbox of 1,000 messages, and what of it is for reading them:
//! `cargo run --release -p rss --example feed_of_1000`.

#![allow(clippy::unwrap_used)]

use mail::keys::keys;
use mail::{Body, Limits, Message, preview};
use module::native::Host;
use module::{Batch, Condition, Content, Mailbox, Put};
use rss::Rss;
use std::time::{Duration, Instant};

/// A message as people send them: text and HTML, and a file with every tenth.
fn message(number: usize) -> (String, String) {
    let text = format!("This is line {number} of a message that somebody has written.\r\n");
    let text = text.repeat(20);
    let html = text
        .replace("\r\n", "<br>\r\n")
        .replace("line", "<b>line</b>");
    let file = match number % 10 {
        0 => format!(
            "--m\r\nContent-Type: audio/mpeg; name=\"{number}.mp3\"\r\n\
             Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
            format!("{}\r\n", "QUFB".repeat(19)).repeat(300)
        ),
        _ => String::new(),
    };
    let received =
        "Received: from mx.example.org (mx.example.org [192.0.2.1]) by mail.example.com \
                    with ESMTPS id 4XyZ1; Tue, 1 Jul 2003 10:52:40 +0000\r\n"
            .repeat(4);
    let header = format!(
        "{received}From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\nTo: Alice <alice@example.com>\r\n\
         Subject: Re: Number {number}\r\nDate: Tue, 1 Jul 2003 10:52:37 +0200\r\n\
         Message-ID: <{number}@example.org>\r\nReferences: <0@example.org> <1@example.org>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
    );
    let body = format!(
        "--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
         --a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\
         --a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}--a--\r\n{file}--m--\r\n"
    );
    (header, body)
}

fn main() {
    let host = Host::new();
    host.user("alice").act_as("alice");
    let path = ["user", "alice", "INBOX"].map(str::to_owned);
    let batch = Batch::new();
    batch.create_mailbox(&path, "email", None);
    batch.commit().unwrap();
    let inbox = Mailbox::open(&path).unwrap();
    for number in 0..1000 {
        let (header, body) = message(number);
        let batch = Batch::new();
        batch.put(
            &inbox,
            Put {
                name: None,
                condition: Condition::None,
                header: header.into_bytes(),
                content: Content::Bytes(body.into_bytes()),
                content_type: "multipart/mixed".to_owned(),
                flags: Vec::new(),
                keys: Vec::new(),
                keys_version: 0,
            },
        );
        batch.commit().unwrap();
    }
    for items in ["20", "50", "1000"] {
        host.option("rss_maxitems", items);
        for format in ["atom", "rss"] {
            let target = format!("/rss/user/alice/INBOX?format={format}");
            let mut len = 0;
            let took = best(|| len = host.request("GET", &target).send::<Rss>().body.len());
            println!("{format} of {items}: {took:?}, {len} bytes");
        }
    }
    let (header, body) = message(1);
    let bytes = (header + &body).into_bytes();
    let limits = Limits::default();
    let took = best(|| drop(Message::parse(&bytes, &limits)));
    println!(
        "a message of {} bytes is taken apart in {took:?}",
        bytes.len()
    );
    let took = best(|| {
        let message = Message::parse(&bytes, &limits);
        drop(preview(&message, &Body::of(&message)));
    });
    println!("and previewed in {took:?}");
    let took = best(|| drop(keys(&bytes, 0)));
    println!("its keys take {took:?}");
}

fn best(mut call: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        call();
        start.elapsed()
    };
    (0..200).map(time).min().unwrap()
}
