//! The rows of the table.

use crate::awake::Awake;
use crate::floor;
use crate::load::{Load, drive, request};
use crate::process::{Syncs, cpu, forget_peak, peak, resident};
use chapar_tests::support::{Client, PASSWORD, Random, Server, basic};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const HOME: &str = "/dav/drive/user/alice/";
/// CPU of a request to the floor on the machine that the targets were set on, in microseconds.
const REFERENCE: f64 = 17.0;
const ROUND: Duration = Duration::from_secs(1);
const ROUNDS: usize = 4;
const BIG: usize = 100_000_000;

struct Row {
    name: String,
    target: String,
    measured: Measured,
    more: String,
}

enum Measured {
    /// As it is told, and whether it meets its target.
    Told(String, Option<bool>),
    /// Microseconds of CPU, and how many it may be, normalised.
    Cpu(f64, f64),
}

/// The server, and what was measured.
pub struct Bench {
    /// The server.
    pub server: Server,
    /// The header field that signs its user in.
    pub authorization: String,
    _docroot: tempfile::TempDir,
    rows: Vec<Row>,
    floor: Option<Floor>,
    /// CPU of a small request to the floor, in microseconds, asked again beside each row that it is
    /// compared with: one answer alone may be a third off.
    floors: Vec<f64>,
}

/// The floor's process.
struct Floor {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request that both answer.
struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
}

/// What requests used.
#[derive(Default)]
pub struct Used {
    /// The requests.
    pub load: Load,
    /// CPU of the server.
    pub cpu: Duration,
}

impl Used {
    /// Microseconds of CPU for a request.
    pub fn each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.load.count().max(1) as f64
    }
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

impl Bench {
    /// Starts a server with a user and some files.
    pub fn new() -> Self {
        let docroot = tempfile::tempdir().unwrap();
        std::fs::write(docroot.path().join("file.txt"), vec![b'x'; 1_000]).unwrap();
        let server = Server::builder()
            .user("alice")
            .option("httpdocroot", &docroot.path().display().to_string())
            .option("log", "warn")
            .start();
        let bench = Self {
            server,
            authorization: basic("alice", PASSWORD),
            _docroot: docroot,
            rows: Vec::new(),
            floor: None,
            floors: Vec::new(),
        };
        bench
            .client()
            .send("PUT", &format!("{HOME}small"), &[], &[b'x'; 200])
            .expect(201);
        bench
    }

    /// A client of its user's.
    pub fn client(&self) -> Client {
        self.server.client("alice")
    }

    /// Adds a row.
    pub fn row(
        &mut self,
        name: &str,
        target: &str,
        measured: String,
        met: Option<bool>,
        more: String,
    ) {
        self.rows.push(Row {
            name: name.to_owned(),
            target: target.to_owned(),
            measured: Measured::Told(measured, met),
            more,
        });
    }

    /// Prints the table.
    pub fn print(&self) {
        let told: Vec<(String, Option<bool>)> = self
            .rows
            .iter()
            .map(|row| match &row.measured {
                Measured::Told(told, met) => (told.clone(), *met),
                Measured::Cpu(used, target) => {
                    let used = self.normalised(*used);
                    (format!("{used:.0} µs"), Some(used <= *target))
                }
            })
            .collect();
        let width = |title: &str, texts: &mut dyn Iterator<Item = &String>| {
            let widths = texts.map(|text| text.chars().count());
            widths.max().unwrap_or(0).max(title.len())
        };
        let name = width("what", &mut self.rows.iter().map(|row| &row.name));
        let target = width("target", &mut self.rows.iter().map(|row| &row.target));
        let measured = width("measured", &mut told.iter().map(|(told, _)| told));
        println!(
            "{:name$}  {:target$}  {:measured$}        more",
            "what", "target", "measured"
        );
        for (row, (told, met)) in self.rows.iter().zip(&told) {
            let verdict = match met {
                Some(true) => "ok  ",
                Some(false) => "miss",
                None => "    ",
            };
            println!(
                "{:name$}  {:target$}  {:measured$}  {verdict}  {}",
                row.name, row.target, told, row.more
            );
        }
        if !self.floors.is_empty() {
            println!("µs are normalised by a floor of {:.1} µs", self.floor());
        }
    }

    /// Microseconds as they would be on the machine that the targets were set on: by what the floor
    /// uses for a request there and here, the middle of what it used in this run.
    fn normalised(&self, microseconds: f64) -> f64 {
        microseconds * REFERENCE / self.floor()
    }

    fn floor(&self) -> f64 {
        let mut floors = self.floors.clone();
        floors.sort_by(f64::total_cmp);
        floors.get(floors.len() / 2).copied().unwrap_or(REFERENCE)
    }

