//! All that requests are answered by and that a reload replaces. A request takes the snapshot that
//! is in force when it comes, and keeps it to its end.

use super::{DEFAULT, Site, TenantError, TenantFile};
use crate::config::{Config, ServerInfo};
use crate::error::Error;
use crate::otlp;
use http::HeaderValue;
use runtime::{ModuleState, TenantLimits};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The configuration in force, made into what requests need.
pub struct Snapshot {
    /// What the main file says.
    pub config: Arc<Config>,
    /// The Server field, if there is one.
    pub server: Option<HeaderValue>,
    /// The tenants whose files can't be used; those that were served before still are.
    pub refused: Vec<Refused>,
    default: Arc<Site>,
    sites: BTreeMap<String, Arc<Site>>,
    /// By domain, in lower case: of Hosts and of users.
    domains: HashMap<String, Arc<Site>>,
}

/// A tenant whose file can't be used.
#[derive(Debug)]
pub struct Refused {
    /// Its name.
    pub tenant: String,
    /// Why.
    pub reason: TenantError,
}

impl Snapshot {
    /// Puts together what a configuration says, for a start.
    pub fn new(config: Arc<Config>, files: Vec<TenantFile>) -> Self {
        let default = Arc::new(Site::new(DEFAULT, config.clone()));
        Self::with(config, default, files, None)
    }

    /// Puts together what a configuration says after another one. Tenants that it does not change
    /// stay the same values, those whose files can't be used stay as they were. Fails if the main
    /// file's own tenant would have a store that can't be used. Waits for the disk.
    pub fn after(
        before: &Self,
        config: Arc<Config>,
        files: Vec<TenantFile>,
    ) -> Result<Self, Error> {
        let default = succeed(DEFAULT, config.clone(), Some(&before.default))?;
        Ok(Self::with(config, default, files, Some(before)))
    }

    fn with(
        config: Arc<Config>,
        default: Arc<Site>,
        files: Vec<TenantFile>,
        before: Option<&Self>,
    ) -> Self {
        let server = match config.serverinfo {
            ServerInfo::On => Some(concat!("Chapar/", env!("CARGO_PKG_VERSION"))),
            ServerInfo::Min => Some("Chapar"),
            ServerInfo::Off => None,
        };
        let mut snapshot = Self {
            config,
            server: server.map(HeaderValue::from_static),
            refused: Vec::new(),
            default: default.clone(),
            sites: BTreeMap::new(),
            domains: HashMap::new(),
        };
        snapshot.claim(&default);
        // Who has a domain keeps it, and who wants it, too, is refused.
        let mut changed = Vec::new();
        for TenantFile { name, config } in files {
            let old = before.and_then(|before| before.named(&name));
            let site = config.and_then(|config| {
                let site = succeed(&name, Arc::new(config), old);
                site.map_err(|error| TenantError::Store(error.to_string()))
            });
            match (site, old) {
                (Ok(site), Some(old)) if Arc::ptr_eq(&site, old) => snapshot.admit(site, None),
                (Ok(site), old) => changed.push((site, old)),
                (Err(reason), old) => snapshot.refuse(&name, reason, old),
            }
        }
        for (site, old) in changed {
            snapshot.admit(site, old);
        }
        snapshot
    }

    /// The main file's own tenant: the one of all that no other claims.
    pub fn default_site(&self) -> &Arc<Site> {
        &self.default
    }

