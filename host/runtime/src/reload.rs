//! What is in force, and how it follows the folder of modules and the operator's settings: what is
//! refused changes nothing, and what serves keeps its place before what is new.

use crate::compile::{Done, Job, Task};
use crate::folder::{self, Stamp};
use crate::load::{Loader, Version};
use crate::module::{Descriptor, ModuleState, Standing};
use crate::table::{InForce, Snapshot};
use crate::{ModuleSet, RuntimeError, descriptor};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
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

/// A reload that has begun: the settings are in force, what has to be compiled is not.
pub struct Reload {
    jobs: Vec<Job>,
    before: Vec<ModuleState>,
}

impl Reload {
    /// What has to be done.
    pub(crate) fn take_jobs(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.jobs)
    }
}

/// The folder as it was last looked at, and what is in force.
pub(crate) struct Reloader {
    pub(crate) loader: Arc<Loader>,
    /// Those that hold now.
    set: ModuleSet,
    /// Of the last job.
    ticket: u64,
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
    /// The job that looks at it.
    look: Option<Look>,
}

/// A job that has begun.
struct Look {
    ticket: u64,
    /// What the file was like then.
    stamp: Option<Stamp>,
    enabled: bool,
}

/// What serves under a name.
struct Holder {
    version: Arc<Version>,
    descriptor: Arc<Descriptor>,
    since: storage::Instant,
    /// A draft that can't be compiled better.
    rough: bool,
}

impl Reloader {
    pub(crate) fn new(loader: Arc<Loader>, set: ModuleSet) -> Self {
        Self {
            loader,
            set,
            ticket: 0,
            files: BTreeMap::new(),
            in_force: BTreeMap::new(),
            states: Vec::new(),
        }
    }

    /// Begins to bring what is in force up to the folder and the settings: says what has to be
    /// done for that. Each outcome is then [taken](Self::take).
    pub(crate) fn begin(&mut self, set: &ModuleSet) -> Result<Reload, RuntimeError> {
        let paths = folder::scan(&set.moduledir)?;
        self.set = set.clone();
        Ok(Reload {
            jobs: self.look(paths),
            before: self.states.clone(),
        })
    }

    /// Ends a reload.
    pub(crate) fn end(&self, reload: &Reload) -> Changes {
        self.sweep();
        Changes::between(&reload.before, &self.states)
    }

    /// Looks which files have come, changed and gone.
    fn look(&mut self, paths: BTreeMap<String, PathBuf>) -> Vec<Job> {
        self.files
            .retain(|name, file| paths.get(name) == Some(&file.path));
        let mut jobs = Vec::new();
        for (name, path) in paths {
            let enabled = self.set.has(&name);
            let stamp = Stamp::at(&path);
            let file = self.files.entry(name.clone()).or_insert_with(|| File {
                path: path.clone(),
                size: 0,
                stamp: None,
                sha256: None,
                version: None,
                look: None,
            });
            file.size = stamp.map_or(0, |stamp| stamp.size);
            if !enabled {
                // Its compiled form stays in the cache: it may be switched on again.
                file.version = None;
            }
            let looked_at = file.look.as_ref();
            if stamp.is_some()
                && looked_at.is_some_and(|look| look.stamp == stamp && look.enabled == enabled)
            {
                continue;
            }
            // Whatever else looks at it looks at what it was.
            file.look = None;
            let unchanged = stamp.is_some() && file.stamp == stamp;
            if unchanged && (file.version.is_some() || !enabled) {
                continue;
            }
            self.ticket += 1;
            file.look = Some(Look {
                ticket: self.ticket,
                stamp,
                enabled,
            });
            let own = file.sha256.clone().zip(file.version.clone());
            let serving = self.in_force.get(&name).map(|holder| &holder.version);
            let serving = serving.map(|one| (one.sha256.clone(), Ok(one.clone())));
            jobs.push(Job {
                name,
                path,
                ticket: self.ticket,
                task: match enabled {
                    true => Task::Make(own.into_iter().chain(serving).collect()),
                    false => Task::Read,
                },
            });
        }
        jobs
    }

    /// Takes the outcome of a job. Says whether anything was waiting for it.
    pub(crate) fn take(&mut self, done: Done) -> bool {
        let file = self.files.get_mut(&done.name);
        let waits = |file: &&mut File| {
            let look = file.look.as_ref();
            look.is_some_and(|look| look.ticket == done.ticket)
        };
        let Some(file) = file.filter(waits) else {
            return false;
        };
        file.look = None;
        file.stamp = done.stamp;
        file.sha256 = done.sha256;
        file.version = done.version;
        true
    }

