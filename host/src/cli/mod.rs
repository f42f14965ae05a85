//! The command line. Every command but `restore` works while the server runs.

mod backup;
mod check;
mod group;
mod module;
mod quota;
mod serve;
mod tenant;
mod transfer;
mod user;

use crate::config::Config;
use crate::error::Error;
use crate::service::Inherited;
use clap::{Parser, Subcommand};
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::process::ExitCode;

/// An HTTP host for calendars, contacts, files and mail: serves what its modules speak.
#[derive(Debug, Parser)]
#[command(name = "chapar", version, max_term_width = 100)]
pub struct Cli {
    /// Configuration file, in the syntax of imapd.conf(5). Without one everything has its default
    #[arg(short = 'C', long = "config", global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Whose store a command is about: the name of a file in `tenantdir`, without `.conf`
    /// [default: the one with the domain of the user's name, or the main file's own, `default`]
    #[arg(long, global = true, value_name = "NAME")]
    tenant: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve; what `chapar` alone does too
    Serve(serve::Serve),
    /// Users and their passwords
    #[command(subcommand)]
    User(user::User),
    /// Groups and their members
    #[command(subcommand)]
    Group(group::Group),
    /// Tenants: who shares this server
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Modules: those in the module folder, or a file
    #[command(subcommand)]
    Module(module::Module),
    /// What users use and may use
    #[command(subcommand)]
    Quota(quota::Quota),
    /// Verify that everything stored is whole; the exit status is 1 if it isn't
    Check(check::Check),
    /// Copy a tenant's store, while it is used, to a folder of backups
    Backup(backup::Backup),
    /// Make a backup a tenant's store; the server must not have it open
    Restore(backup::Restore),
    /// Make files of mail a user's messages; what is there already stays
    Import(transfer::Import),
    /// Write a user's mailboxes to files
    Export(transfer::Export),
    /// Say which version this is
    Version,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The host can't do it.
    #[error(transparent)]
    Host(#[from] Error),
    /// A name can't be used.
    #[error("`{0}`: {1}")]
    Name(String, crate::auth::names::NameError),
    /// A password can't be used.
    #[error(transparent)]
    Password(#[from] crate::auth::password::PasswordError),
    /// Standard input or output failed.
    #[error("can't read from or write to the terminal: {0}")]
    Terminal(#[from] io::Error),
    /// The log can't be begun.
    #[error(transparent)]
    Log(#[from] crate::log::LogError),
    /// What was asked for isn't possible.
    #[error("{0}")]
    Refused(String),
}

impl From<storage::Error> for CliError {
    fn from(error: storage::Error) -> Self {
        Self::Host(error.into())
    }
}

impl From<crate::config::ConfigError> for CliError {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::Host(error.into())
    }
}

impl From<runtime::RuntimeError> for CliError {
    fn from(error: runtime::RuntimeError) -> Self {
        Self::Host(error.into())
    }
}

/// Does what the command line says; to serve, on these sockets too.
pub async fn run(cli: Cli, inherited: Inherited) -> Result<ExitCode, CliError> {
    let load = || Config::load(cli.config.as_deref());
    let command = cli
        .command
        .unwrap_or(Command::Serve(serve::Serve::default()));
    let of_tenant =
        |principal: Option<&str>| tenant::find(load()?, cli.tenant.as_deref(), principal);
    match command {
        Command::Serve(serve) => serve.run(load()?, inherited).await?,
        Command::User(user) => {
            let (config, tenant) = of_tenant(user.name())?;
            user.run(&config, &tenant).await?;
        }
        Command::Group(group) => {
            let (config, tenant) = of_tenant(group.name())?;
            group.run(&config, &tenant).await?;
        }
        Command::Tenant(tenant) => tenant.run(load()?).await?,
        Command::Module(module) => module.run(load).await?,
        Command::Quota(quota) => {
            let (config, tenant) = of_tenant(quota.name())?;
            quota.run(&config, &tenant).await?;
        }
        Command::Check(check) => {
            let (config, tenant) = of_tenant(None)?;
            return check.run(&config, &tenant).await;
        }
        Command::Backup(backup) => {
            let (config, tenant) = of_tenant(None)?;
            return backup.run(&config, &tenant).await;
        }
        Command::Restore(restore) => {
            let (config, tenant) = of_tenant(None)?;
            return restore.run(&config, &tenant).await;
        }
        Command::Import(import) => {
            let (config, tenant) = of_tenant(Some(import.user()))?;
            return import.run(&config, &tenant).await;
        }
        Command::Export(export) => {
            let (config, tenant) = of_tenant(Some(export.user()))?;
            return export.run(&config, &tenant).await;
        }
        Command::Version => println!("chapar {}", env!("CARGO_PKG_VERSION")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks a name, and makes it what sign-ins make of it.
fn name(config: &Config, name: &str) -> Result<String, CliError> {
    crate::auth::names::of_user(name, &config.domains, config.username_tolower)
        .map_err(|error| CliError::Name(name.to_owned(), error))
}

/// Lists all principals of a kind.
async fn principals(
    store: &dyn storage::Store,
    kind: storage::Kind,
) -> Result<Vec<storage::Principal>, CliError> {
    const PAGE: u32 = 500;
    let mut all: Vec<storage::Principal> = Vec::new();
    loop {
        let after = all.last().map(|principal| principal.id.clone());
        let page = store
            .search_principals("", Some(kind), after.as_deref(), PAGE)
            .await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Reads a password from standard input, or asks for it twice.
fn ask_password(from_stdin: bool) -> Result<String, CliError> {
    if from_stdin {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let password = rpassword::prompt_password("Password: ")?;
    if rpassword::prompt_password("The same again: ")? != password {
        return Err(CliError::Refused("the two were not the same".to_owned()));
    }
    Ok(password)
}
