//! Builds the guests of the tests into `target/<profile>/guests/`, in a target folder of their own,
//! so that the cargo that runs this and the one that it runs never wait for each other.

use std::path::{Path, PathBuf};
use std::process::Command;

const GUESTS: [&str; 3] = ["contract", "misbehave", "ungranted"];

/// What the cargo that runs this sets for crates of its own, clippy's wrapper included, and would
/// change what is built here.
const NOT_INHERITED: [&str; 7] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    println!("cargo::rerun-if-env-changed=CHAPAR_SKIP_MODULES");
    for watched in [
        "tests/guests",
        "sdk/module",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    if std::env::var_os("CHAPAR_SKIP_MODULES").is_some() {
        return;
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let profile = out
        .ancestors()
        .nth(3)
        .expect("target/<profile>/build/<package>/out");
    let target = profile.parent().expect("a target folder").join("guests");
    let mut cargo = Command::new(std::env::var_os("CARGO").expect("cargo sets it"));
    cargo
        .current_dir(&root)
        .args(["build", "--locked", "--profile", "module"]);
    cargo
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target);
    for guest in GUESTS {
        cargo.args(["-p", guest]);
    }
    for name in NOT_INHERITED {
        cargo.env_remove(name);
    }
    let status = cargo.status().expect("cargo runs");
    assert!(status.success(), "the guests do not build: {status}");

    let guests = profile.join("guests");
    let _ = std::fs::remove_dir_all(&guests);
    std::fs::create_dir_all(&guests).expect("a folder");
    for guest in GUESTS {
        let file = format!("{guest}.wasm");
        let built = target.join("wasm32-wasip2/module").join(&file);
        std::fs::copy(&built, guests.join(&file)).expect("a module");
    }
}
