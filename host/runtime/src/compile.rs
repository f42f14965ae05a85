//! Turns files into versions of modules: on threads of their own, one for each file, so that one
//! that takes for ever holds up nobody for ever.

use crate::folder::{self, Fingerprint, Stamp};
use crate::load::{Form, Loader, Version};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use wasmtime::component::Component;

/// How long compiling and describing a file may take. A compiler can't be stopped: its thread goes
/// on, and what it makes is dropped.
const TIME_MAX: Duration = Duration::from_secs(300);
/// How many files are compiled at once while others are served.
const AT_ONCE: usize = 2;
/// How much less than the other threads those get that compile better what serves already: a thirtieth.
const NICER: i32 = 15;
/// And those get that take only what nobody else wants.
const NICEST: i32 = 19;

/// How much of the machine compiling may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// All: nobody is served yet.
    Start,
    /// As much as those who are served, so that what was dropped in serves soon however busy they are. It
    /// lasts seconds, for the code is made in a hurry; and all threads get the same, for the result is
    /// there when the slowest has made its part.
    Background,
    /// Less than that: it serves already, and others wait to.
    Leisure,
}

impl Pace {
    /// How many files at once, and how many threads for each.
    fn shares(self, files: usize) -> (usize, usize) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = match self {
            Self::Start => cores,
            Self::Background => AT_ONCE.min(cores / 2),
            Self::Leisure => 1,
        };
        let at_once = at_once.min(files).max(1);
        (at_once, cores / at_once)
    }

    /// How well what is to serve is compiled: who waits for it is served soon, and well later.
    fn form(self) -> Form {
        match self {
            Self::Start | Self::Leisure => Form::Final,
            Self::Background => Form::Draft,
        }
    }

    /// Takes this thread, one of several that compile a file, behind those that serve.
    fn lower_priority(self, index: usize, threads: usize) {
        let nice = match self {
            Self::Start | Self::Background => return,
            Self::Leisure if index * 2 < threads => NICER,
            Self::Leisure => NICEST,
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
    /// By which its outcome is known.
    pub(crate) ticket: u64,
    pub(crate) task: Task,
}

/// What to do with a file.
pub(crate) enum Task {
    /// Read it: it is not to serve.
    Read,
    /// Make a version of it, unless it is one of these, by SHA-256.
    Make(Vec<(String, Result<Arc<Version>, String>)>),
    /// Compile as well as can be what serves as a draft.
    Refine(Arc<Version>),
}

/// What became of it.
pub(crate) struct Done {
    pub(crate) name: String,
    pub(crate) ticket: u64,
    /// SHA-256 of what was read, if it could be.
    pub(crate) sha256: Option<String>,
    pub(crate) stamp: Option<Stamp>,
    /// None of what was only read.
    pub(crate) version: Option<Result<Arc<Version>, String>>,
}

impl Done {
    /// The same, of a file that was read.
    fn of(mut self, fingerprint: Fingerprint) -> Self {
        self.sha256 = Some(fingerprint.sha256);
        self.stamp = fingerprint.stamp;
        self
    }
}

/// Does jobs, and hands over each when it is done.
pub(crate) fn run(loader: &Arc<Loader>, jobs: Vec<Job>, pace: Pace, mut done: impl FnMut(Done)) {
    let (at_once, threads) = pace.shares(jobs.len());
    let mut jobs = VecDeque::from(jobs);
    let mut running: Vec<Running> = Vec::new();
    let (sender, receiver) = mpsc::channel();
    loop {
        while running.len() < at_once
            && let Some(job) = jobs.pop_front()
        {
            let one = Running {
                name: job.name.clone(),
                path: job.path.clone(),
                ticket: job.ticket,
                deadline: Instant::now() + TIME_MAX,
            };
            let (loader, sender) = (loader.clone(), sender.clone());
            let work = move || {
                pace.lower_priority(0, threads);
                // Whoever asked may wait no more.
                let _ = sender.send(work(&loader, job, pace, threads));
            };
            let thread = std::thread::Builder::new().name("compile".to_owned());
            match thread.spawn(work) {
                Ok(_) => running.push(one),
                Err(error) => done(one.broken(format!("it can't be compiled now: {error}"))),
            }
        }
        let Some(deadline) = running.iter().map(|one| one.deadline).min() else {
            return;
        };
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(one) => {
                let before = running.len();
                running.retain(|other| other.ticket != one.ticket);
                // What came too late was given up already.
                if running.len() < before {
                    done(one);
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let now = Instant::now();
                for one in running.extract_if(.., |one| one.deadline <= now) {
                    // Not again before it changes.
                    let stamp = Stamp::at(&one.path);
                    let reason = format!("compiling it takes longer than {TIME_MAX:?}");
                    done(Done {
                        stamp,
                        ..one.broken(reason)
                    });
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// A job at work.
struct Running {
    name: String,
    path: PathBuf,
    ticket: u64,
    deadline: Instant,
}

impl Running {
    fn broken(self, reason: String) -> Done {
        Done {
            name: self.name,
            ticket: self.ticket,
            sha256: None,
            stamp: None,
            version: Some(Err(reason)),
        }
    }
}

fn work(loader: &Loader, job: Job, pace: Pace, threads: usize) -> Done {
    let mut done = Done {
        name: job.name,
        ticket: job.ticket,
        sha256: None,
        stamp: None,
        version: None,
    };
    let known = match job.task {
        Task::Refine(draft) => {
            done.version = Some(guarded(|| refine(&draft, loader, (pace, threads))));
            return done;
        }
        Task::Make(known) => Some(known),
        Task::Read => None,
    };
    let mut fingerprint = match folder::fingerprint(&job.path) {
        Ok(fingerprint) => fingerprint,
        Err(reason) => {
            done.version = Some(Err(reason));
            return done;
        }
    };
    let Some(known) = known else {
        return done.of(fingerprint);
    };
    let mut known = known.into_iter();
    if let Some((_, version)) = known.find(|(known, _)| *known == fingerprint.sha256) {
        done.version = Some(version);
        return done.of(fingerprint);
    }
    let make = || {
        make(
            (&done.name, &job.path),
            &mut fingerprint,
            loader,
            (pace, threads),
        )
    };
    done.version = Some(guarded(make));
    done.of(fingerprint)
}

/// The compiler is not proof against everything that a file may hold, nor is what loads its results.
fn guarded<T>(make: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let made = catch_unwind(AssertUnwindSafe(make));
    made.unwrap_or_else(|_| Err("the compiler broke on it".to_owned()))
}

fn make(
    (name, path): (&str, &Path),
    fingerprint: &mut Fingerprint,
    loader: &Loader,
    share: (Pace, usize),
) -> Result<Arc<Version>, String> {
    if let Some(component) = loader.kept(&fingerprint.sha256) {
        let version = loader.version(name, &component, &fingerprint.sha256)?;
        return Ok(Arc::new(version));
    }
    let content = folder::read(path)?;
    *fingerprint = content.fingerprint;
    let (wasm, sha256) = (content.wasm, &fingerprint.sha256);
    let (component, form) = compile((&wasm, sha256), share.0.form(), loader, share)?;
    let mut version = loader.version(name, &component, sha256)?;
    version.draft_of = (form == Form::Draft).then_some(wasm);
    Ok(Arc::new(version))
}

fn refine(draft: &Version, loader: &Loader, share: (Pace, usize)) -> Result<Arc<Version>, String> {
    let wasm = draft.draft_of.as_deref().unwrap_or_default();
    let (component, _) = compile((wasm, &draft.sha256), Form::Final, loader, share)?;
    Ok(Arc::new(loader.refined(draft, &component)?))
}

fn compile(
    (wasm, sha256): (&[u8], &str),
    form: Form,
    loader: &Loader,
    (pace, threads): (Pace, usize),
) -> Result<(Component, Form), String> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|_| "compile".to_owned())
        .start_handler(move |index| pace.lower_priority(index, threads))
        .build()
        .map_err(|error| format!("it can't be compiled now: {error}"))?;
    pool.install(|| loader.compile(wasm, sha256, form))
}
