//! `chapar module`: what lies in the module folder, and what a file is.

use super::CliError;
use crate::config::{Config, ConfigError};
use crate::server;
use crate::tenant::{self, Snapshot};
use clap::Subcommand;
use runtime::{Descriptor, Inspection, ModuleSet, Runtime};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub enum Module {
    /// List the modules in the module folder, and why those were refused that don't serve
    List,
    /// Show what a module file is: what it exports, what it wants, where it would serve
    Inspect {
        /// The file
        file: PathBuf,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

impl Module {
    pub async fn run(
        self,
        load: impl FnOnce() -> Result<Config, ConfigError>,
    ) -> Result<(), CliError> {
        match self {
            Self::List => {
                let config = load()?;
                let tenants = tenant::read(&config).map_err(crate::error::Error::from)?;
                let how = server::runtime_config(&config);
                let snapshot = Snapshot::new(Arc::new(config), tenants);
                let which = ModuleSet {
                    // A server may be compiling what it is about to need.
                    sweeps: false,
                    ..server::module_set(&snapshot)
                };
                list(&in_background(move || Runtime::start(how, which)).await?);
            }
            Self::Inspect { file, json } => {
                let inspection = in_background(move || runtime::inspect(&file)).await?;
                if json {
                    let text = serde_json::to_string_pretty(&inspection)
                        .map_err(|error| CliError::Refused(error.to_string()))?;
                    println!("{text}");
                } else {
                    show(&inspection);
                }
                if !inspection.problems.is_empty() {
                    return Err(CliError::Refused("it would not be loaded".to_owned()));
                }
            }
        }
        Ok(())
    }
}

/// Compiling takes seconds, and the runtime brings threads of its own.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, runtime::RuntimeError> + Send + 'static,
) -> Result<T, CliError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(CliError::Refused(error.to_string())),
    }
}

fn list(runtime: &Runtime) {
    for state in runtime.states().iter() {
        let version = state.descriptor.as_ref().map_or("", |d| d.version.as_str());
        let summary = match (&state.refused, &state.descriptor) {
            (Some(reason), _) => format!("refused: {reason}"),
            (None, Some(descriptor)) => descriptor.summary.clone(),
            (None, None) => "not named by httpmodules".to_owned(),
        };
        println!("{}\t{version}\t{summary}", state.name);
    }
}

fn show(inspection: &Inspection) {
    println!("file\t{}", inspection.file);
    println!("size\t{} bytes", inspection.size);
    println!("sha256\t{}", inspection.sha256);
    if let Some(descriptor) = &inspection.descriptor {
        describe(descriptor);
    }
    inspection
        .exports
        .iter()
        .for_each(|name| println!("exports\t{name}"));
    inspection
        .imports
        .iter()
        .for_each(|name| println!("imports\t{name}"));
    inspection
        .problems
        .iter()
        .for_each(|text| println!("problem\t{text}"));
}

fn describe(descriptor: &Descriptor) {
    println!("name\t{} {}", descriptor.name, descriptor.version);
    println!("summary\t{}", descriptor.summary);
    for mount in &descriptor.mounts {
        let methods = mount.methods.join(" ");
        println!(
            "mount\t{}\t{:?}\t{:?}\t{methods}",
            mount.path, mount.extent, mount.access
        );
    }
    for name in &descriptor.well_known {
        println!("well-known\t{} -> {}", name.name, name.target);
    }
    for name in &descriptor.capabilities {
        println!("wants\t{name}");
    }
    for option in &descriptor.options {
        println!("option\t{}\t{}", option.name, option.help);
    }
}
