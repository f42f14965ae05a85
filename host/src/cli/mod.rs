//! The command line. Every command but `restore` works while the server runs.

mod backup;
mod check;
mod group;
mod module;
mod serve;
mod user;

use crate::config::Config;
use crate::error::Error;
use crate::tenant;
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
    #[arg(long, global = true, value_name = "NAME", default_value = tenant::DEFAULT)]
    tenant: String,
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
    /// Modules: those in the module folder, or a file
    #[command(subcommand)]
    Module(module::Module),
    /// Verify that everything stored is whole; the exit status is 1 if it isn't
    Check(check::Check),
    /// Copy a tenant's store, while it is used, to a folder of backups
    Backup(backup::Backup),
    /// Make a backup a tenant's store; the server must not have it open
    Restore(backup::Restore),
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

/// Does what the command line says.
pub async fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let load = || Config::load(cli.config.as_deref());
    let of_tenant = || tenant_config(load()?, &cli.tenant);
    match cli
        .command
        .unwrap_or(Command::Serve(serve::Serve::default()))
    {
        Command::Serve(serve) => serve.run(load()?).await?,
        Command::User(user) => user.run(&of_tenant()?, &cli.tenant).await?,
        Command::Group(group) => group.run(&of_tenant()?, &cli.tenant).await?,
        Command::Module(module) => module.run(load).await?,
        Command::Check(check) => return check.run(&of_tenant()?, &cli.tenant).await,
        Command::Backup(backup) => return backup.run(&of_tenant()?, &cli.tenant).await,
        Command::Restore(restore) => return restore.run(&of_tenant()?, &cli.tenant).await,
        Command::Version => println!("chapar {}", env!("CARGO_PKG_VERSION")),
    }
    Ok(ExitCode::SUCCESS)
}

/// What holds for a tenant.
fn tenant_config(main: Config, name: &str) -> Result<Config, CliError> {
    if name == tenant::DEFAULT {
        return Ok(main);
    }
    let files = tenant::read(&main).map_err(Error::from)?;
    match files.into_iter().find(|file| file.name == name) {
        Some(file) => Ok(file.config.map_err(Error::from)?),
        None => {
            let folder = main.tenantdir.display();
            let text = format!("there is no tenant `{name}`: {folder} has no {name}.conf");
            Err(CliError::Refused(text))
        }
    }
}

/// Checks a name, and folds it as sign-ins are.
fn name(config: &Config, name: &str) -> Result<String, CliError> {
    crate::auth::names::parse(name, config.username_tolower)
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
