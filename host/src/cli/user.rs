//! `chapar user`: who may sign in.

use super::{CliError, ask_password, name, principals};
use crate::auth::password;
use crate::config::Config;
use crate::state;
use clap::Subcommand;
use std::io::{IsTerminal, Write};
use storage::{Kind, Principal, Store};

#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a user; asks for the password
    Add {
        /// The user's name
        name: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// What people call the user
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        /// An e-mail address; may be given several times, the preferred one first
        #[arg(long = "address", value_name = "ADDRESS")]
        addresses: Vec<String>,
    },
    /// Change a user's password; holds within seconds, also for a running server
    Passwd {
        /// The user's name
        name: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Remove a user with everything that the user owns
    Remove {
        /// The user's name
        name: String,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// List the users
    List,
}

impl User {
    /// Who it is about.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Add { name, .. } | Self::Passwd { name, .. } | Self::Remove { name, .. } => {
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
                name: user,
                password_stdin,
                display_name,
                addresses,
            } => {
                let id = name(config, &user)?;
                if store.principal(&id).await.is_ok() {
                    let text = format!("there is a user or group `{id}` already");
                    return Err(CliError::Refused(text));
                }
                let password = ask_password(password_stdin)?;
                add(store, &id, display_name, addresses, &password).await?;
                println!("added {id}");
            }
            Self::Passwd {
                name: user,
                password_stdin,
            } => {
                let id = existing(config, store, &user).await?;
                let credentials = password::derive(&ask_password(password_stdin)?)?;
                store.set_credentials(&id, &credentials).await?;
                println!("changed the password of {id}");
            }
            Self::Remove { name: user, yes } => {
                let id = existing(config, store, &user).await?;
                if !yes && !confirmed(&id)? {
                    return Err(CliError::Refused("nothing was removed".to_owned()));
                }
                store.remove_principal(&id).await?;
                println!("removed {id}");
            }
            Self::List => {
                for user in principals(store, Kind::User).await? {
                    let addresses = user.addresses.join(" ");
                    let line = format!("{}\t{}\t{addresses}", user.id, user.display_name);
                    println!("{}", line.trim_end());
                }
            }
        }
        Ok(())
    }
}

/// Creates a user who can sign in.
pub async fn add(
    store: &dyn Store,
    id: &str,
    display_name: Option<String>,
    addresses: Vec<String>,
    password: &str,
) -> Result<(), CliError> {
    let credentials = password::derive(password)?;
    let principal = Principal {
        id: id.to_owned(),
        kind: Kind::User,
        display_name: display_name.unwrap_or_else(|| id.to_owned()),
        addresses,
    };
    store.put_principal(&principal).await?;
    store.set_credentials(id, &credentials).await?;
    Ok(())
}

async fn existing(config: &Config, store: &dyn Store, user: &str) -> Result<String, CliError> {
    let id = name(config, user)?;
    match store.principal(&id).await {
        Ok(principal) if principal.kind != Kind::Group => Ok(id),
        Ok(_) => Err(CliError::Refused(format!("`{id}` is a group"))),
        Err(storage::Error::NotFound) => {
            let text = format!("there is no user `{id}`: `chapar user list` shows who there is");
            Err(CliError::Refused(text))
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks, if there is someone to ask.
fn confirmed(id: &str) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        return Ok(true);
    }
    print!("Remove {id} with everything that {id} owns? [y/N] ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
