//! A module that does what its path says: `/probe/counter`, `/probe/spin`, … What it says of itself
//! depends on two marks that tests overwrite in the compiled file.

#[allow(missing_docs)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit",
        world: "everything",
        generate_all,
    });
}

use bindings::chapar::host::blob;
use bindings::chapar::host::config;
use bindings::chapar::host::descriptor::{Access, Extent, Mount, OptionSpec, WellKnown};
use bindings::chapar::host::exchange::{self, Writer};
use bindings::chapar::host::identity;
use bindings::chapar::host::index::Value;
use bindings::chapar::host::mailbox;
use bindings::chapar::host::modules;
use bindings::chapar::host::watch::{Subscription, Topic, Transport};
use bindings::exports::chapar::host::handler::{
    Answer, Descriptor, Guest, Header, Request, Response, ResponseBody,
};
use bindings::exports::chapar::host::{alarm, indexer, principal, receiver, socket, waker};
use std::cell::RefCell;
use std::hint::black_box;

/// Overwritten by tests: the module's name, padded with dots.
static NAME: [u8; 24] = *b"@NAME:probe.............";
/// Overwritten by tests: how `describe` behaves, padded with dots.
static MODE: [u8; 24] = *b"@MODE:normal............";

fn mark(mark: &'static [u8; 24]) -> String {
    // Volatile, so that the compiler does not believe what it sees.
    let bytes = unsafe { std::ptr::read_volatile(mark) };
    let text = String::from_utf8_lossy(&bytes[6..]).into_owned();
    text.trim_end_matches('.').to_owned()
}

struct Probe;

