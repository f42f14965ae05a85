//! The `chapar` command: reads the arguments, does what they say, tells how it went.

use anyhow::Context;
use clap::Parser;
use std::cell::Cell;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// A request makes many small allocations on one thread and frees them on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // mimalloc asks for huge pages, of which the first byte that is used costs two megabytes. A
    // system that doesn't know the request has none to give.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
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
        .on_thread_park(give_back)
        .build()
        .context("can't start threads")?;
    let code = runtime.block_on(chapar::cli::run(cli, inherited));
    // What still runs has had its time.
    runtime.shutdown_background();
    Ok(code?)
}

/// Gives memory back to the system that was freed meanwhile, by whichever thread: mimalloc looks for
/// it when the thread that has allocated it does so again, which one that sleeps does not. What ten
/// thousand connections need while they are asked stays with the process otherwise.
fn give_back() {
    /// Looking takes some microseconds.
    const INTERVAL: Duration = Duration::from_secs(1);
    thread_local! {
        static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
    }
    if LAST.get().is_some_and(|last| last.elapsed() < INTERVAL) {
        return;
    }
    LAST.set(Some(Instant::now()));
    // SAFETY: mimalloc lets any thread ask for this at any time; it takes nothing that is in use.
    #[allow(unsafe_code)]
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
