//! Serves the engine over the store in memory on a loopback port, one request at a time: for
//! outside judges such as litmus. `cargo run -p chapar-dav --example serve -- 8008`, then
//! `litmus -k http://127.0.0.1:8008/dav/ alice alice`. Any password will do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use dav::request::ResponseBody;
use dav::store::memory::Memory;
use dav::{CollectionKind, Profile};

static PROFILE: Profile = Profile {
    kinds: &[CollectionKind {
        name: "files",
        creatable: true,
        holds_collections: true,
        holds_members: true,
        syncs: true,
        ..CollectionKind::PLAIN
    }],
    default_kind: Some("files"),
    ..Profile::PLAIN
};

fn main() -> std::io::Result<()> {
    let port = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or(8008);
    let memory = Memory::new("files", "alice");
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://127.0.0.1:{port}/dav/");
    for stream in listener.incoming() {
        if let Err(error) = serve(&memory, stream?) {
            eprintln!("{error}");
        }
    }
    Ok(())
}

fn serve(memory: &Memory, stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let mut line = String::new();
    if reader.read_line(&mut line)? > 0 {
        let mut words = line.split_whitespace();
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
        let path = target.split('#').next().unwrap_or(target);
        let headers = read_headers(&mut reader)?;
        let find = |name: &str| {
            headers
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        };
        if find("expect").is_some() {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body = if find("transfer-encoding").is_some() {
            read_chunks(&mut reader)?
        } else {
            let len = find("content-length")
                .and_then(|len| len.parse().ok())
                .unwrap_or(0);
            let mut body = vec![0; len];
            reader.read_exact(&mut body)?;
            body
        };
        let borrowed: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let response = memory.handle(&PROFILE, method, path, &borrowed, &body);
        let bytes = memory.body_of(&response.body);
        let mut head = format!(
            "HTTP/1.1 {} {}\r\n",
            response.status.0,
            response.status.reason()
        );
        for (name, value) in &response.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let bare = response.status.0 == 204 && response.body == ResponseBody::Empty;
        if !bare {
            head.push_str(&format!("Content-Length: {}\r\n", bytes.len()));
        }
        // The store cannot be shared between threads: the next connection must get its turn.
        head.push_str("Connection: close\r\n\r\n");
        writer.write_all(head.as_bytes())?;
        if method != "HEAD" {
            writer.write_all(&bytes)?;
        }
    }
    Ok(())
}

fn read_headers(reader: &mut impl BufRead) -> std::io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => return Ok(headers),
        }
    }
}

fn read_chunks(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let len = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        let mut chunk = vec![0; len + 2];
        reader.read_exact(&mut chunk)?;
        if len == 0 {
            return Ok(body);
        }
        chunk.truncate(len);
        body.extend(chunk);
    }
}
