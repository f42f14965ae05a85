//! What is in force, and how it follows the folder of modules and the operator's settings: what is
//! refused changes nothing, and what serves keeps its place before what is new.

use crate::compile::{self, Done, Job, Pace};
use crate::folder::{self, Stamp};
use crate::load::{Loader, Version};
use crate::module::{Descriptor, ModuleState, Standing};
use crate::table::{InForce, Snapshot};
use crate::{ModuleSet, RuntimeError, descriptor};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a reload has changed, by the names of modules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// They serve now, and did not.
    pub added: Vec<String>,
    /// They serve in another version.
    pub replaced: Vec<String>,
    /// They serve no more.
    pub removed: Vec<String>,
    /// What their files have is refused, and why. An older version may serve.
    pub refused: Vec<(String, String)>,
}

impl Changes {
    fn between(before: &[ModuleState], after: &[ModuleState]) -> Self {
        let mut changes = Self::default();
        let find = |states: &[ModuleState], name: &str| {
            let mut states = states.iter();
            states.find(|state| state.name == name).cloned()
        };
        for state in after {
            let old = find(before, &state.name);
            let served = old.as_ref().and_then(|old| old.serving.as_ref());
            let name = state.name.clone();
            match (served, &state.serving) {
                (None, Some(_)) => changes.added.push(name),
                (Some(old), Some(new)) if old != new => changes.replaced.push(name),
                (Some(_), None) => changes.removed.push(name),
                _ => {}
            }
            let known = old
                .is_some_and(|old| (&old.refused, &old.sha256) == (&state.refused, &state.sha256));
            if let Some(reason) = state.refused.as_ref().filter(|_| !known) {
                changes.refused.push((state.name.clone(), reason.clone()));
            }
        }
        let gone = before
            .iter()
            .filter(|state| state.serving.is_some() && find(after, &state.name).is_none());
        changes.removed.extend(gone.map(|state| state.name.clone()));
        changes
    }

    fn log(&self) {
        for name in &self.added {
            tracing::info!(module = %name, "module serves");
        }
        for name in &self.replaced {
            tracing::info!(module = %name, "module serves in another version");
        }
        for name in &self.removed {
            tracing::info!(module = %name, "module serves no more");
        }
        for (name, reason) in &self.refused {
            tracing::error!(module = %name, "module refused: {reason}");
        }
    }
}

/// The folder as it was last looked at, and what is in force.
pub(crate) struct Reloader {
    loader: Arc<Loader>,
    files: BTreeMap<String, File>,
    in_force: BTreeMap<String, Holder>,
    states: Vec<ModuleState>,
}

/// A file of the folder.
struct File {
    path: PathBuf,
    size: u64,
    /// None if it can't be told by looking whether the file has changed.
    stamp: Option<Stamp>,
    /// Of what was read.
    sha256: Option<String>,
    /// What it is, or why it is nothing; none before it was compiled.
    version: Option<Result<Arc<Version>, String>>,
}

/// What serves under a name.
struct Holder {
    version: Arc<Version>,
    descriptor: Arc<Descriptor>,
    since: storage::Instant,
}

impl Reloader {
    pub(crate) fn new(loader: Loader) -> Self {
        Self {
            loader: Arc::new(loader),
            files: BTreeMap::new(),
            in_force: BTreeMap::new(),
            states: Vec::new(),
        }
    }

    /// Brings what is in force up to the folder and the settings. Publishes what has changed: at
    /// the start once, later as soon as each file is done.
    pub(crate) fn reload(
        &mut self,
        set: &ModuleSet,
        pace: Pace,
        mut publish: impl FnMut(Snapshot),
    ) -> Result<Changes, RuntimeError> {
        let jobs = self.scan(set)?;
        let before = self.states.clone();
        if pace == Pace::Background {
            self.settle(set, &mut publish);
        }
        compile::run(&self.loader.clone(), jobs, pace, |done| {
            self.take(done);
            if pace == Pace::Background {
                self.settle(set, &mut publish);
            }
        });
        if pace == Pace::Start {
            self.settle(set, &mut publish);
        }
        self.sweep();
        Ok(Changes::between(&before, &self.states))
    }

    /// Looks which files have come, changed and gone.
    fn scan(&mut self, set: &ModuleSet) -> Result<Vec<Job>, RuntimeError> {
        let paths = folder::scan(&set.moduledir)?;
        self.files
            .retain(|name, file| paths.get(name) == Some(&file.path));
        let mut jobs = Vec::new();
        for (name, path) in paths {
            let enabled = set.has(&name);
            let stamp = Stamp::at(&path);
            let file = self.files.entry(name.clone()).or_insert_with(|| File {
                path: path.clone(),
                size: 0,
                stamp: None,
                sha256: None,
                version: None,
            });
            file.size = stamp.map_or(0, |stamp| stamp.size);
            if !enabled {
                // Its compiled form stays in the cache: it may be switched on again.
                file.version = None;
            }
            let unchanged = stamp.is_some() && file.stamp == stamp;
            if unchanged && (file.version.is_some() || !enabled) {
                continue;
            }
            let own = file.sha256.clone().zip(file.version.clone());
            let serving = self.in_force.get(&name).map(|holder| &holder.version);
            let serving = serving.map(|one| (one.sha256.clone(), Ok(one.clone())));
            jobs.push(Job {
                name,
                path,
                enabled,
                known: own.into_iter().chain(serving).collect(),
            });
        }
        Ok(jobs)
    }

    fn take(&mut self, done: Done) {
        if let Some(file) = self.files.get_mut(&done.name) {
            file.stamp = done.stamp;
            file.sha256 = done.sha256;
            file.version = done.version;
        }
    }