thread_local! {
    static COUNTER: RefCell<u64> = const { RefCell::new(0) };
    static SEEN: RefCell<String> = const { RefCell::new(String::new()) };
    static KEPT: RefCell<Vec<blob::Blob>> = const { RefCell::new(Vec::new()) };
    static BIG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Guest for Probe {
    fn describe() -> Descriptor {
        let name = mark(&NAME);
        let mode = mark(&MODE);
        match mode.as_str() {
            "spin" => spin(),
            "trap" => panic!("describe"),
            "import" => {
                identity::current();
            }
            "allocate" => allocate(),
            _ => {}
        }
        let well_known = match mode.as_str() {
            "known" => vec![WellKnown {
                name: "probe".into(),
                target: format!("/{name}/"),
            }],
            _ => Vec::new(),
        };
        Descriptor {
            mounts: vec![
                Mount {
                    path: match mode.as_str() {
                        "same" => "/probe".into(),
                        _ => format!("/{name}"),
                    },
                    extent: Extent::Prefix,
                    methods: vec!["GET".into(), "PUT".into()],
                    access: Access::Anonymous,
                    realm: None,
                },
                Mount {
                    path: format!("/{name}/deep/exact"),
                    extent: Extent::Exact,
                    methods: vec!["GET".into()],
                    access: Access::Authenticated,
                    realm: None,
                },
            ],
            name: match mode.as_str() {
                "liar" => "someone-else".into(),
                _ => name,
            },
            version: "0".into(),
            summary: "does what its path says".into(),
            well_known,
            compliance: Vec::new(),
            homes: Vec::new(),
            mailbox_types: Vec::new(),
            options: vec![OptionSpec {
                name: "probe_option".into(),
                help: "anything".into(),
            }],
            capabilities: match mode.as_str() {
                "undeclared" => Vec::new(),
                _ => vec!["mailbox".into()],
            },
        }
    }

    fn handle(request: Request) -> Answer {
        let path = request.path.clone();
        match path.rsplit('/').next().unwrap_or_default() {
            "spin" => spin(),
            "trap" => panic!("as asked"),
            "recurse" => text(format!("{}", recurse(black_box(1)))),
            "allocate" => allocate(),
            // Which one this is, once the body is there.
            "mode" => {
                let body = request.body.map(|body| body.read_all(1 << 20));
                text(format!(
                    "{}{}",
                    mark(&MODE),
                    if body.is_some() { "!" } else { "" }
                ))
            }
            "modules" => {
                let names = modules::list().into_iter().map(|module| module.name);
                text(names.collect::<Vec<_>>().join(" "))
            }
            "counter" => {
                let count = COUNTER.with_borrow_mut(|counter| {
                    *counter += 1;
                    *counter
                });
                text(count.to_string())
            }
            // Returns who was here before, and remembers who is now.
            "remember" => {
                let who = identity::current().principal.unwrap_or_default();
                text(SEEN.with_borrow_mut(|seen| std::mem::replace(seen, who)))
            }
            "whoami" => text(format!("{:?}", identity::current())),
            "config" => text(format!(
                "{:?} {:?}",
                config::get("probe_option"),
                config::get("another_option")
            )),
            "echo" => {
                let body = request.body.map(|body| body.read_all(1 << 20));
                match body {
                    Some(Ok(bytes)) => bytes_answer(bytes),
                    Some(Err(error)) => text(format!("{error:?}")),
                    None => text("no body"),
                }
            }
            "pieces" => {
                let body = request.body.expect("a body");
                let mut sizes = Vec::new();
                loop {
                    let piece = body.read(10).expect("a piece");
                    if piece.is_empty() {
                        break;
                    }
                    sizes.push(piece.len());
                }
                text(format!("{sizes:?}"))
            }
            "undrained" => text("done"),
            "stream" => {
                let count: usize = request.query.and_then(|q| q.parse().ok()).unwrap_or(3);
                let writer = begin();
                for _ in 0..count {
                    if writer.write(&[b'x'; 50_000]).is_err() {
                        break;
                    }
                }
                Answer::Streamed(writer)
            }
            "broken" => {
                let writer = begin();
                let _ = writer.write(b"half");
                panic!("in the middle");
            }
            "dropped" => {
                let writer = begin();
                let _ = writer.write(b"half");
                drop(writer);
                text("never seen")
            }
            "twice" => {
                let writer = begin();
                let second = exchange::begin(200, &[]);
                let _ = writer.write(format!("{:?}", second.err()).as_bytes());
                Answer::Streamed(writer)
            }
            "blob" => {
                let blob = blob::create(b"from a blob").expect("a blob");
                Answer::Complete(Response {
                    body: ResponseBody::Blob(blob),
                    ..response()
                })
            }
            "ingest" => {
                let blob = blob::ingest(request.body.expect("a body"), None).expect("a blob");
                text(format!("{}", blob.size()))
            }
            "keep" => {
                KEPT.with_borrow_mut(|kept| kept.push(blob::create(b"kept").expect("a blob")));
                text("kept")
            }
            "use-kept" => KEPT.with_borrow(|kept| text(format!("{}", kept[0].size()))),
            "drop-kept" => {
                KEPT.with_borrow_mut(Vec::clear);
                text("dropped")
            }
            "grow" => {
                BIG.with_borrow_mut(|big| big.resize(24 << 20, 1));
                text("grown")
            }
            "handles" => {
                let mut held = Vec::new();
                loop {
                    held.push(blob::create(b"x").expect("a blob"));
                }
            }
            "mailbox" => text(match mailbox::open(&["user".into(), "alice".into()]) {
                Ok(_) => "opened".into(),
                Err(error) => format!("{error:?}"),
            }),
            "say" => {
                println!("one line\nand {}", "x".repeat(5000));
                text("said")
            }
            "env" => text(format!(
                "{} {} {}",
                std::env::vars().count(),
                std::fs::read_dir("/").is_ok(),
                std::net::TcpStream::connect("127.0.0.1:80").is_ok(),
            )),
            "status" => Answer::Complete(Response {
                status: 42,
                ..response()
            }),
            which @ ("subscribe" | "speak" | "watch-nothing") => Answer::Subscribed((
                Response {
                    body: ResponseBody::Bytes(which.as_bytes().to_vec()),
                    ..response()
                },
                Subscription {
                    transport: match which {
                        "speak" => Transport::Websocket,
                        _ => Transport::Body,
                    },
                    topics: match which {
                        "watch-nothing" => Vec::new(),
                        _ => vec![Topic::Owner("alice".into())],
                    },
                    since: 7,
                    token: b"token".to_vec(),
                    ping_ms: 1000,
                },
            )),
            "headers" => Answer::Complete(Response {
                headers: vec![Header {
                    name: "x-big".into(),
                    value: "x".repeat(4 << 20),
                }],
                ..response()
            }),
            "etag" => Answer::Complete(Response {
                etag: Some(format!("\"{}\"", "x".repeat(4 << 20))),
                ..response()
            }),
            "header" => Answer::Complete(Response {
                headers: vec![Header {
                    name: "x".into(),
                    value: "a\r\nb: c".into(),
                }],
                ..response()
            }),
            _ => text(format!(
                "{} {} {:?} {:?} {}",
                request.method,
                request.path,
                request.query,
                request
                    .headers
                    .iter()
                    .map(|h| (&h.name, &h.value))
                    .collect::<Vec<_>>(),
                request.mount,
            )),
        }
    }
}

fn begin() -> Writer {
    let headers = [Header {
        name: "content-type".into(),
        value: "text/plain".into(),
    }];
    exchange::begin(200, &headers).expect("the answer begins")
}

fn text(text: impl Into<String>) -> Answer {
    bytes_answer(text.into().into_bytes())
}

fn bytes_answer(bytes: Vec<u8>) -> Answer {
    Answer::Complete(Response {
        body: ResponseBody::Bytes(bytes),
        ..response()
    })
}

fn response() -> Response {
    Response {
        status: 200,
        headers: vec![Header {
            name: "content-type".into(),
            value: "text/plain".into(),
        }],
        etag: Some("\"1\"".into()),
        last_modified: Some(0),
        body: ResponseBody::None,
    }
}

fn spin() -> ! {
    let mut number = 0u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

fn allocate() -> ! {
    let mut held = Vec::new();
    loop {
        held.push(vec![1u8; 1 << 20]);
        black_box(&held);
    }
}

#[inline(never)]
#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    // Little of it lies in memory, so that the engine's stack ends before the guest's own.
    recurse(black_box(depth) + 1).rotate_left(1) ^ depth
}

impl indexer::Guest for Probe {
    fn version() -> u32 {
        7
    }

    fn keys(message: indexer::Unindexed) -> Vec<indexer::Key> {
        if message.mailbox_type == "curious" {
            identity::current();
        }
        vec![indexer::Key {
            name: message.content_type,
            value: Value::Number(message.message.len() as i64),
        }]
    }
}

impl receiver::Guest for Probe {
    fn receive(parcel: receiver::Parcel) -> Result<Option<Vec<u8>>, receiver::Refusal> {
        match parcel.message.as_slice() {
            b"later" => Err(receiver::Refusal::Later("busy".into())),
            b"trap" => panic!("as asked"),
            _ => Ok(identity::current().principal.map(String::into_bytes)),
        }
    }
}

impl alarm::Guest for Probe {
    fn fire(name: String, due: i64, token: Vec<u8>) {
        assert_eq!(
            (name.as_str(), due, token.as_slice()),
            ("name", 1, &b"token"[..])
        );
    }
}

impl principal::Guest for Probe {
    fn properties(id: String) -> Vec<principal::Property> {
        let namespace = identity::current().principal.unwrap_or_default();
        vec![principal::Property {
            namespace,
            name: "name".into(),
            value: id,
        }]
    }

    fn update(_property: principal::Property) -> Result<(), principal::Error> {
        Err(principal::Error::NotFound)
    }
}

impl waker::Guest for Probe {
    fn wake(_reason: waker::Reason, since: u64, token: Vec<u8>) -> waker::Push {
        waker::Push {
            pieces: Vec::from_iter(identity::current().principal.map(String::into_bytes)),
            since: since + 1,
            token,
            close: true,
        }
    }
}

impl socket::Guest for Probe {
    fn message(text: Vec<u8>, since: u64, token: Vec<u8>) -> socket::Push {
        socket::Push {
            pieces: vec![text],
            since,
            token,
            close: true,
        }
    }
}

bindings::export!(Probe with_types_in bindings);