    /// What serves as a draft, and may serve better.
    pub(crate) fn drafts(&mut self) -> Vec<Job> {
        let in_force = self.in_force.iter();
        let drafts =
            in_force.filter(|(_, holder)| !holder.rough && holder.version.draft_of.is_some());
        let jobs = drafts
            .zip(self.ticket + 1..)
            .map(|((name, holder), ticket)| Job {
                name: name.clone(),
                path: PathBuf::new(),
                ticket,
                task: Task::Refine(holder.version.clone()),
            });
        let jobs: Vec<Job> = jobs.collect();
        self.ticket += jobs.len() as u64;
        jobs
    }

    /// Puts what was compiled better in the place of its draft, if that serves still. It is the
    /// same version, so nobody is told.
    pub(crate) fn refine(&mut self, done: Done) -> Option<Snapshot> {
        let holder = self.in_force.get_mut(&done.name)?;
        let refined = match done.version? {
            Ok(refined) => refined,
            Err(reason) => {
                tracing::warn!(module = %done.name, "it stays slow: {reason}");
                holder.rough = true;
                return None;
            }
        };
        if holder.version.sha256 != refined.sha256 {
            return None;
        }
        self.put_in_place(&done.name, refined);
        tracing::debug!(module = %done.name, "it is compiled as well as can be");
        Some(self.snapshot())
    }

    /// Puts the same version of a module, compiled or loaded another way, in the place of what serves.
    fn put_in_place(&mut self, name: &str, refined: Arc<Version>) {
        if let Some(holder) = self.in_force.get_mut(name) {
            holder.version = refined.clone();
        }
        let file = self.files.get_mut(name);
        if let Some(Ok(version)) = file.and_then(|file| file.version.as_mut())
            && version.sha256 == refined.sha256
        {
            *version = refined;
        }
    }

    /// Puts in force what may be. Returns that if it is not what was.
    pub(crate) fn settle(&mut self) -> Option<Snapshot> {
        let set = self.set.clone();
        let held: BTreeSet<String> = self.in_force.keys().cloned().collect();
        self.keep(&set);
        let refused = self.advance(&set, &held);
        let states = self.states(&set, refused);
        if states == self.states {
            return None;
        }
        let before = std::mem::replace(&mut self.states, states);
        Changes::between(&before, &self.states).log();
        Some(self.snapshot())
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
                                rough: false,
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

    /// Keeps compiled forms in another folder from now on, with those that are needed: a start must
    /// not have to compile them anew. What serves is loaded from there, so that nothing of the folder
    /// before stays in use.
    pub(crate) fn move_cache(&mut self, folder: &Path) -> Option<Snapshot> {
        let loader = self.loader.clone();
        let before = loader.cache.load_full();
        if before.as_ref().is_some_and(|cache| cache.is_at(folder)) {
            return None;
        }
        let cache = loader.open_cache(folder);
        loader.cache.store(cache.clone());
        let cache = cache?;
        if let Some(before) = before {
            cache.take_over(&before, &self.needed());
        }
        let serving = self.in_force.iter();
        let serving = serving.map(|(name, holder)| (name.clone(), holder.version.clone()));
        for (name, version) in serving.collect::<Vec<_>>() {
            let component = cache.find(&loader.engine, &version.sha256);
            let moved = component.and_then(|it| loader.refined(&version, &it).ok());
            if let Some(moved) = moved {
                self.put_in_place(&name, Arc::new(moved));
            }
        }
        Some(self.snapshot())
    }

    /// The hashes of all files whose compiled forms are needed.
    fn needed(&self) -> Vec<String> {
        let files = self.files.values().filter_map(|file| file.sha256.clone());
        let serving = self.in_force.values();
        let serving = serving.map(|holder| holder.version.sha256.clone());
        files.chain(serving).collect()
    }

    /// Removes compiled forms that neither a file nor what is in force needs, once all files are
    /// known.
    pub(crate) fn sweep(&self) {
        let cache = self.loader.cache.load_full();
        let Some(cache) = cache.filter(|_| self.set.sweeps) else {
            return;
        };
        if self.files.values().any(|file| file.look.is_some()) {
            return;
        }
        cache.sweep(&self.needed());
    }
}

fn now() -> storage::Instant {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
