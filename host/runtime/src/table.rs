//! The modules in force, what each tenant sees of them, and the way from a path to one of them.

use crate::load::Module;
use crate::module::{Descriptor, Extent, ModuleState, Mount};
use parking_lot::RwLock;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How many tables are kept for tenants that have different modules. Beyond that, all are made
/// anew: sets of modules that no tenant has any more must not stay for ever.
const VIEWS_MAX: usize = 1024;

/// A module that serves.
#[derive(Clone)]
pub(crate) struct InForce {
    pub(crate) module: Arc<Module>,
    /// What it says of itself, with the operator's prefixes.
    pub(crate) descriptor: Arc<Descriptor>,
}

/// Everything that is in force: replaced as a whole, never changed.
#[derive(Default)]
pub(crate) struct Snapshot {
    states: Arc<[ModuleState]>,
    /// Of those who have all modules.
    whole: Arc<ModuleTable>,
    /// Of those who have some, made when first asked for.
    views: RwLock<HashMap<BTreeSet<String>, Arc<ModuleTable>>>,
}

impl Snapshot {
    /// The modules must not want the same mounts or well-known names.
    pub(crate) fn new(in_force: Vec<InForce>, states: Vec<ModuleState>) -> Self {
        Self {
            states: states.into(),
            whole: Arc::new(ModuleTable::new(in_force)),
            views: RwLock::default(),
        }
    }

    /// How each file stands, ordered by name.
    pub(crate) fn states(&self) -> Arc<[ModuleState]> {
        self.states.clone()
    }

    /// Whether a module is in force.
    pub(crate) fn has(&self, module: &Arc<Module>) -> bool {
        let mut all = self.whole.in_force.iter();
        all.any(|one| Arc::ptr_eq(&one.module, module))
    }

    /// What those see who have these modules; none for all.
    pub(crate) fn view(&self, enabled: Option<&BTreeSet<String>>) -> Arc<ModuleTable> {
        let Some(enabled) = enabled else {
            return self.whole.clone();
        };
        if let Some(table) = self.views.read().get(enabled) {
            return table.clone();
        }
        let has = |one: &&InForce| enabled.contains(&one.descriptor.name);
        let some = self.whole.in_force.iter().filter(has).cloned().collect();
        let table = Arc::new(ModuleTable::new(some));
        let mut views = self.views.write();
        if views.len() >= VIEWS_MAX {
            views.clear();
        }
        views.insert(enabled.clone(), table.clone());
        table
    }
}

/// A module and the mount that a path matched. It keeps the module, so that a request is answered
/// by the one that it was meant for, whatever is loaded meanwhile.
#[derive(Clone)]
pub struct Route {
    /// The module's name.
    pub module: String,
    /// The mount.
    pub mount: Arc<Mount>,
    pub(crate) serving: Arc<Module>,
}

/// The modules of a tenant: replaced as a whole, never changed.
#[derive(Default)]
pub struct ModuleTable {
    /// Ordered by name.
    in_force: Vec<InForce>,
    /// The longest path first.
    routes: Vec<Route>,
    /// Name and target, ordered by name.
    well_known: Vec<(String, String)>,
}

impl ModuleTable {
    fn new(mut in_force: Vec<InForce>) -> Self {
        in_force.sort_by(|one, other| one.descriptor.name.cmp(&other.descriptor.name));
        let mut table = Self::default();
        for InForce { module, descriptor } in &in_force {
            table
                .routes
                .extend(descriptor.mounts.iter().map(|mount| Route {
                    module: descriptor.name.clone(),
                    mount: Arc::new(mount.clone()),
                    serving: module.clone(),
                }));
            let names = descriptor.well_known.iter();
            table
                .well_known
                .extend(names.map(|entry| (entry.name.clone(), entry.target.clone())));
        }
        table
            .routes
            .sort_by_key(|route| std::cmp::Reverse(route.mount.path.len()));
        table.well_known.sort();
        table.in_force = in_force;
        table
    }

    /// Finds the mount with the longest path that matches.
    pub fn route(&self, path: &str) -> Option<Route> {
        self.routes
            .iter()
            .find(|route| matches(&route.mount, path))
            .cloned()
    }

    /// Finds where a name below `/.well-known/` leads.
    pub fn well_known(&self, name: &str) -> Option<&str> {
        let mut names = self.well_known.iter();
        names
            .find(|(known, _)| known == name)
            .map(|(_, target)| target.as_str())
    }

    /// Lists the well-known names with their targets.
    pub fn well_known_names(&self) -> Vec<(&str, &str)> {
        self.well_known
            .iter()
            .map(|(name, target)| (name.as_str(), target.as_str()))
            .collect()
    }

    /// Lists what the modules say of themselves, ordered by name.
    pub fn descriptors(&self) -> impl Iterator<Item = &Descriptor> {
        self.in_force.iter().map(|one| &*one.descriptor)
    }

    pub(crate) fn module(&self, name: &str) -> Option<&Arc<Module>> {
        let mut all = self.in_force.iter();
        all.find(|one| one.descriptor.name == name)
            .map(|one| &one.module)
    }
}

/// Whether a mount answers for a path. Mount paths have no slash at their end.
fn matches(mount: &Mount, path: &str) -> bool {
    let Some(rest) = path.strip_prefix(mount.path.trim_end_matches('/')) else {
        return false;
    };
    match mount.extent {
        Extent::Exact => rest.is_empty() || rest == "/",
        Extent::Prefix => rest.is_empty() || rest.starts_with('/'),
    }
}
