//! `chapar check`: verifies that everything stored is whole.

use super::CliError;
use crate::config::Config;
use crate::state;
use clap::Args;
use std::process::ExitCode;
use storage::Store;

#[derive(Debug, Args)]
pub struct Check {
    /// Repair what can be repaired
    #[arg(long)]
    repair: bool,
}

impl Check {
    pub async fn run(self, config: &Config, tenant: &str) -> Result<ExitCode, CliError> {
        let store = state::open_store(config, tenant)?;
        let outcome = self.run_with(&*store).await;
        store.close().await;
        outcome
    }

    async fn run_with(self, store: &dyn Store) -> Result<ExitCode, CliError> {
        let report = store.check(self.repair).await?;
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
        // One repair may mend many problems, or none: looking again tells.
        let left = match report.repaired.is_empty() {
            true => report,
            false => store.check(false).await?,
        };
        if left.problems.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        if self.repair {
            let text = |problem: &String| println!("not repaired: {problem}");
            left.problems.iter().for_each(text);
        }
        Ok(ExitCode::FAILURE)
    }
}
