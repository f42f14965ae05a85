//! `chapar tenant`: who shares this server, and whose store a command is about.

use super::{CliError, principals};
use crate::config::Config;
use crate::error::Error;
use crate::state;
use crate::tenant::{self, Site, Snapshot};
use clap::Subcommand;
use std::io;
use std::path::Path;
use std::sync::Arc;
use storage::Kind;

#[derive(Debug, Subcommand)]
pub enum Tenant {
    /// List the tenants: name, domains, modules, number of users, bytes of the store; and why those
    /// are refused that don't serve
    List,
}

impl Tenant {
    pub async fn run(self, config: Config) -> Result<(), CliError> {
        let Self::List = self;
        let snapshot = snapshot(config)?;
        for site in snapshot.sites() {
            let modules = match &site.config.httpmodules {
                Some(names) => names.join(" "),
                None => "*".to_owned(),
            };
            let domains = site.config.domains.join(" ");
            let stored = stored(site).await;
            println!("{}\t{domains}\t{modules}\t{stored}", site.name);
        }
        for problem in snapshot.problems() {
            println!("{problem}");
        }
        Ok(())
    }
}

/// How many users there are and how much is stored. A store that isn't there yet is not made.
async fn stored(site: &Site) -> String {
    let folder = state::store_folder(&site.config, &site.name);
    if !folder.join("store.sqlite3").exists() {
        return "0\t0".to_owned();
    }
    let users = async {
        let store = state::open_store(&site.config, &site.name)?;
        let users = principals(&*store, Kind::User).await;
        store.close().await;
        users.map(|users| users.len())
    };
    match (users.await, size(&folder)) {
        (Ok(users), Ok(bytes)) => format!("{users}\t{bytes}"),
        (Err(error), _) => format!("can't be opened: {error}"),
        (_, Err(error)) => format!("can't be read: {error}"),
    }
}

/// Bytes of all files in a folder. Those that go meanwhile don't count.
fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        bytes += match metadata.is_dir() {
            true => size(&entry.path())?,
            false => metadata.len(),
        };
    }
    Ok(bytes)
}

/// The tenant that a command is about: the one that it names, or the one that has the domain of
/// the principal's name. What holds for it, and its name.
pub fn find(
    main: Config,
    tenant: Option<&str>,
    principal: Option<&str>,
) -> Result<(Arc<Config>, String), CliError> {
    let folder = main.tenantdir.display().to_string();
    let snapshot = snapshot(main)?;
    let found = match tenant {
        Some(name) => snapshot.named(name),
        None => {
            let by_domain = principal.and_then(|name| snapshot.site_of_user(name));
            Some(by_domain.unwrap_or(snapshot.default_site()))
        }
    };
    if let Some(site) = found {
        return Ok((site.config.clone(), site.name.clone()));
    }
    let name = tenant.unwrap_or_default();
    let refused = snapshot.refused.iter().find(|it| it.tenant == name);
    Err(CliError::Refused(match refused {
        Some(refused) => refused.reason.to_string(),
        None => format!("there is no tenant `{name}`: {folder} has no {name}.conf"),
    }))
}

fn snapshot(main: Config) -> Result<Snapshot, CliError> {
    let files = tenant::read(&main).map_err(Error::from)?;
    Ok(Snapshot::new(Arc::new(main), files))
}
