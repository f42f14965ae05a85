//! A tenant as requests meet it: its configuration, its files, and its store, which is opened when
//! it is first needed and closed when nobody has needed it for long: an open store has threads and
//! caches, and of many tenants few are busy.

use super::DEFAULT;
use crate::auth::Users;
use crate::config::Config;
use crate::config::webpush::Destinations;
use crate::http::static_files::StaticFiles;
use crate::metrics::Traffic;
use crate::state;
use crate::tls::{Certificate, TlsError};
use crate::webpush::{self, Vapid};
use arc_swap::ArcSwapOption;
use runtime::{EndpointRules, Tenant};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use storage::{Error, Store};
use tokio::sync::Mutex;

/// How long a store that could not be opened is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A tenant, as one configuration describes it. Another configuration makes another value.
pub struct Site {
    /// Its name.
    pub name: String,
    /// What holds for it.
    pub config: Arc<Config>,
    /// What is served where no module is.
    pub static_files: Option<StaticFiles>,
    certificate: ArcSwapOption<Certificate>,
    /// What is counted of its requests; the same after a reload.
    pub traffic: Arc<Traffic>,
    open: ArcSwapOption<Open>,
    /// Held while opening, with when and why that failed.
    opening: Mutex<Option<(Instant, String)>>,
    began: Instant,
    /// When it was last asked for: milliseconds since `began`.
    used: AtomicU64,
}

/// A tenant whose store is open.
pub struct Open {
    /// As modules see it.
    pub tenant: Arc<Tenant>,
    /// Who may sign in.
    pub users: Users,
    /// The key by which push services know it, if anything is posted to them.
    pub vapid: Option<Arc<Vapid>>,
}

impl Site {
    /// A tenant.
    pub fn new(name: &str, config: Arc<Config>) -> Self {
        let root = config.httpdocroot.clone();
        Self {
            name: name.to_owned(),
            traffic: Arc::default(),
            static_files: root.map(|root| StaticFiles::new(root, config.httpallowedurls.clone())),
            config,
            certificate: ArcSwapOption::empty(),
            open: ArcSwapOption::empty(),
            opening: Mutex::default(),
            began: Instant::now(),
            used: AtomicU64::new(0),
        }
    }

    /// Takes a store that is open already.
    pub fn take_store(&self, store: Arc<dyn Store>) {
        self.open.store(Some(Arc::new(self.of_store(store))));
    }

    /// Takes over from the same tenant under its configuration before: what was counted, its
    /// certificate, until there is another, and its store, if it is open and would be opened no
    /// differently now. If it would, it is opened; that it can't be is a reason to stay with the
    /// configuration before. Waits for the disk.
    pub fn succeed(&mut self, before: &Self) -> Result<(), crate::error::Error> {
        self.traffic = before.traffic.clone();
        if self.config.tls.is_some() {
            self.certificate.store(before.certificate.load_full());
        }
        state::prepare(&self.config)?;
        let (folder, folder_before) = (self.store_folder(), before.store_folder());
        let moves = folder != folder_before;
        let same =
            !moves && state::store_limits(&self.config) == state::store_limits(&before.config);
        let begins = moves && !folder.exists();
        match before.open.load_full() {
            Some(open) if same => self.take_store(open.tenant.store.clone()),
            // Of many tenants few are needed.
            None if !moves || self.name != DEFAULT => {}
            _ => self.take_store(state::open_store(&self.config, &self.name)?),
        }
        if moves {
            let (folder, before) = (folder.display(), folder_before.display());
            tracing::info!(tenant = %self.name, "its store is in {folder} now, and was in {before}");
            if begins {
                tracing::warn!(tenant = %self.name, "there was no store in {folder}: it begins empty");
            }
        }
        Ok(())
    }

    /// Where its store is.
    pub fn store_folder(&self) -> PathBuf {
        state::store_folder(&self.config, &self.name)
    }

    /// As [`Site::open`], for who only sees whether there is anything to do: a store that is open is not used
    /// by that. Whoever sees to all stores again and again would else keep them open for ever.
    pub async fn visit(&self) -> Result<Arc<Open>, Error> {
        match self.opened() {
            Some(open) => Ok(open),
            None => self.open().await,
        }
    }

