//! Builds the guests of the tests into `target/<profile>/guests/`, as the host's build script
//! builds the modules.

#[path = "../host/build/modules.rs"]
mod modules;

use std::path::{Path, PathBuf};

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=CHAPAR_SKIP_MODULES");
    if std::env::var_os("CHAPAR_SKIP_MODULES").is_some_and(|skip| skip == "1") {
        return Ok(());
    }
    let tests = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or("run by cargo only")?);
    let root = tests.parent().ok_or("the tests are not in a workspace")?;
    for path in [
        "host/build",
        "tests/build.rs",
        "tests/guests",
        "wit",
        "sdk/module",
        "Cargo.lock",
        "Cargo.toml",
        "rust-toolchain.toml",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    // OUT_DIR is `<target>/<profile>/build/chapar-tests-<hash>/out`.
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("run by cargo only")?);
    let profile = out.ancestors().nth(3).ok_or("no target folder")?;
    let target = profile.ancestors().find(|folder| is_target_folder(folder));
    // The same folder that the modules are built in: what they share is compiled once.
    let build = target.unwrap_or(profile).join("modules-build");
    let packages = modules::packages_in(&tests.join("guests"));
    for line in modules::build(root, &packages, &build, &profile.join("guests"))? {
        println!("cargo::warning={line}");
    }
    Ok(())
}

/// Cargo marks its target folder.
fn is_target_folder(folder: &Path) -> bool {
    folder.join("CACHEDIR.TAG").is_file()
}
