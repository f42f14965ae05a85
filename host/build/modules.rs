//! Builds modules for wasm with a cargo of their own. A module of the host's build script and of
//! that of the tests, so it stands alone.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const WASM: &str = "wasm32-wasip2";
/// Every runtime has these instructions; they move and compare 16 bytes at once.
const FLAGS: (&str, &str) = (
    "CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS",
    "-Ctarget-feature=+simd128",
);

/// Finds the packages in a folder, ordered by name.
pub fn packages_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut packages: Vec<String> = entries
        .filter_map(|entry| {
            let text = std::fs::read_to_string(entry.path().join("Cargo.toml")).ok()?;
            let name = text.lines().find_map(|line| line.strip_prefix("name = "))?;
            Some(name.trim().trim_matches('"').to_owned())
        })
        .collect();
    packages.sort();
    packages
}

/// Builds packages of the workspace at `root` in the target folder `build`, and leaves their modules,
/// and no others, in the folder `output`. Returns what to tell whoever builds.
pub fn build(
    root: &Path,
    packages: &[String],
    build: &Path,
    output: &Path,
) -> Result<Vec<String>, String> {
    let mut told = Vec::new();
    if !packages.is_empty() {
        told.extend(add_target(root)?);
        for package in packages {
            run(cargo(root, build, package))?;
        }
    }
    let built = build.join(WASM).join("module");
    let mut names = BTreeSet::new();
    std::fs::create_dir_all(output).map_err(|error| format!("{}: {error}", output.display()))?;
    for package in packages {
        let file = format!("{}.wasm", package.replace('-', "_"));
        copy(&built.join(&file), &output.join(&file))?;
        names.insert(file);
    }
    remove_others(output, &names)?;
    Ok(told)
}

/// Builds one module. As a `cdylib` alone, and so one at a time: a library that is linked into tests,
/// too, is not optimised as a whole, whatever the profile says.
fn cargo(root: &Path, build: &Path, package: &str) -> Command {
    let mut cargo = clean(Command::new(
        std::env::var_os("CARGO").unwrap_or("cargo".into()),
    ));
    cargo
        .current_dir(root)
        .env(FLAGS.0, FLAGS.1)
        .args(["rustc", "--profile", "module", "--target", WASM])
        .arg("--target-dir")
        .arg(build)
        // Not the examples, tests and programs that it may have.
        .args(["--package", package, "--lib", "--crate-type", "cdylib"]);
    cargo
}

/// Adds the target to the toolchain in use, if it lacks it.
fn add_target(root: &Path) -> Result<Option<String>, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let mut command = clean(Command::new(rustc));
    command
        .current_dir(root)
        .args(["--print", "target-libdir", "--target", WASM]);
    let printed = command
        .output()
        .map_err(|error| format!("can't run rustc: {error}"))?;
    if Path::new(String::from_utf8_lossy(&printed.stdout).trim()).is_dir() {
        return Ok(None);
    }
    let mut rustup = clean(Command::new("rustup"));
    rustup.current_dir(root).args(["target", "add", WASM]);
    if let Ok(toolchain) = std::env::var("RUSTUP_TOOLCHAIN") {
        rustup.args(["--toolchain", &toolchain]);
    }
    run(rustup).map_err(|reason| {
        format!("{reason}\nThe modules need the Rust target {WASM}: `rustup target add {WASM}`, or the package of your system that has it")
    })?;
    Ok(Some(format!(
        "added the Rust target {WASM}, which the modules need"
    )))
}

/// What cargo sets for a build script, or for clippy, is not meant for another cargo: it would
/// build for other flags, or through another compiler.
fn clean(mut command: Command) -> Command {
    const LEAKING: [&str; 10] = [
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_MAKEFLAGS",
        "MAKEFLAGS",
    ];
    for name in LEAKING {
        command.env_remove(name);
    }
    // Profiles, too, can be changed through the environment; `CARGO_PKG_…` and `CARGO_FEATURE_…`
    // are those of whoever runs this.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let prefixes = [
            "CARGO_PROFILE_",
            "CARGO_FEATURE_",
            "CARGO_CFG_",
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "DEP_",
        ];
        if prefixes.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

fn run(mut command: Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let output = command
        .output()
        .map_err(|error| format!("can't run {shown}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{shown} failed:\n{errors}"))
}

/// Copies a file unless it is there already: an unchanged file keeps its time.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let bytes = std::fs::read(from).map_err(|error| failed(from, error))?;
    if std::fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    // A server that runs must not see half of it.
    let part = to.with_extension("part");
    std::fs::write(&part, bytes).map_err(|error| failed(&part, error))?;
    std::fs::rename(&part, to).map_err(|error| failed(to, error))
}

fn remove_others(folder: &Path, names: &BTreeSet<String>) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".wasm") && !names.contains(&name) {
            std::fs::remove_file(entry.path()).map_err(|error| format!("{name}: {error}"))?;
        }
    }
    Ok(())
}