    /// Its store, with what belongs to it. Whoever holds it keeps it open.
    pub async fn open(&self) -> Result<Arc<Open>, Error> {
        self.used.store(self.now(), Ordering::Relaxed);
        if let Some(open) = self.open.load_full() {
            return Ok(open);
        }
        let mut failed = self.opening.lock().await;
        if let Some(open) = self.open.load_full() {
            return Ok(open);
        }
        if let Some((when, reason)) = &*failed
            && when.elapsed() < RETRY_AFTER
        {
            return Err(Error::Unavailable(reason.clone()));
        }
        let (config, name) = (self.config.clone(), self.name.clone());
        let opening = tokio::task::spawn_blocking(move || state::open_store(&config, &name));
        let opened = match opening.await {
            Ok(opened) => opened.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match opened {
            Ok(store) => {
                *failed = None;
                let open = Arc::new(self.of_store(store));
                self.open.store(Some(open.clone()));
                Ok(open)
            }
            Err(reason) => {
                tracing::error!(tenant = %self.name, "not served: {reason}");
                *failed = Some((Instant::now(), reason.clone()));
                Err(Error::Unavailable(reason))
            }
        }
    }

    /// The certificate that is its own, if it has one.
    pub fn certificate(&self) -> Option<Arc<Certificate>> {
        self.certificate.load_full()
    }

    /// Reads its certificate if the files have changed. One that can't be used leaves the one
    /// before in force.
    pub fn load_certificate(&self) -> Result<(), TlsError> {
        if let Some((cert, key)) = &self.config.tls {
            let before = self.certificate.load_full();
            if let Some(certificate) = Certificate::read(cert, key, before.as_deref())? {
                self.certificate.store(Some(Arc::new(certificate)));
                if before.is_some() {
                    tracing::info!(tenant = %self.name, "certificate replaced");
                }
            }
        }
        Ok(())
    }

    /// What is open now.
    pub fn opened(&self) -> Option<Arc<Open>> {
        self.open.load_full()
    }

    /// Closes the store if nobody has needed it for so long and nobody holds it.
    pub fn close_if_idle(&self, idle_max: Duration) {
        let idle = Duration::from_millis(self.now() - self.used.load(Ordering::Relaxed));
        let Some(open) = self.open.load_full().filter(|_| idle >= idle_max) else {
            return;
        };
        // This one and the one of the site; instances that wait for their next request hold the
        // tenant. Who comes just now has one of its own, and closes the store at its end.
        if Arc::strong_count(&open) == 2 && Arc::strong_count(&open.tenant) == 1 {
            self.open.store(None);
        }
    }

    fn of_store(&self, store: Arc<dyn Store>) -> Open {
        let modules = self.config.httpmodules.as_ref();
        let sends = self.config.smtp.sends();
        let vapid = self.vapid();
        Open {
            users: Users::new(store.clone(), &self.config),
            tenant: Arc::new(Tenant {
                name: self.name.clone(),
                store,
                options: without_secrets(&self.config.set),
                folders: self.config.module_folders.clone(),
                modules: modules.map(|names| names.iter().cloned().collect()),
                mail_domains: sends.then(|| self.config.domains.clone()),
                endpoints: vapid
                    .as_deref()
                    .and_then(|vapid| self.endpoint_rules(vapid)),
            }),
            vapid,
        }
    }

    /// The key that the state folder has, if anything is posted to push services.
    fn vapid(&self) -> Option<Arc<Vapid>> {
        if self.config.webpush.destinations == Destinations::None {
            return None;
        }
        Vapid::load(&self.config.configdirectory)
            .inspect_err(|error| {
                tracing::error!(tenant = %self.name, "nothing is posted to push services: {error}");
            })
            .ok()
            .map(Arc::new)
    }

    /// What holds for what is posted to push services.
    fn endpoint_rules(&self, vapid: &Vapid) -> Option<EndpointRules> {
        let check = match self.config.webpush.destinations {
            Destinations::None => return None,
            Destinations::Public => webpush::check_public,
            Destinations::Any => webpush::check_any,
        };
        Some(EndpointRules {
            server_key: vapid.public_key(),
            check,
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// What modules may read of a configuration, if they say that they do.
fn without_secrets(options: &HashMap<String, String>) -> HashMap<String, String> {
    let mut options = options.clone();
    options.remove("smtp_auth_password");
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::syntax;
    use std::path::Path;

    fn config(options: &str) -> Arc<Config> {
        let file = Path::new("imapd.conf");
        let lines = syntax::parse(options, file).unwrap();
        Arc::new(Config::from_lines(lines, Some(file)).unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_store_is_open_as_long_as_it_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("configdirectory: {}\n", folder.path().display());
        let site = Site::new("a", config(&options));
        assert!(site.opened().is_none());
        let (one, other) = tokio::join!(site.open(), site.open());
        let (one, other) = (one.unwrap(), other.unwrap());
        assert!(Arc::ptr_eq(&one, &other));
        drop(other);
        // Visits don't count as use.
        let long_ago = 0;
        site.used.store(long_ago, Ordering::Relaxed);
        assert!(Arc::ptr_eq(&one, &site.visit().await.unwrap()));
        assert_eq!(site.used.load(Ordering::Relaxed), long_ago);
        // It is in use.
        site.close_if_idle(Duration::ZERO);
        assert!(site.opened().is_some());
        // An instance that waits for its next request holds the tenant alone.
        let tenant = one.tenant.clone();
        drop(one);
        site.close_if_idle(Duration::ZERO);
        assert!(site.opened().is_some());
        drop(tenant);
        site.close_if_idle(Duration::from_secs(3600));
        assert!(site.opened().is_some());
        site.close_if_idle(Duration::ZERO);
        assert!(site.opened().is_none());
        site.open().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn another_configuration_keeps_the_store_unless_it_would_be_another() {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("configdirectory: {}\n", folder.path().display());
        let before = Site::new("a", config(&options));
        let store = before.open().await.unwrap().tenant.store.clone();
        let mut same = Site::new("a", config(&format!("{options}servername: x\n")));
        same.succeed(&before).unwrap();
        let kept = same.open().await.unwrap();
        assert!(Arc::ptr_eq(&kept.tenant.store, &store));
        let mut other = Site::new("a", config(&format!("{options}autocreate_quota: 5\n")));
        other.succeed(&before).unwrap();
        let opened = other.open().await.unwrap();
        assert!(!Arc::ptr_eq(&opened.tenant.store, &store));
    }
}
