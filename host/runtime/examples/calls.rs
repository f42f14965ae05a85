//! What the runtime costs without HTTP around it: CPU time of a small warm request at several
//! numbers of callers, and memory of warm instances.
//!
//! `cargo run --release -p chapar-runtime --example calls -- FOLDER [METHOD PATH]`, with a folder
//! that has `webdav.wasm`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement that meets what it does not expect stops, and says where"
)]

use futures_util::StreamExt;
use runtime::{AnswerBody, Identity, ModuleSet, Request, Runtime, RuntimeConfig, SignIn, Tenant};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::{Actor, Kind, Principal, SqliteStore, Store, StoreLimits};

const TIME: Duration = Duration::from_secs(3);
const WARM: usize = 1000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let folder = words.first().unwrap();
    let method = words.get(1).map_or("GET", String::as_str).to_owned();
    let path = words.get(2).map_or("/dav/drive/user/u0/x", String::as_str);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let executor = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads + 1)
        .enable_all()
        .build()
        .unwrap();
    let state = tempfile::tempdir().unwrap();
    let bed = Arc::new(executor.block_on(Bed::new(folder.as_ref(), state.path())));
    executor.block_on(async {
        bed.ask(0, "PUT", "/dav/drive/user/u0/x", Some("hello"))
            .await;
        for callers in [1, 2, 16] {
            bed.callers(callers, &method, path).await;
        }
        bed.warm().await;
    });
    executor.shutdown_background();
}

struct Bed {
    runtime: Runtime,
    tenant: Arc<Tenant>,
}

impl Bed {
    async fn new(modules: &Path, state: &Path) -> Self {
        let moduledir = state.join("modules");
        std::fs::create_dir(&moduledir).unwrap();
        std::fs::copy(modules.join("webdav.wasm"), moduledir.join("webdav.wasm")).unwrap();
        let config = RuntimeConfig {
            cachedir: state.join("cache"),
            memory_max: 256 << 20,
            cpu_max: Duration::from_secs(10),
            instances_max: 128,
            warm_max: WARM as u32 + 24,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        };
        let set = ModuleSet {
            moduledir,
            httpmodules: None,
            prefixes: Vec::new(),
            grants: vec![("*".into(), "*".into())],
            limits: Vec::new(),
            sweeps: true,
        };
        let runtime = tokio::task::spawn_blocking(|| Runtime::start(config, set).unwrap());
        let limits = StoreLimits::default();
        let store = SqliteStore::open(&state.join("store"), "t", limits).unwrap();
        for number in 0..WARM {
            let principal = Principal {
                id: format!("u{number}"),
                kind: Kind::User,
                display_name: String::new(),
                addresses: Vec::new(),
            };
            store.put_principal(&principal).await.unwrap();
        }
        Self {
            runtime: runtime.await.unwrap(),
            tenant: Arc::new(Tenant {
                name: "t".into(),
                store,
                options: HashMap::new(),
                modules: None,
                folders: Vec::new(),
                mail_domains: None,
                endpoints: None,
            }),
        }
    }

    async fn ask(&self, user: usize, method: &str, path: &str, body: Option<&'static str>) {
        let identity = Identity {
            actor: Actor {
                principal: Some(format!("u{user}")),
                ..Actor::default()
            },
            sign_in: SignIn::Password,
        };
        let mut headers = http::HeaderMap::new();
        headers.insert("depth", http::HeaderValue::from_static("1"));
        let request = Request {
            method: method.to_owned(),
            scheme: "http".into(),
            authority: "localhost".into(),
            path: path.to_owned(),
            query: None,
            headers,
            body: body.map(|text| {
                let pieces = [Ok(bytes::Bytes::from_static(text.as_bytes()))];
                Box::pin(futures_util::stream::iter(pieces)) as runtime::BodyStream
            }),
            body_length: body.map(|text| text.len() as u64),
            received: 0,
        };
        let route = self.runtime.modules(&self.tenant).route(path).unwrap();
        let answer = self.runtime.handle(&route, &self.tenant, identity, request);
        let answer = answer.await.unwrap();
        assert!(answer.status.is_success(), "{}", answer.status);
        if let AnswerBody::Stream(mut pieces) = answer.body {
            while let Some(piece) = pieces.next().await {
                piece.unwrap();
            }
        }
    }

    async fn callers(self: &Arc<Self>, callers: usize, method: &str, path: &str) {
        let (began, cpu) = (Instant::now(), cpu());
        let tasks: Vec<_> = (0..callers)
            .map(|_| {
                let (bed, method, path) = (self.clone(), method.to_owned(), path.to_owned());
                tokio::spawn(async move {
                    let mut calls = 0_u32;
                    while began.elapsed() < TIME {
                        bed.ask(0, &method, &path, None).await;
                        calls += 1;
                        tokio::task::yield_now().await;
                    }
                    calls
                })
            })
            .collect();
        let mut calls = 0;
        for task in tasks {
            calls += task.await.unwrap();
        }
        let used = self::cpu() - cpu;
        println!(
            "{callers:>2} callers: {:>7.1} µs CPU a call, {:>7.0} calls/s",
            used.as_secs_f64() * 1e6 / f64::from(calls),
            f64::from(calls) / began.elapsed().as_secs_f64(),
        );
    }

    /// Memory of warm instances, one for each of many users.
    async fn warm(&self) {
        let before = memory();
        for user in 0..WARM {
            let path = format!("/dav/drive/user/u{user}/");
            self.ask(user, "PROPFIND", &path, None).await;
        }
        let idle = self.runtime.idle_instances();
        let grown = memory().saturating_sub(before);
        println!(
            "{idle} warm instances: {:.1} KB each",
            grown as f64 / 1024.0 / idle as f64
        );
    }
}

/// CPU time of this process.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Memory of this process that is its own, in bytes.
fn memory() -> usize {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        let number = line.split_whitespace().nth(1).unwrap();
        number.parse::<usize>().unwrap() * 1024
    };
    line("Private_Clean:") + line("Private_Dirty:")
}