    /// The tenant that answers at a Host.
    pub fn site(&self, authority: &str) -> &Arc<Site> {
        if self.domains.is_empty() {
            return &self.default;
        }
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        };
        let host = host.trim_end_matches('.');
        self.domains.get(&*lower(host)).unwrap_or(&self.default)
    }

    /// The tenant that has this user, if the name has a domain and that is someone's.
    pub fn site_of_user(&self, user: &str) -> Option<&Arc<Site>> {
        let (_, domain) = user.rsplit_once('@')?;
        self.domains.get(&*lower(domain))
    }

    /// Whether there are tenants beside the main file's own.
    pub fn has_tenants(&self) -> bool {
        !self.sites.is_empty()
    }

    /// A tenant by name.
    pub fn named(&self, name: &str) -> Option<&Arc<Site>> {
        match name {
            DEFAULT => Some(&self.default),
            name => self.sites.get(name),
        }
    }

    /// Reads the certificates that have changed; returns why some are not in force.
    pub fn load_certificates(&self) -> Vec<String> {
        let failed = |site: &Arc<Site>| {
            let error = site.load_certificate().err()?;
            Some(format!("certificate of tenant {}: {error}", site.name))
        };
        self.sites().filter_map(failed).collect()
    }

    /// Why tenants are not as their files say.
    pub fn problems(&self) -> Vec<String> {
        let refused = self.refused.iter();
        refused
            .map(|refused| format!("tenant {} refused: {}", refused.tenant, refused.reason))
            .collect()
    }

    /// What is not as it was before, for people.
    pub fn changes(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        if self.config.set != before.config.set {
            changes.push("options of the main file".to_owned());
        }
        for (name, site) in &self.sites {
            match before.sites.get(name) {
                None => changes.push(format!("new tenant {name}")),
                Some(old) if !Arc::ptr_eq(old, site) => changes.push(format!("tenant {name}")),
                Some(_) => {}
            }
        }
        let gone = before.sites.keys();
        let gone = gone.filter(|name| !self.sites.contains_key(*name));
        changes.extend(gone.map(|name| format!("tenant {name} gone")));
        changes
    }

    /// What the files say that nobody knows or that isn't there.
    pub fn warnings(&self, states: &[ModuleState]) -> BTreeSet<String> {
        let descriptors = states.iter().filter_map(|state| state.descriptor.as_ref());
        let options = descriptors.flat_map(|descriptor| &descriptor.options);
        let known: Vec<&str> = options.map(|option| option.name.as_str()).collect();
        let unknown = self.sites().flat_map(|site| site.config.warnings(&known));
        let wanted = self
            .sites()
            .flat_map(|site| site.config.httpmodules.iter().flatten());
        let there = |name: &str| states.iter().any(|state| state.name == name);
        let absent = wanted.filter(|name| !there(name)).map(|name| {
            let folder = self.config.moduledir.display();
            format!("httpmodules names `{name}`, but there is no {name}.wasm in {folder}")
        });
        let lacks = self.config.metrics.otlp_endpoint.is_some() && !otlp::is_built_in();
        let lacks = lacks.then(|| {
            "`otlp_endpoint` is ignored: this was built without the feature `otlp`".to_owned()
        });
        unknown.chain(absent).chain(lacks).collect()
    }

    /// The modules that any tenant has; none for all that there are.
    pub fn modules(&self) -> Option<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for site in self.sites() {
            names.extend(site.config.httpmodules.as_ref()?.iter().cloned());
        }
        Some(names)
    }

    /// What tenants may use, by name.
    pub fn limits(&self) -> HashMap<String, TenantLimits> {
        let limits = |site: &Arc<Site>| (site.name.clone(), site.config.tenant_limits);
        self.sites().map(limits).collect()
    }

    /// Every tenant.
    pub fn sites(&self) -> impl Iterator<Item = &Arc<Site>> {
        std::iter::once(&self.default).chain(self.sites.values())
    }

    fn admit(&mut self, site: Arc<Site>, old: Option<&Arc<Site>>) {
        match self.holder(&site) {
            None => {
                self.claim(&site);
                self.sites.insert(site.name.clone(), site);
            }
            Some((domain, first)) => {
                let reason = TenantError::Claimed {
                    first: first.name.clone(),
                    second: site.name.clone(),
                    domain,
                };
                self.refuse(&site.name, reason, old);
            }
        }
    }

    /// Leaves a tenant as it was, unless that isn't possible either.
    fn refuse(&mut self, name: &str, reason: TenantError, old: Option<&Arc<Site>>) {
        self.refused.push(Refused {
            tenant: name.to_owned(),
            reason,
        });
        if let Some(old) = old.filter(|old| self.holder(old).is_none()) {
            self.claim(old);
            self.sites.insert(name.to_owned(), old.clone());
        }
    }

    /// Who has a domain already that a tenant claims.
    fn holder(&self, site: &Site) -> Option<(String, &Arc<Site>)> {
        let mut domains = site.config.domains.iter();
        domains.find_map(|domain| Some((domain.clone(), self.domains.get(domain)?)))
    }

    fn claim(&mut self, site: &Arc<Site>) {
        for domain in &site.config.domains {
            self.domains.insert(domain.clone(), site.clone());
        }
    }
}

/// A tenant that comes after what it was; the same value if nothing of it has changed.
fn succeed(name: &str, config: Arc<Config>, old: Option<&Arc<Site>>) -> Result<Arc<Site>, Error> {
    let Some(old) = old else {
        return Ok(Arc::new(Site::new(name, config)));
    };
    if old.config.set == config.set {
        return Ok(old.clone());
    }
    let mut site = Site::new(name, config);
    site.succeed(old)?;
    Ok(Arc::new(site))
}

/// A name as it is looked for; most are in lower case already.
fn lower(name: &str) -> Cow<'_, str> {
    match name.chars().any(char::is_uppercase) {
        true => Cow::Owned(name.to_lowercase()),
        false => Cow::Borrowed(name),
    }
}
