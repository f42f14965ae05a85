//! How long after a module was dropped into its folder it answers.

use crate::load::{drive, request};
use crate::rows::Bench;
use chapar_tests::support::{Client, PASSWORD, Server, artifacts, basic};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// As big as a module may well be.
const BIG: usize = 3 << 20;

/// How many clients have a request in flight all the time, so that no core rests.
const CLIENTS: usize = 4;
/// For how long they do around a drop.
const BUSY: Duration = Duration::from_secs(5);

/// Drops in the drive, grown to that size and changed, so that nothing compiled is known of it: where
/// nobody asks for anything else, and where others keep all cores busy.
pub fn drop_in(bench: &mut Bench) {
    let dropping = Dropping::new();
    let mut times: Vec<f64> = (0..5).map(|number| dropping.time(number)).collect();
    times.sort_by(f64::total_cmp);
    let name = "drop to serving, not yet compiled";
    dropping.row(bench, name, &times, String::new());

    let (address, authorization) = (dropping.server.address, basic("alice", PASSWORD));
    let headers = [("authorization", &*authorization), ("depth", "0")];
    let ask = request("PROPFIND", "/dav/principals/", &headers, b"");
    let busy = || drive(address, CLIENTS, BUSY, |_, _| ask.clone());
    let before = busy();
    let (mut times, mut rates) = (Vec::new(), Vec::new());
    for number in 5..10 {
        std::thread::scope(|scope| {
            let busy = scope.spawn(busy);
            std::thread::sleep(BUSY / 10);
            times.push(dropping.time(number));
            rates.push(busy.join().unwrap());
        });
    }
    times.sort_by(f64::total_cmp);
    // Whatever is not answered with success ends the benchmark.
    let rate = rates.iter().map(|load| load.rate()).sum::<f64>() / rates.len() as f64;
    let slowest = rates.iter().map(|load| load.quantile(0.99));
    let more = format!(
        "; others: {rate:.0}/s for {} s around it, {:.0}/s before, p99 {:.1} ms, {:.1} ms before",
        BUSY.as_secs(),
        before.rate(),
        slowest.fold(0.0, f64::max),
        before.quantile(0.99)
    );
    dropping.row(bench, "the same while all cores are busy", &times, more);
}

/// A server without the drive, and the drive.
struct Dropping {
    server: Server,
    moduledir: PathBuf,
    wasm: Vec<u8>,
}

impl Dropping {
    fn new() -> Self {
        let server = Server::builder()
            .user("alice")
            .guest("misbehave")
            .option("log", "warn")
            .start();
        let moduledir = server.folder().join("modules");
        let file = artifacts().join("modules").join("webdav.wasm");
        let wasm = grown(&std::fs::read(&file).unwrap());
        std::fs::remove_file(moduledir.join("webdav.wasm")).unwrap();
        Self {
            server,
            moduledir,
            wasm,
        }
    }

    /// Drops it in, changed by a number, and takes it out again; returns after how many seconds it
    /// answered.
    fn time(&self, number: u8) -> f64 {
        let mut client = self.server.anonymous();
        wait_for(&mut client, false);
        place(&self.moduledir, &with_note(&self.wasm, number));
        let time = wait_for(&mut client, true).as_secs_f64();
        std::fs::remove_file(self.moduledir.join("webdav.wasm")).unwrap();
        time
    }

    /// Adds a row of times, ascending.
    fn row(&self, bench: &mut Bench, name: &str, times: &[f64], more: String) {
        let median = times[2];
        bench.row(
            name,
            "< 2 s at 3 MB",
            format!("{median:.2} s at {:.2} MB", self.wasm.len() as f64 / 1e6),
            Some(median < 2.0),
            format!("best {:.2} s, worst {:.2} s{more}", times[0], times[4]),
        );
    }
}

/// Asks until it answers, or does not any more; returns how long that took.
fn wait_for(client: &mut Client, wanted: bool) -> Duration {
    let since = Instant::now();
    loop {
        let answer = client.send("OPTIONS", "/dav/drive/user/nobody/", &[], b"");
        if answer.header("dav").is_some() == wanted {
            return since.elapsed();
        }
        assert!(since.elapsed() < Duration::from_secs(60), "it is not seen");
        std::thread::sleep(Duration::from_millis(5));
    }
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
