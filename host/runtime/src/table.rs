//! The modules in force, and the way from a path to one of them.

use crate::load::Module;
use crate::module::{Descriptor, Extent, ModuleState, Mount};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A module and the mount that a path matched.
#[derive(Clone)]
pub struct Route {
    /// The module's name.
    pub module: String,
    /// The mount.
    pub mount: Arc<Mount>,
}

/// The modules in force: replaced as a whole, never changed.
#[derive(Default)]
pub struct ModuleTable {
    states: Vec<ModuleState>,
    modules: HashMap<String, Arc<Module>>,
    /// The longest path first.
    routes: Vec<Route>,
    well_known: BTreeMap<String, String>,
}

impl ModuleTable {
    /// Finds the mount with the longest path that matches.
    pub fn route(&self, path: &str) -> Option<Route> {
        self.routes
            .iter()
            .find(|route| matches(&route.mount, path))
            .cloned()
    }

    /// Finds where a name below `/.well-known/` leads.
    pub fn well_known(&self, name: &str) -> Option<&str> {
        self.well_known.get(name).map(String::as_str)
    }

    /// Lists what lies in the module folder, loaded or refused.
    pub fn states(&self) -> &[ModuleState] {
        &self.states
    }

    /// Lists the well-known names with their targets.
    pub fn well_known_names(&self) -> Vec<(&str, &str)> {
        self.well_known
            .iter()
            .map(|(name, target)| (name.as_str(), target.as_str()))
            .collect()
    }

    /// Lists what the loaded modules say of themselves, ordered by name.
    pub fn descriptors(&self) -> impl Iterator<Item = &Descriptor> {
        self.states
            .iter()
            .filter(|state| state.enabled)
            .filter_map(|state| state.descriptor.as_ref())
    }

    pub(crate) fn module(&self, name: &str) -> Option<&Arc<Module>> {
        self.modules.get(name)
    }

    /// Makes a table of what was found, refusing modules that want what another one has.
    pub(crate) fn new(found: Vec<(ModuleState, Option<Arc<Module>>)>) -> Self {
        let mut table = Self::default();
        let mut found = found;
        found.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        for (mut state, module) in found {
            if let (Some(module), Some(descriptor)) = (module, &state.descriptor) {
                match table.conflict(descriptor) {
                    Some(reason) => {
                        tracing::error!(module = %state.name, "module refused: {reason}");
                        state.refused = Some(reason);
                    }
                    None => table.add(module, descriptor),
                }
            }
            if state.refused.is_some() {
                state.descriptor = None;
            }
            table.states.push(state);
        }
        table
            .routes
            .sort_by_key(|route| std::cmp::Reverse(route.mount.path.len()));
        table
    }

    fn conflict(&self, descriptor: &Descriptor) -> Option<String> {
        for mount in &descriptor.mounts {
            let taken = self
                .routes
                .iter()
                .find(|route| route.mount.path == mount.path);
            if let Some(route) = taken {
                return Some(format!(
                    "{} is already a mount of module {}: give one of them another prefix",
                    mount.path, route.module
                ));
            }
        }
        let name = descriptor
            .well_known
            .iter()
            .find(|entry| self.well_known.contains_key(&entry.name))?;
        Some(format!(
            "/.well-known/{} already leads to another module: switch one of them off",
            name.name
        ))
    }

    fn add(&mut self, module: Arc<Module>, descriptor: &Descriptor) {
        for mount in &descriptor.mounts {
            self.routes.push(Route {
                module: descriptor.name.clone(),
                mount: Arc::new(mount.clone()),
            });
        }
        for entry in &descriptor.well_known {
            self.well_known
                .insert(entry.name.clone(), entry.target.clone());
        }
        self.modules.insert(descriptor.name.clone(), module);
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
