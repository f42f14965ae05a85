//! The `chapar` command: reads the arguments, does what they say, tells how it went.

use anyhow::Context;
use clap::Parser;
use std::process::ExitCode;

/// A request makes many small allocations on one thread and frees them on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = chapar::cli::Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("chapar: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: chapar::cli::Cli) -> anyhow::Result<ExitCode> {
    // The environment can be changed only before there are threads.
    let inherited = chapar::service::Inherited::take()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("can't start threads")?;
    let code = runtime.block_on(chapar::cli::run(cli, inherited));
    // What still runs has had its time.
    runtime.shutdown_background();
    Ok(code?)
}
