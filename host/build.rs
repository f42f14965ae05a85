//! Builds the modules with the host: every crate in `modules/` becomes a `.wasm` in the folder
//! `modules` beside the program. `CHAPAR_SKIP_MODULES=1` leaves that out, for checks.

#[path = "build/modules.rs"]
mod modules;

use std::path::{Path, PathBuf};

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=CHAPAR_SKIP_MODULES");
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or("run by cargo only")?);
    let root = root.parent().ok_or("the host is not in a workspace")?;
    let packages = modules::packages_in(&root.join("modules"));
    // The host trusts the modules that it is built with: they get what they ask for.
    let names: Vec<String> = packages.iter().map(|name| name.replace('-', "_")).collect();
    println!(
        "cargo::rustc-env=CHAPAR_SHIPPED_MODULES={}",
        names.join(" ")
    );
    println!("cargo::rerun-if-changed={}", root.join("modules").display());
    if std::env::var_os("CHAPAR_SKIP_MODULES").is_some_and(|skip| skip == "1") {
        return Ok(());
    }
    for path in [
        "host/build",
        "host/build.rs",
        "wit",
        "sdk",
        "Cargo.lock",
        "Cargo.toml",
        "rust-toolchain.toml",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    // OUT_DIR is `<target>/<profile>/build/chapar-<hash>/out`.
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("run by cargo only")?);
    let profile = out.ancestors().nth(3).ok_or("no target folder")?;
    // With `--target`, the folder of that target lies between.
    let target = profile.ancestors().find(|folder| is_target_folder(folder));
    let build = target.unwrap_or(profile).join("modules-build");
    for line in modules::build(root, &packages, &build, &profile.join("modules"))? {
        println!("cargo::warning={line}");
    }
    Ok(())
}

/// Cargo marks its target folder.
fn is_target_folder(folder: &Path) -> bool {
    folder.join("CACHEDIR.TAG").is_file()
}
