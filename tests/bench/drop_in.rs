//! How long after a module was dropped into its folder it answers.

use crate::rows::Bench;
use chapar_tests::support::{Server, artifacts};
use std::path::Path;
use std::time::{Duration, Instant};

/// As big as a module may well be.
const BIG: usize = 3 << 20;

/// Drops in the drive, grown to that size and changed, so that nothing compiled is known of it.
pub fn drop_in(bench: &mut Bench) {
    let server = Server::builder()
        .guest("misbehave")
        .option("log", "warn")
        .start();
    let moduledir = server.folder().join("modules");
    let file = artifacts().join("modules").join("webdav.wasm");
    let wasm = grown(&std::fs::read(&file).unwrap());
    std::fs::remove_file(moduledir.join("webdav.wasm")).unwrap();
    let mut client = server.anonymous();
    let mut answers = |wanted: bool, since: Instant| {
        loop {
            let answer = client.send("OPTIONS", "/dav/drive/user/nobody/", &[], b"");
            if (answer.header("dav").is_some()) == wanted {
                return since.elapsed();
            }
            assert!(since.elapsed() < Duration::from_secs(60), "it is not seen");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let mut times = Vec::new();
    for number in 0..5_u8 {
        answers(false, Instant::now());
        place(&moduledir, &with_note(&wasm, number));
        times.push(answers(true, Instant::now()).as_secs_f64());
        std::fs::remove_file(moduledir.join("webdav.wasm")).unwrap();
    }
    times.sort_by(f64::total_cmp);
    let median = times[2];
    bench.row(
        "drop to serving, not yet compiled",
        "< 2 s at 3 MB",
        format!("{median:.2} s at {:.2} MB", wasm.len() as f64 / 1e6),
        Some(median < 2.0),
        format!("best {:.2} s, worst {:.2} s", times[0], times[4]),
    );
}

/// The component with its code several times: what isn't used is compiled all the same.
fn grown(wasm: &[u8]) -> Vec<u8> {
    /// The section of a component that holds a core module.
    const CORE_MODULE: u8 = 1;
    let (mut at, mut code) = (8, 0..0);
    while at < wasm.len() {
        let (begin, id) = (at, wasm[at]);
        let (mut size, mut shift) = (0_usize, 0);
        loop {
            at += 1;
            size |= usize::from(wasm[at] & 0x7f) << shift;
            shift += 7;
            if wasm[at] & 0x80 == 0 {
                break;
            }
        }
        at += 1 + size;
        if id == CORE_MODULE && at - begin > code.len() {
            code = begin..at;
        }
    }
    let mut grown = wasm.to_vec();
    while grown.len() < BIG {
        grown.extend_from_slice(&wasm[code.clone()]);
    }
    grown
}

/// The same component with a custom section more: an id, a length, a name, and a byte.
fn with_note(wasm: &[u8], note: u8) -> Vec<u8> {
    let mut bytes = wasm.to_vec();
    bytes.extend([0, 6, 4, b'n', b'o', b't', b'e', note]);
    bytes
}

fn place(folder: &Path, wasm: &[u8]) {
    let new = folder.join("webdav.new");
    std::fs::write(&new, wasm).unwrap();
    std::fs::rename(new, folder.join("webdav.wasm")).unwrap();
}
