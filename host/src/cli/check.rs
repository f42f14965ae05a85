//! `chapar check`: verifies that everything stored is whole.

use super::CliError;
use crate::config::Config;
use crate::state;
use clap::Args;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct Check {
    /// Repair what can be repaired
    #[arg(long)]
    repair: bool,
}

impl Check {
    pub async fn run(self, config: &Config) -> Result<ExitCode, CliError> {
        let store = state::open_store(config)?;
        let report = store.check(self.repair).await;
        store.close().await;
        let report = report?;
        report
            .problems
            .iter()
            .for_each(|text| println!("problem: {text}"));
        report
            .repaired
            .iter()
            .for_each(|text| println!("repaired: {text}"));
        println!(
            "{} messages, {} bodies, {} problems, {} repaired",
            report.messages,
            report.bodies,
            report.problems.len(),
            report.repaired.len()
        );
        // What was repaired is a problem no more.
        let whole = report.problems.is_empty()
            || (self.repair && report.repaired.len() >= report.problems.len());
        Ok(if whole {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
