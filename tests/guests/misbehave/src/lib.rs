//! A module that does everything wrong: the last part of the path says what.

use module::{
    Access, Answer, Descriptor, Extent, Headers, Identity, Module, Mount, Request, Response, Writer,
};
use std::hint::black_box;
use std::sync::Mutex;

/// The module.
pub struct Misbehave;

module::export!(Misbehave);

/// Whom this instance has served. It may be kept for its principal's next request.
static SERVED: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Module for Misbehave {
    fn describe() -> Descriptor {
        Descriptor {
            name: "misbehave".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Does everything wrong.".to_owned(),
            mounts: vec![Mount::new(
                "/misbehave",
                Extent::Prefix,
                &["GET", "POST"],
                Access::Authenticated,
            )],
            capabilities: vec!["identity".to_owned()],
            ..Descriptor::default()
        }
    }

    fn handle(request: Request) -> Answer {
        match request.path.rsplit('/').next().unwrap_or_default() {
            "loop" => run_for_ever(),
            "allocate" => allocate(),
            "trap" => std::process::abort(),
            "panic" => panic!("on purpose"),
            "recurse" => recurse(0).into(),
            "counter" => counter(),
            "big-headers" => text("").header("x-big", "x".repeat(4 << 20)).into(),
            "bad-header" => text("").header("x-bad", "a\r\nset-cookie: b").into(),
            "bad-status" => Response::new(42).into(),
            "slow-stream" => slow_stream(),
            "half-stream" => half_stream(),
            "leak-handles" => leak(request),
            _ => Response::new(404).into(),
        }
    }
}

fn text(text: &str) -> Response {
    Response::new(200).body("text/plain", text)
}

fn run_for_ever() -> Answer {
    let mut n: u64 = 0;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

fn allocate() -> Answer {
    loop {
        black_box(vec![1_u8; 1 << 20].leak());
    }
}

#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> Response {
    let frame = black_box([depth; 64]);
    let below = recurse(frame.iter().copied().max().unwrap_or_default() + 1);
    black_box(below)
}

fn counter() -> Answer {
    let name = Identity::current().principal.unwrap_or_default();
    match SERVED.lock() {
        Ok(mut served) => {
            served.push(name);
            text(&format!("{} {}", served.len(), served.join(","))).into()
        }
        Err(_) => Response::new(500).into(),
    }
}

fn slow_stream() -> Answer {
    let Ok(writer) = Writer::begin(200, &Headers::new()) else {
        return Response::new(500).into();
    };
    for piece in 0..50_u32 {
        // Busy for about a millisecond: a module that computes what it sends.
        for n in 0..200_000_u32 {
            black_box(n);
        }
        if writer.write(format!("piece {piece}\n").as_bytes()).is_err() {
            break;
        }
    }
    Answer::Streamed(writer)
}

fn half_stream() -> Answer {
    if let Ok(writer) = Writer::begin(200, &Headers::new()) {
        let _ = writer.write(b"the first half");
    }
    std::process::abort()
}

fn leak(request: Request) -> Answer {
    std::mem::forget(request.body);
    text("leaked").into()
}
