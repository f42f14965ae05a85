//! Taking over what changed, without dropping a request: SIGHUP and changes of files lead to the
//! same look at everything. What is wrong stays as it was, and the log and [`ReloadState`] say so.

mod leaving;
mod watch;

use crate::accept::Accepting;
use crate::config::{Config, ConfigError};
use crate::error::Error;
use crate::http::dispatch::Host;
use crate::lmtp::LmtpAccepting;
use crate::server::{module_set, runtime_config};
use crate::tenant::{self, Snapshot, TenantError, TenantFile};
use crate::{log, log_format, otlp, service};
use leaving::Leaving;
use parking_lot::Mutex;
use runtime::RuntimeError;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use watch::Watch;

/// Changes come in bursts: how long it must have been quiet before they are looked at.
const QUIET: Duration = Duration::from_millis(100);
/// How long they are waited for at most.
const QUIET_WAIT_MAX: Duration = Duration::from_millis(500);

/// How long ago a file must have been changed to be whole.
const HALF: Duration = Duration::from_millis(50);
/// How long files that change all the time are waited for.
const HALF_WAIT_MAX: Duration = Duration::from_secs(2);

/// How the last look at configuration, tenants, certificates and modules went.
#[derive(Clone, Debug)]
pub struct ReloadState {
    /// When it was.
    pub when: SystemTime,
    /// When everything was last right.
    pub ok: SystemTime,
    /// What is not in force as its file says, and why.
    pub problems: Vec<String>,
}

impl ReloadState {
    /// How it went at the start.
    pub fn begin(problems: Vec<String>) -> Self {
        let now = SystemTime::now();
        Self {
            when: now,
            ok: now,
            problems,
        }
    }

    /// The state after one more look.
    fn next(&self, problems: Vec<String>) -> Self {
        let now = SystemTime::now();
        Self {
            when: now,
            ok: if problems.is_empty() { now } else { self.ok },
            problems,
        }
    }
}

