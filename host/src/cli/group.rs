//! `chapar group`: groups, to which rights can be given.

use super::{CliError, name, principals};
use crate::config::Config;
use crate::state;
use clap::Subcommand;
use storage::{Kind, Principal, Store};

#[derive(Debug, Subcommand)]
pub enum Group {
    /// Add a group
    Add {
        /// The group's name
        name: String,
        /// Its members
        members: Vec<String>,
        /// What people call the group
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
    },
    /// Remove a group; its members stay
    Remove {
        /// The group's name
        name: String,
    },
    /// List the groups
    List,
    /// Change and list the members of a group
    Members {
        /// The group's name
        name: String,
        /// Add a member; may be given several times
        #[arg(long = "add", value_name = "NAME")]
        added: Vec<String>,
        /// Remove a member; may be given several times
        #[arg(long = "remove", value_name = "NAME")]
        removed: Vec<String>,
    },
}

impl Group {
    /// Which one it is about.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Add { name, .. } | Self::Remove { name } | Self::Members { name, .. } => {
                Some(name)
            }
            Self::List => None,
        }
    }

    pub async fn run(self, config: &Config, tenant: &str) -> Result<(), CliError> {
        let store = state::open_store(config, tenant)?;
        let result = self.run_with(config, &*store).await;
        store.close().await;
        result
    }

    async fn run_with(self, config: &Config, store: &dyn Store) -> Result<(), CliError> {
        match self {
            Self::Add {
                name: group,
                members,
                display_name,
            } => {
                let id = name(config, &group)?;
                if store.principal(&id).await.is_ok() {
                    let text = format!("there is a user or group `{id}` already");
                    return Err(CliError::Refused(text));
                }
                let members = known(config, store, &members).await?;
                let principal = Principal {
                    id: id.clone(),
                    kind: Kind::Group,
                    display_name: display_name.unwrap_or_else(|| id.clone()),
                    addresses: Vec::new(),
                };
                store.put_principal(&principal).await?;
                store.set_members(&id, &members).await?;
                println!("added {id}");
            }
            Self::Remove { name: group } => {
                let id = existing(config, store, &group).await?;
                store.remove_principal(&id).await?;
                println!("removed {id}");
            }
            Self::List => {
                for group in principals(store, Kind::Group).await? {
                    println!("{}\t{}", group.id, group.display_name);
                }
            }
            Self::Members {
                name: group,
                added,
                removed,
            } => {
                let id = existing(config, store, &group).await?;
                let mut members = store.members(&id).await?;
                if !added.is_empty() || !removed.is_empty() {
                    let removed = removed.iter().map(|member| name(config, member));
                    let removed: Vec<String> = removed.collect::<Result<_, _>>()?;
                    members.retain(|member| !removed.contains(member));
                    for member in known(config, store, &added).await? {
                        if !members.contains(&member) {
                            members.push(member);
                        }
                    }
                    store.set_members(&id, &members).await?;
                }
                members.iter().for_each(|member| println!("{member}"));
            }
        }
        Ok(())
    }
}

async fn existing(config: &Config, store: &dyn Store, group: &str) -> Result<String, CliError> {
    let id = name(config, group)?;
    match store.principal(&id).await {
        Ok(principal) if principal.kind == Kind::Group => Ok(id),
        Ok(_) | Err(storage::Error::NotFound) => Err(CliError::Refused(format!(
            "there is no group `{id}`: `chapar group list` shows which there are"
        ))),
        Err(error) => Err(error.into()),
    }
}

/// Checks that members exist.
async fn known(
    config: &Config,
    store: &dyn Store,
    members: &[String],
) -> Result<Vec<String>, CliError> {
    let mut known = Vec::new();
    for member in members {
        let id = name(config, member)?;
        match store.principal(&id).await {
            Ok(_) => known.push(id),
            Err(storage::Error::NotFound) => {
                let text = format!("there is no user or group `{id}`");
                return Err(CliError::Refused(text));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(known)
}