    /// Puts in force what may be.
    fn settle(&mut self, set: &ModuleSet, publish: &mut impl FnMut(Snapshot)) {
        let held: BTreeSet<String> = self.in_force.keys().cloned().collect();
        self.keep(set);
        let refused = self.advance(set, &held);
        let states = self.states(set, refused);
        if states == self.states {
            return;
        }
        let before = std::mem::replace(&mut self.states, states);
        publish(self.snapshot());
        Changes::between(&before, &self.states).log();
    }

    /// Keeps in force what the folder still has and the settings still allow.
    fn keep(&mut self, set: &ModuleSet) {
        for (name, mut holder) in std::mem::take(&mut self.in_force) {
            if !set.has(&name) || !self.files.contains_key(&name) {
                continue;
            }
            let descriptor = holder.version.descriptor(&set.prefixes);
            let allowed = holder.version.refusal(&set.grants).is_none();
            if allowed && self.conflict(&name, &descriptor).is_none() {
                if *holder.descriptor != descriptor {
                    holder.descriptor = Arc::new(descriptor);
                }
                self.in_force.insert(name, holder);
            }
        }
    }

    /// Puts new versions in force, those first that replace what was; says what is refused.
    fn advance(&mut self, set: &ModuleSet, held: &BTreeSet<String>) -> BTreeMap<String, String> {
        let mut refused = BTreeMap::new();
        let mut waiting = Vec::new();
        for (name, file) in self.files.iter().filter(|(name, _)| set.has(name)) {
            match &file.version {
                None => {}
                Some(Err(reason)) => drop(refused.insert(name.clone(), reason.clone())),
                Some(Ok(version)) => {
                    let holder = self.in_force.get(name);
                    if holder.is_some_and(|holder| holder.version.sha256 == version.sha256) {
                        continue;
                    }
                    match version.refusal(&set.grants) {
                        Some(reason) => drop(refused.insert(name.clone(), reason)),
                        None => waiting.push((name.clone(), version.clone())),
                    }
                }
            }
        }
        let (replacing, new): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|(name, _)| held.contains(name));
        for mut waiting in [replacing, new] {
            // One may wait for what another gives up.
            loop {
                let count = waiting.len();
                waiting.retain(|(name, version)| {
                    let descriptor = version.descriptor(&set.prefixes);
                    match self.conflict(name, &descriptor) {
                        Some(reason) => {
                            refused.insert(name.clone(), reason);
                            true
                        }
                        None => {
                            refused.remove(name);
                            let holder = Holder {
                                version: version.clone(),
                                descriptor: Arc::new(descriptor),
                                since: now(),
                            };
                            self.in_force.insert(name.clone(), holder);
                            false
                        }
                    }
                });
                if waiting.len() == count {
                    break;
                }
            }
        }
        refused
    }

    /// Why a module can't be in force beside the others.
    fn conflict(&self, name: &str, descriptor: &Descriptor) -> Option<String> {
        let mut others = self.in_force.iter().filter(|(other, _)| *other != name);
        others.find_map(|(_, holder)| descriptor::conflict(descriptor, &holder.descriptor))
    }

    fn states(&self, set: &ModuleSet, mut refused: BTreeMap<String, String>) -> Vec<ModuleState> {
        let files = self.files.iter().map(|(name, file)| {
            let holder = self.in_force.get(name);
            let refused = refused.remove(name);
            let enabled = set.has(name);
            let same = holder.is_some_and(|one| Some(&one.version.sha256) == file.sha256.as_ref());
            ModuleState {
                name: name.clone(),
                file: file.path.display().to_string(),
                sha256: file.sha256.clone(),
                size: file.size,
                enabled,
                standing: match (holder, &refused) {
                    (Some(_), _) if same => Standing::Serving,
                    (Some(_), _) => Standing::Older,
                    (None, _) if !enabled => Standing::Off,
                    (None, Some(_)) => Standing::Refused,
                    (None, None) => Standing::Compiling,
                },
                refused,
                descriptor: holder.map(|holder| (*holder.descriptor).clone()),
                serving: holder.map(|holder| holder.version.sha256.clone()),
                since: holder.map(|holder| holder.since),
            }
        });
        let named = set.httpmodules.iter().flatten();
        let missing = named.filter(|name| !self.files.contains_key(*name));
        let missing = missing.map(|name| {
            let file = set.moduledir.join(format!("{name}.wasm"));
            ModuleState {
                name: name.clone(),
                file: file.display().to_string(),
                sha256: None,
                size: 0,
                enabled: true,
                standing: Standing::Refused,
                refused: Some("httpmodules names it, but there is no such file".to_owned()),
                descriptor: None,
                serving: None,
                since: None,
            }
        });
        let mut states: Vec<ModuleState> = files.chain(missing).collect();
        states.sort_by(|one, other| one.name.cmp(&other.name));
        states
    }

    fn snapshot(&self) -> Snapshot {
        let in_force = self.in_force.values().map(|holder| InForce {
            module: holder.version.module.clone(),
            descriptor: holder.descriptor.clone(),
        });
        Snapshot::new(in_force.collect(), self.states.clone())
    }

    /// Removes compiled forms that neither a file nor what is in force needs.
    fn sweep(&self) {
        let Some(cache) = &self.loader.cache else {
            return;
        };
        let files = self.files.values().filter_map(|file| file.sha256.clone());
        let serving = self.in_force.values();
        let serving = serving.map(|holder| holder.version.sha256.clone());
        cache.sweep(&files.chain(serving).collect::<Vec<_>>());
    }
}

fn now() -> storage::Instant {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