/// Why nothing of a new configuration was taken over.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Tenants(#[from] TenantError),
    #[error(transparent)]
    Listen(#[from] Error),
    #[error(transparent)]
    Log(#[from] log::LogError),
    #[error(transparent)]
    Otlp(#[from] otlp::OtlpError),
    #[error("the reload did not end: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// What accepts requests, and mail.
pub type Listening = (Accepting, LmtpAccepting);

/// Looks at everything again when it is told to, or when a file changes.
pub struct Reloader {
    host: Arc<Host>,
    accepting: Arc<Mutex<Listening>>,
    asked: Arc<Notify>,
    /// Said already.
    warnings: BTreeSet<String>,
    /// What is not in force as its file says; of modules the runtime knows.
    problems: Vec<String>,
    /// Reloads that wait for modules to be compiled.
    compiling: JoinSet<()>,
    /// There are modules that were compiled in a hurry.
    drafts: Arc<Notify>,
    /// Stores that are not served any more and not closed yet.
    leaving: JoinSet<()>,
}

/// How many reloads may wait for the compiler at once; the next one waits for one of them.
const COMPILING_MAX: usize = 4;

impl Reloader {
    /// Reloads what a host answers by; `asked` tells it to, whether a file has changed or not.
    pub fn new(host: Arc<Host>, accepting: Arc<Mutex<Listening>>, asked: Arc<Notify>) -> Self {
        Self {
            problems: host.reload_state().problems.clone(),
            host,
            accepting,
            asked,
            warnings: BTreeSet::new(),
            compiling: JoinSet::new(),
            drafts: Arc::default(),
            leaving: JoinSet::new(),
        }
    }

    /// Reloads for ever.
    pub async fn run(mut self) {
        let changed = Arc::new(Notify::new());
        let mut watch = Watch::start(changed.clone());
        let _refining = refining(self.host.clone(), self.drafts.clone());
        self.warn();
        loop {
            // What changed in a folder before it was watched was not seen.
            while watch.follow(places(&self.host.snapshot())) {
                self.reload().await;
            }
            tokio::select! {
                () = changed.notified() => settle(&changed).await,
                () = self.asked.notified() => tracing::info!("told to reload"),
                Some(_) = self.compiling.join_next() => {
                    self.look();
                    continue;
                }
            }
            self.reload().await;
        }
    }

    async fn reload(&mut self) {
        service::reloading();
        while self.leaving.try_join_next().is_some() {}
        while self.compiling.len() >= COMPILING_MAX {
            self.compiling.join_next().await;
        }
        let problems = match self.try_reload().await {
            Ok(problems) => problems,
            Err(error) => vec![format!("nothing was reloaded: {error}")],
        };
        // A file that stays wrong is not worth a line whenever its neighbour changes.
        for problem in &problems {
            if !self.problems.contains(problem) {
                tracing::error!("{problem}");
            }
        }
        self.problems = problems;
        self.look();
        service::ready();
    }

    /// Notes how everything stands.
    fn look(&mut self) {
        let states = self.host.runtime.states();
        let mut problems = self.problems.clone();
        problems.extend(refusals(&states));
        let before = self.host.reload_state();
        self.host.set_reload_state(before.next(problems));
        self.warn();
    }

    /// Says what is new of what the files say that nobody knows.
    fn warn(&mut self) {
        let warnings = self.host.snapshot().warnings(&self.host.runtime.states());
        for warning in warnings.difference(&self.warnings) {
            tracing::warn!("{warning}");
        }
        self.warnings = warnings;
    }

    /// Takes over all that can be, and says what can't. Modules follow when they are compiled.
    async fn try_reload(&mut self) -> Result<Vec<String>, ReloadError> {
        let before = self.host.snapshot();
        let (config, files) = read(&before).await?;
        let (host, accepting) = (self.host.clone(), self.accepting.clone());
        let replace = move || replace(&host, &accepting, &before, config, files);
        let begun = tokio::task::spawn_blocking(replace).await??;
        let mut problems = begun.problems;
        for one in begun.leaving {
            self.leaving.spawn(one.say());
        }
        match begun.modules {
            Ok(reload) => {
                let (host, drafts) = (self.host.clone(), self.drafts.clone());
                self.compiling.spawn_blocking(move || {
                    host.runtime.end_reload(reload);
                    drafts.notify_one();
                });
            }
            Err(error) => problems.push(error.to_string()),
        }
        Ok(problems)
    }
}

/// What the files say: the configuration, the tenants.
type Read = (Config, Vec<TenantFile>);

/// Reads everything. A file that was changed a moment ago may be half of what it is to be, which is a
/// configuration like any other, or wrong: so it's read again until none was, within bounds.
async fn read(before: &Arc<Snapshot>) -> Result<Read, ReloadError> {
    let began = Instant::now();
    loop {
        let before = before.clone();
        let read = move || match read_once(&before) {
            Ok((config, files)) => {
                let of_tenants = files.iter().filter_map(|file| file.config.as_ref().ok());
                let of_tenants = of_tenants.flat_map(|config| &config.files);
                let settled = config
                    .files
                    .iter()
                    .chain(of_tenants)
                    .all(|file| is_old(file));
                (Ok((config, files)), settled)
            }
            Err(error) => {
                let settled = before.config.files.iter().all(|file| is_old(file));
                (Err(error), settled)
            }
        };
        let (read, settled) = tokio::task::spawn_blocking(read).await?;
        if settled || began.elapsed() > HALF_WAIT_MAX {
            return read;
        }
        tokio::time::sleep(HALF).await;
    }
}

fn read_once(before: &Snapshot) -> Result<Read, ReloadError> {
    let config = before.config.again()?;
    let files = tenant::read(&config)?;
    log::check(&config.log)?;
    Ok((config, files))
}

/// Whether a file was changed so long ago that it's whole. One that isn't there is.
fn is_old(file: &Path) -> bool {
    let modified = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|time| time.elapsed().ok());
    age.is_none_or(|age| age >= HALF)
}

/// Compiles well, one after the other, what was compiled in a hurry; ends when this is dropped.
fn refining(host: Arc<Host>, drafts: Arc<Notify>) -> JoinSet<()> {
    let mut task = JoinSet::new();
    task.spawn(async move {
        loop {
            drafts.notified().await;
            let host = host.clone();
            let _ = tokio::task::spawn_blocking(move || host.runtime.refine()).await;
        }
    });
    task
}

/// What a reload has changed at once, and what is left to do of it.
struct Begun {
    problems: Vec<String>,
    modules: Result<runtime::Reload, RuntimeError>,
    leaving: Vec<Leaving>,
}

fn replace(
    host: &Host,
    accepting: &Mutex<Listening>,
    before: &Snapshot,
    config: Config,
    files: Vec<TenantFile>,
) -> Result<Begun, ReloadError> {
    let (opened, lmtp_opened) = {
        let (http, lmtp) = &*accepting.lock();
        (http.prepare(&config)?, lmtp.prepare(&config.lmtp.listen)?)
    };
    if config.metrics.otlp_endpoint != before.config.metrics.otlp_endpoint {
        otlp::set_endpoint(config.metrics.otlp_endpoint.as_deref())?;
    }
    let snapshot = Snapshot::after(before, Arc::new(config), files)?;
    let mut problems = snapshot.problems();
    problems.extend(snapshot.load_certificates());
    let modules = module_set(&snapshot);
    log::set_filter(&snapshot.config.log)?;
    log_format::set_json(snapshot.config.log_json);
    let changes = snapshot.changes(before);
    if !changes.is_empty() {
        tracing::info!("reloaded: {}", changes.join(", "));
    }
    {
        let (http, lmtp) = &mut *accepting.lock();
        http.follow(&snapshot.config, opened);
        lmtp.follow(&snapshot.config.lmtp.listen, lmtp_opened);
    }
    for name in host.runtime.configure(&runtime_config(&snapshot.config)) {
        tracing::warn!("`module_{name}` needs a restart to be that high");
    }
    host.telemetry.follow(&snapshot.config.configdirectory);
    let leaving = Leaving::between(before, &snapshot);
    host.replace(snapshot);
    Ok(Begun {
        problems,
        modules: host.runtime.begin_reload(&modules),
        leaving,
    })
}

/// The modules that are refused. The runtime has said so in the log.
pub fn refusals(states: &[runtime::ModuleState]) -> impl Iterator<Item = String> {
    states.iter().filter_map(|state| {
        let reason = state.refused.as_ref()?;
        Some(format!("module {} is refused: {reason}", state.name))
    })
}

/// Waits until a burst of changes is over.
async fn settle(changed: &Notify) {
    let quiet = async {
        while tokio::time::timeout(QUIET, changed.notified())
            .await
            .is_ok()
        {}
    };
    let _ = tokio::time::timeout(QUIET_WAIT_MAX, quiet).await;
}

/// The files and folders that everything is read from.
fn places(snapshot: &Snapshot) -> Vec<PathBuf> {
    let config = &snapshot.config;
    let mut places = config.files.clone();
    places.extend([config.moduledir.clone(), config.tenantdir.clone()]);
    for site in snapshot.sites() {
        places.extend(site.config.files.iter().cloned());
        let pair = site.config.tls.iter();
        places.extend(pair.flat_map(|(cert, key)| [cert.clone(), key.clone()]));
    }
    places
}
