//! Turns files into versions of modules: on threads of their own, one for each file, so that one
//! that takes for ever holds up nobody for ever.

use crate::folder::{self, Content, Stamp};
use crate::load::{Loader, Version};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use wasmtime::component::Component;

/// How long compiling and describing a file may take. A compiler can't be stopped: its thread goes
/// on, and what it makes is dropped.
const TIME_MAX: Duration = Duration::from_secs(300);
/// How many files are compiled at once while others are served.
const AT_ONCE: usize = 2;
/// How much less than the other threads those get that compile while others are served: a tenth.
const NICE: i32 = 10;
/// And those get that take only what nobody else wants.
const NICEST: i32 = 19;

/// How much of the machine compiling may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// All: nobody is served yet.
    Start,
    /// A little of half of the cores, and whatever nobody else wants.
    Background,
}

impl Pace {
    /// How many files at once, and how many threads for each.
    fn shares(self, files: usize) -> (usize, usize) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = match self {
            Self::Start => cores,
            Self::Background => AT_ONCE.min(cores / 2),
        };
        let at_once = at_once.min(files).max(1);
        (at_once, cores / at_once)
    }

    /// Takes this thread, one of several that compile a file, behind those that serve.
    fn lower_priority(self, index: usize, threads: usize) {
        let nice = match self {
            Self::Start => return,
            Self::Background if index * 2 < threads => NICE,
            Self::Background => NICEST,
        };
        // Elsewhere, this would be the whole process.
        if cfg!(target_os = "linux")
            && let Err(error) = rustix::process::setpriority_process(None, nice)
        {
            tracing::debug!("can't lower the priority of compiling: {error}");
        }
    }
}

/// A file to look at.
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// It is to serve; what is not is only read.
    pub(crate) enabled: bool,
    /// What need not be compiled again, by SHA-256.
    pub(crate) known: Vec<(String, Result<Arc<Version>, String>)>,
}

/// What became of it.
pub(crate) struct Done {
    pub(crate) name: String,
    /// SHA-256 of what was read, if it could be.
    pub(crate) sha256: Option<String>,
    pub(crate) stamp: Option<Stamp>,
    /// None of what was only read.
    pub(crate) version: Option<Result<Arc<Version>, String>>,
}

/// Does jobs, and hands over each when it is done.
pub(crate) fn run(loader: &Arc<Loader>, jobs: Vec<Job>, pace: Pace, mut done: impl FnMut(Done)) {
    let (at_once, threads) = pace.shares(jobs.len());
    let mut jobs = VecDeque::from(jobs);
    let mut running: Vec<(String, PathBuf, Instant)> = Vec::new();
    let (sender, receiver) = mpsc::channel();
    loop {
        while running.len() < at_once
            && let Some(job) = jobs.pop_front()
        {
            running.push((
                job.name.clone(),
                job.path.clone(),
                Instant::now() + TIME_MAX,
            ));
            let (loader, sender) = (loader.clone(), sender.clone());
            let name = job.name.clone();
            let work = move || {
                pace.lower_priority(0, threads);
                // Whoever asked may wait no more.
                let _ = sender.send(work(&loader, job, pace, threads));
            };
            let thread = std::thread::Builder::new().name("compile".to_owned());
            if let Err(error) = thread.spawn(work) {
                running.retain(|(other, ..)| *other != name);
                done(broken(name, format!("it can't be compiled now: {error}")));
            }
        }
        let Some(deadline) = running.iter().map(|(.., deadline)| *deadline).min() else {
            return;
        };
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(one) => {
                let before = running.len();
                running.retain(|(name, ..)| *name != one.name);
                // What came too late was given up already.
                if running.len() < before {
                    done(one);
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let now = Instant::now();
                for (name, path, _) in running.extract_if(.., |(.., deadline)| *deadline <= now) {
                    // Not again before it changes.
                    let stamp = Stamp::at(&path);
                    let reason = format!("compiling it takes longer than {TIME_MAX:?}");
                    done(Done {
                        stamp,
                        ..broken(name, reason)
                    });
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn work(loader: &Loader, job: Job, pace: Pace, threads: usize) -> Done {
    let Content {
        wasm,
        sha256,
        stamp,
    } = match folder::read(&job.path) {
        Ok(content) => content,
        Err(reason) => return broken(job.name, reason),
    };
    let mut known = job.known.into_iter();
    let version = match known.find(|(known, _)| *known == sha256) {
        _ if !job.enabled => None,
        Some((_, version)) => Some(version),
        None => Some(
            compile(&wasm, &sha256, loader, pace, threads).and_then(|component| {
                let version = loader.version(&job.name, &component, &sha256)?;
                Ok(Arc::new(version))
            }),
        ),
    };
    Done {
        name: job.name,
        sha256: Some(sha256),
        stamp,
        version,
    }
}

fn compile(
    wasm: &[u8],
    sha256: &str,
    loader: &Loader,
    pace: Pace,
    threads: usize,
) -> Result<Component, String> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|_| "compile".to_owned())
        .start_handler(move |index| pace.lower_priority(index, threads))
        .build()
        .map_err(|error| format!("it can't be compiled now: {error}"))?;
    // The compiler is not proof against everything that a file may hold.
    let compiled = catch_unwind(AssertUnwindSafe(|| {
        pool.install(|| loader.compile(wasm, sha256))
    }));
    compiled.map_err(|_| "the compiler broke on it".to_owned())?
}

fn broken(name: String, reason: String) -> Done {
    Done {
        name,
        sha256: None,
        stamp: None,
        version: Some(Err(reason)),
    }
}