    /// Asks the floor, over two connections: what one alone costs depends on where the kernel puts
    /// client and server.
    fn ask_floor(&mut self) {
        let ask = self.small_get();
        let floor = match self.floor.take() {
            Some(floor) => floor,
            None => self.start_floor(&[&ask]),
        };
        let headers = [("authorization", self.authorization.as_str())];
        let bytes = request(ask.method, ask.path, &headers, b"");
        let _awake = Awake::keep();
        drive(floor.address, 2, ROUND / 8, |_, _| bytes.clone());
        let before = cpu(floor.child.id());
        let load = drive(floor.address, 2, ROUND / 2, |_, _| bytes.clone());
        let used = Used {
            load,
            cpu: cpu(floor.child.id()) - before,
        };
        self.floors.push(used.each());
        self.floor = Some(floor);
    }

    fn small_get(&self) -> Ask<'static> {
        Ask {
            method: "GET",
            path: "/dav/drive/user/alice/small",
            headers: Vec::new(),
        }
    }

    fn start_floor(&self, asks: &[&Ask<'_>]) -> Floor {
        let folder = tempfile::tempdir().unwrap();
        for ask in asks {
            let answer = self.client().send(ask.method, ask.path, &ask.headers, b"");
            assert!(
                (200..300).contains(&answer.status),
                "{} {}",
                ask.path,
                answer.status
            );
            floor::record(folder.path(), ask.method, ask.path, &answer);
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("floor")
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port: u16 = line.trim().parse().unwrap();
        Floor {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            _folder: folder,
        }
    }

    /// Asks Chapar and the floor in turn, and returns what each used.
    fn compare(&self, ask: &Ask<'_>, connections: usize) -> (Used, Used) {
        let floor = self.start_floor(&[ask]);
        let mut headers = ask.headers.clone();
        headers.push(("authorization", &self.authorization));
        let bytes = request(ask.method, ask.path, &headers, b"");
        let mut used = (Used::default(), Used::default());
        let _awake = Awake::keep();
        let sides = [
            (self.server.address, self.server.pid()),
            (floor.address, floor.child.id()),
        ];
        for (address, _) in sides {
            drive(address, connections, ROUND / 2, |_, _| bytes.clone());
        }
        for _ in 0..ROUNDS {
            for (side, (address, pid)) in [&mut used.0, &mut used.1].into_iter().zip(sides) {
                let before = cpu(pid);
                side.load
                    .add(drive(address, connections, ROUND, |_, _| bytes.clone()));
                side.cpu += cpu(pid) - before;
            }
        }
        used
    }

    fn row_of(&mut self, name: &str, ask: &Ask<'_>, ratio_max: f64) {
        let (ours, floor) = self.compare(ask, 2);
        let ratio = ours.each() / floor.each();
        let more = format!(
            "{:.1} µs CPU (floor {:.1}), {:.0}/s (floor {:.0}), p50 {:.3} ms, p99 {:.3} ms, RSS {:.0} MB",
            ours.each(),
            floor.each(),
            ours.load.rate(),
            floor.load.rate(),
            ours.load.quantile(0.5),
            ours.load.quantile(0.99),
            mb(resident(self.server.pid())),
        );
        let target = format!("<= {ratio_max} x floor");
        self.row(
            name,
            &target,
            format!("{ratio:.2} x floor"),
            Some(ratio <= ratio_max),
            more,
        );
    }
}

impl Bench {
    /// Adds a row of how much of the processors many writers use.
    pub fn row_of_writers(&mut self, name: &str, used: &Used) {
        let cores = std::thread::available_parallelism().map_or(1.0, |count| count.get() as f64);
        let each = used.each() / 1e6;
        let share = used.load.rate() / (cores / each) * 100.0;
        // The load is made on the same processors.
        let own = used.load.own.as_secs_f64() / used.load.elapsed.as_secs_f64();
        let of_left = used.load.rate() / ((cores - own) / each) * 100.0;
        let more = format!(
            "{:.0}/s, {:.0} µs CPU, {of_left:.0} % of what asking leaves, which uses {:.0} µs, p50 {:.2} ms, p99 {:.2} ms",
            used.load.rate(),
            used.each(),
            own / used.load.rate() * 1e6,
            used.load.quantile(0.5),
            used.load.quantile(0.99)
        );
        let target = ">= 70 % of cores / CPU";
        self.row(
            name,
            target,
            format!("{share:.0} %"),
            Some(share >= 70.0),
            more,
        );
    }

    /// Adds a row of what a request costs, sent again and again over one connection.
    pub fn row_of_cpu(&mut self, name: &str, target: f64, request: &[u8]) {
        let place = (self.server.address, self.server.pid());
        self.row_of_cpu_at(name, target, place, request);
    }

    /// The same of another server, by its address and process.
    pub fn row_of_cpu_at(
        &mut self,
        name: &str,
        target: f64,
        (address, pid): (SocketAddr, u32),
        request: &[u8],
    ) {
        let _awake = Awake::keep();
        drive(address, 1, ROUND / 2, |_, _| request.to_vec());
        let before = cpu(pid);
        let load = drive(address, 1, ROUND * 3, |_, _| request.to_vec());
        let used = Used {
            load,
            cpu: cpu(pid) - before,
        };
        self.row_of_used(name, target, &used);
    }

    /// Adds a row of what requests have cost.
    pub fn row_of_used(&mut self, name: &str, target: f64, used: &Used) {
        self.ask_floor();
        let more = format!(
            "{:.0} µs CPU raw (floor {:.1}), p50 {:.2} ms, p99 {:.2} ms",
            used.each(),
            self.floors.last().copied().unwrap_or_default(),
            used.load.quantile(0.5),
            used.load.quantile(0.99)
        );
        self.rows.push(Row {
            name: name.to_owned(),
            target: format!("<= {target:.0} µs"),
            measured: Measured::Cpu(used.each(), target),
            more,
        });
    }
}

/// From nothing to the first answer of a module, and the memory that takes.
pub fn start(bench: &mut Bench) {
    let mut times = Vec::new();
    for _ in 0..5 {
        bench.server.kill();
        let began = Instant::now();
        bench.server.spawn();
        let mut client = bench.server.anonymous();
        while !client
            .try_send("OPTIONS", HOME, &[], b"")
            .is_ok_and(|answer| (200..300).contains(&answer.status))
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    let memory = mb(resident(bench.server.pid()));
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let more = format!(
        "best {:.0} ms, worst {:.0} ms",
        times[0],
        times[times.len() - 1]
    );
    bench.row(
        "cold start, modules cached",
        "< 300 ms",
        format!("{median:.0} ms"),
        Some(median < 300.0),
        more,
    );
    bench.row(
        "RSS then",
        "< 60 MB",
        format!("{memory:.0} MB"),
        Some(memory < 60.0),
        String::new(),
    );
}

/// Small requests through a warm instance.
pub fn requests(bench: &mut Bench) {
    let ask = bench.small_get();
    bench.row_of("GET of 200 bytes, warm instance", &ask, 4.0);
    let ask = Ask {
        method: "OPTIONS",
        path: HOME,
        headers: Vec::new(),
    };
    bench.row_of("OPTIONS, warm instance", &ask, 4.0);
}

/// A file of `httpdocroot`.
pub fn static_file(bench: &mut Bench) {
    let ask = Ask {
        method: "GET",
        path: "/file.txt",
        headers: Vec::new(),
    };
    bench.row_of("static file of 1,000 bytes", &ask, 1.5);
}

fn puts(bench: &Bench, connections: usize, duration: Duration, folder: &str) -> Used {
    let authorization = bench.authorization.as_str();
    let before = cpu(bench.server.pid());
    let load = drive(
        bench.server.address,
        connections,
        duration,
        |connection, n| {
            let path = format!("{HOME}{folder}/{connection}-{n}");
            request(
                "PUT",
                &path,
                &[("authorization", authorization)],
                &[b'x'; 500],
            )
        },
    );
    Used {
        load,
        cpu: cpu(bench.server.pid()) - before,
    }
}

/// How often a durable PUT waits for the disk.
pub fn put_one(bench: &mut Bench) {
    bench
        .client()
        .send("MKCOL", &format!("{HOME}one/"), &[], b"")
        .expect(201);
    let used = puts(bench, 1, ROUND * 2, "one");
    let more = format!(
        "{:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {:.0} µs CPU",
        used.load.rate(),
        used.load.quantile(0.5),
        used.load.quantile(0.99),
        used.each()
    );
    let syncs = Syncs::of(bench.server.pid()).map(|syncs| {
        bench
            .client()
            .send("MKCOL", &format!("{HOME}counted/"), &[], b"")
            .expect(201);
        let used = puts(bench, 1, ROUND * 2, "counted");
        // The MKCOL is durable, too.
        syncs.count() as f64 / (used.load.count() + 1) as f64
    });
    match syncs {
        Some(each) => {
            let met = Some(each <= 1.05);
            bench.row(
                "PUT of 500 bytes, one client",
                "<= 1.05 fsyncs",
                format!("{each:.3} fsyncs"),
                met,
                more,
            );
        }
        None => {
            let measured = "no strace".to_owned();
            bench.row(
                "PUT of 500 bytes, one client",
                "<= 1.05 fsyncs",
                measured,
                None,
                more,
            );
        }
    }
}

/// Whether many writers are held back by the disk or only by the processors.
pub fn put_many(bench: &mut Bench) {
    bench
        .client()
        .send("MKCOL", &format!("{HOME}many/"), &[], b"")
        .expect(201);
    let used = puts(bench, 16, ROUND * 4, "many");
    bench.row_of_writers("PUT of 500 bytes, 16 clients", &used);
}

/// Listing a thousand files.
pub fn propfind(bench: &mut Bench) {
    let folder = format!("{HOME}thousand/");
    bench.client().send("MKCOL", &folder, &[], b"").expect(201);
    std::thread::scope(|scope| {
        for part in 0..8 {
            let (mut client, folder) = (bench.client(), &folder);
            scope.spawn(move || {
                for n in (part..1000).step_by(8) {
                    let path = format!("{folder}file-{n:04}.txt");
                    client.send("PUT", &path, &[], b"content").expect(201);
                }
            });
        }
    });
    let four = "<D:resourcetype/><D:getetag/><D:getcontentlength/><D:getlastmodified/>";
    for (name, properties, target) in [
        ("PROPFIND of 1,000 files, 4 properties", four, 1500.0),
        ("PROPFIND of 1,000 files, getetag", "<D:getetag/>", 1000.0),
    ] {
        let body =
            format!("<D:propfind xmlns:D=\"DAV:\"><D:prop>{properties}</D:prop></D:propfind>");
        let headers = [
            ("authorization", bench.authorization.as_str()),
            ("depth", "1"),
            ("content-type", "application/xml"),
        ];
        let bytes = request("PROPFIND", &folder, &headers, body.as_bytes());
        bench.row_of_cpu(name, target, &bytes);
    }
}

/// So many bytes that no compression shortens.
struct Source(Random, usize);

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = buffer.len().min(self.1).min(64 * 1024);
        buffer[..len].copy_from_slice(&self.0.bytes(len));
        self.1 -= len;
        Ok(len)
    }
}

