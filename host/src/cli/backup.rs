//! `chapar backup` and `chapar restore`: a copy of a tenant's store, made while it is used, and its
//! way back.

use super::CliError;
use crate::config::Config;
use crate::state;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use storage::{BackupError, Stage};

#[derive(Debug, Args)]
pub struct Backup {
    /// Don't verify the copy
    #[arg(long)]
    no_verify: bool,
    /// Where backups are: each becomes a folder in it, named by its time, that shares big bodies
    /// with those before
    folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// Don't verify the copy before it is put in place
    #[arg(long)]
    no_verify: bool,
    /// Put it in the place of the store that is there, which is kept beside it
    #[arg(long)]
    replace: bool,
    /// A backup, or a folder of backups for the last one
    from: PathBuf,
}

impl Backup {
    pub async fn run(self, config: &Config, tenant: &str) -> Result<ExitCode, CliError> {
        let folder = state::store_folder(config, tenant);
        let mut shown = Shown::new();
        let made = storage::backup(
            &folder,
            &self.folder,
            !self.no_verify,
            &mut |stage, done, all| shown.show(stage, done, all),
        )
        .await;
        shown.end();
        let made = made.map_err(refused)?;
        for problem in &made.problems {
            println!("problem: {problem}");
        }
        let manifest = &made.manifest;
        println!(
            "{}: {} messages, {} bytes of database, {} bodies of {} bytes ({} copied), {}",
            made.folder.display(),
            manifest.messages,
            manifest.database_bytes,
            manifest.bodies,
            manifest.bodies_bytes,
            made.copied,
            verdict(manifest.problems)
        );
        Ok(exit(made.problems.is_empty()))
    }
}

impl Restore {
    pub async fn run(self, config: &Config, tenant: &str) -> Result<ExitCode, CliError> {
        state::prepare(config)?;
        let folder = state::store_folder(config, tenant);
        let mut shown = Shown::new();
        let restored = storage::restore(
            &self.from,
            &folder,
            tenant,
            self.replace,
            !self.no_verify,
            &mut |stage, done, all| shown.show(stage, done, all),
        )
        .await;
        shown.end();
        let restored = restored.map_err(refused)?;
        for problem in &restored.missing {
            println!("problem: {problem}");
        }
        if let Some(replaced) = &restored.replaced {
            println!("the store that was there is now {}", replaced.display());
        }
        println!(
            "restored {} to {}: {} messages, {}",
            restored.from.display(),
            folder.display(),
            restored.manifest.messages,
            match self.no_verify {
                true => "not verified",
                false => "verified",
            }
        );
        Ok(exit(restored.missing.is_empty()))
    }
}

fn verdict(problems: Option<u64>) -> String {
    match problems {
        None => "not verified".to_owned(),
        Some(0) => "verified".to_owned(),
        Some(problems) => format!("{problems} problems"),
    }
}

fn exit(whole: bool) -> ExitCode {
    match whole {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn refused(error: BackupError) -> CliError {
    let advice = match &error {
        BackupError::Exists(_) => ": `--replace` puts the backup in its place, and keeps it",
        BackupError::Damaged(..) => ": `--no-verify` puts it in place all the same",
        _ => "",
    };
    CliError::Refused(format!("{error}{advice}"))
}

/// What is told while it runs: a bar for each stage on a terminal, else a line.
struct Shown {
    bar: ProgressBar,
    stage: Option<Stage>,
}

impl Shown {
    fn new() -> Self {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        Self {
            bar: ProgressBar::with_draw_target(None, target),
            stage: None,
        }
    }

    fn show(&mut self, stage: Stage, done: u64, all: u64) {
        if self.stage != Some(stage) {
            self.stage = Some(stage);
            let (text, template) = match stage {
                Stage::Database => (
                    "copying the database",
                    "{msg} {wide_bar} {bytes}/{total_bytes} {eta}",
                ),
                Stage::Bodies => ("copying bodies", "{msg} {wide_bar} {pos}/{len} {eta}"),
                Stage::Verify => ("verifying the copy", "{msg} {spinner} {elapsed}"),
            };
            if self.bar.is_hidden() {
                eprintln!("{text}");
            }
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
            self.bar.reset();
            self.bar.set_message(text);
        }
        self.bar.set_length(all);
        self.bar.set_position(done);
        self.bar.tick();
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