/// 100 MB in and out.
pub fn big(bench: &mut Bench) {
    let path = format!("{HOME}big");
    let pid = bench.server.pid();
    forget_peak(pid);
    let (before, used) = (resident(pid), cpu(pid));
    let began = Instant::now();
    let mut source = Source(Random(1), BIG);
    let answer = bench.client().exchange(
        "PUT",
        &path,
        &[],
        BIG as u64,
        &mut source,
        &mut std::io::sink(),
    );
    answer.expect("an answer").expect(201);
    let elapsed = began.elapsed().as_secs_f64();
    let grown = mb(peak(pid).saturating_sub(before));
    let more = format!(
        "{:.0} MB/s, {:.0} ms CPU",
        mb(BIG as u64) / elapsed,
        (cpu(pid) - used).as_secs_f64() * 1000.0
    );
    bench.row(
        "PUT of 100 MB, memory",
        "< 16 MB more",
        format!("{grown:.1} MB"),
        Some(grown < 16.0),
        more,
    );

    let ask = Ask {
        method: "GET",
        path: &path,
        headers: Vec::new(),
    };
    let floor = bench.start_floor(&[&ask]);
    forget_peak(pid);
    let before = resident(pid);
    let mut used = [Duration::ZERO; 2];
    let mut took = [Duration::ZERO; 2];
    for _ in 0..5 {
        for (side, (address, pid)) in [
            (bench.server.address, pid),
            (floor.address, floor.child.id()),
        ]
        .into_iter()
        .enumerate()
        {
            let mut client = Client::user(address, "alice", PASSWORD);
            let (before, began) = (cpu(pid), Instant::now());
            let answer = client.exchange(
                "GET",
                &path,
                &[],
                0,
                &mut std::io::empty(),
                &mut std::io::sink(),
            );
            answer.expect("an answer").expect(200);
            used[side] += cpu(pid) - before;
            took[side] += began.elapsed();
        }
    }
    let grown = mb(peak(pid).saturating_sub(before));
    bench.row(
        "GET of 100 MB, memory",
        "< 16 MB more",
        format!("{grown:.1} MB"),
        Some(grown < 16.0),
        String::new(),
    );
    let ratio = used[0].as_secs_f64() / used[1].as_secs_f64().max(0.001);
    let more = format!(
        "{:.0} ms CPU (floor {:.0}), {:.0} MB/s",
        used[0].as_secs_f64() * 200.0,
        used[1].as_secs_f64() * 200.0,
        mb(BIG as u64) * 5.0 / took[0].as_secs_f64()
    );
    bench.row(
        "GET of 100 MB",
        "<= 2 x floor",
        format!("{ratio:.2} x floor"),
        Some(ratio <= 2.0),
        more,
    );
}
