//! What the project has agreed on and a machine can check: who may depend on whom, which words
//! belong where, and that every file, folder and interface says what it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// All files below a folder with this ending, what is built left out.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        if name == "target" || name == ".git" {
        } else if path.is_dir() {
            found.extend(files(&path, ending));
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What this file is called in messages.
fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .map(str::to_ascii_lowercase)
}

/// The packages of the workspace: folder, kinds of targets, and the folders that it depends on.
struct Package {
    folder: String,
    kinds: Vec<String>,
    /// Folder, and whether only the package's own tests need it.
    dependencies: Vec<(String, bool)>,
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let folder = |path: &str| short(Path::new(path));
    list(&metadata["packages"])
        .iter()
        .map(|package| Package {
            folder: folder(text(&package["manifest_path"]).trim_end_matches("/Cargo.toml")),
            kinds: list(&package["targets"])
                .iter()
                .flat_map(|target| list(&target["crate_types"]))
                .map(|kind| text(&kind))
                .collect(),
            dependencies: list(&package["dependencies"])
                .iter()
                .filter(|dependency| dependency["path"].is_string())
                .map(|d| (folder(&text(&d["path"])), d["kind"] == "dev"))
                .collect(),
        })
        .collect()
}

/// Who may depend on whom, by the beginnings of their folders. Everything else may not.
const ARROWS: [(&str, &str); 10] = [
    ("host", "host/runtime"),
    ("host", "host/storage"),
    ("host/runtime", "host/storage"),
    ("sdk/dav", "sdk/module"),
    ("sdk/dav", "sdk/xml"),
    ("sdk/examples/", "sdk/"),
    ("modules/", "sdk/"),
    ("tests/guests/", "sdk/module"),
    ("tests", "host/storage"),
    ("tests", "host/runtime"),
];

#[test]
fn dependencies_follow_the_arrows() {
    for package in packages() {
        for (dependency, dev) in &package.dependencies {
            let allowed = ARROWS.iter().any(|(from, to)| {
                let from = match from.strip_suffix('/') {
                    Some(_) => package.folder.starts_with(from),
                    None => package.folder == *from,
                };
                from && dependency.starts_with(to)
            });
            // The engine's and the modules' own tests may use whatever is in the SDK.
            let in_tests =
                *dev && dependency.starts_with("sdk/") && !package.folder.starts_with("host");
            assert!(
                allowed || in_tests,
                "{} may not depend on {dependency}",
                package.folder
            );
        }
    }
}

#[test]
fn only_modules_guests_and_examples_become_wasm() {
    for package in packages() {
        let may = ["modules/", "tests/guests/", "sdk/examples/"];
        let may = may.iter().any(|folder| package.folder.starts_with(folder));
        let is = package.kinds.iter().any(|kind| kind == "cdylib");
        assert_eq!(is, may, "{}: {:?}", package.folder, package.kinds);
    }
}

/// Words of the protocols, which the contract does not know.
const NOT_IN_WIT: [&str; 8] = [
    "caldav",
    "carddav",
    "webdav",
    "jmap",
    "calendar",
    "addressbook",
    "etag",
    "href",
];

#[test]
fn the_contract_knows_no_protocol() {
    for path in files(&root().join("wit"), ".wit") {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            for word in words(line) {
                // HTTP has etags of its own, and an answer has one: RFC 9110 §8.8.3.
                let of_http = word == "etag" && path.ends_with("handler.wit");
                let forbidden = NOT_IN_WIT.contains(&word.as_str()) && !of_http;
                assert!(!forbidden, "{}:{}: {word}", short(&path), number + 1);
            }
        }
    }
}

/// Words of the protocols that are built on the engine, which it does not know.
const NOT_IN_DAV: [&str; 9] = [
    "caldav",
    "carddav",
    "calendar",
    "calendars",
    "addressbook",
    "vcard",
    "icalendar",
    "vevent",
    "jmap",
];

#[test]
fn the_engine_knows_none_of_its_protocols() {
    for path in files(&root().join("sdk/dav/src"), ".rs") {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            for word in words(line) {
                let forbidden = NOT_IN_DAV.contains(&word.as_str());
                assert!(!forbidden, "{}:{}: {word}", short(&path), number + 1);
            }
        }
    }
}

#[test]
fn every_declaration_of_the_contract_is_documented_and_dated() {
    for path in files(&root().join("wit"), ".wit") {
        if short(&path).starts_with("wit/deps/") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(declares) = declares(line) else {
                continue;
            };
            let place = format!("{}:{}: {line}", short(&path), at + 1);
            let above: Vec<&str> = lines[..at]
                .iter()
                .rev()
                .take_while(|line| line.starts_with("///") || line.starts_with('@'))
                .copied()
                .collect();
            let documented = above.iter().any(|line| line.starts_with("///"));
            assert!(documented, "{place}: no `///`");
            let dated = above.iter().any(|line| {
                line.starts_with("@since(version") || line.starts_with("@unstable(feature")
            });
            assert!(dated || !declares.is_dated, "{place}: no `@since`");
        }
    }
}

/// What a line of WIT declares.
struct Declares {
    /// It takes `@since`: fields and cases can't.
    is_dated: bool,
}

fn declares(line: &str) -> Option<Declares> {
    let first = line
        .split([' ', '(', '{', ',', ':', ';'])
        .next()
        .unwrap_or_default();
    let names = first.trim_start_matches('%');
    if names.is_empty() || !names.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    match first {
        "package" | "use" | "import" | "export" | "include" => None,
        "interface" | "world" | "record" | "variant" | "enum" | "flags" | "resource" | "type" => {
            Some(Declares { is_dated: true })
        }
        // A field or a case ends in a comma, a function in a semicolon.
        _ if line.ends_with(',') => Some(Declares { is_dated: false }),
        _ if line.ends_with(';') => Some(Declares { is_dated: true }),
        _ => None,
    }
}

#[test]
fn every_refusal_of_the_contract_says_when() {
    for path in files(&root().join("wit"), ".wit") {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            if line.contains("-> result<") {
                let above = lines[..at].iter().rev();
                let says = above
                    .take_while(|line| line.starts_with("///") || line.starts_with('@'))
                    .any(|line| line.contains("Fails with"));
                assert!(says, "{}:{}: no `Fails with`", short(&path), at + 1);
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_leaves_nothing_to_be_done() {
    // Spelt so that this file is not found by itself.
    let unfinished = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
    ];
    for path in files(&root(), ".rs") {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("//!"),
            "{}: the first line is not `//!`",
            short(&path)
        );
        for (number, line) in text.lines().enumerate() {
            for word in unfinished {
                let found = line
                    .split(|c: char| !c.is_ascii_alphabetic())
                    .any(|w| w == word);
                assert!(
                    !found,
                    "{}:{}: {word}: open an issue",
                    short(&path),
                    number + 1
                );
            }
        }
    }
}

/// What clients are known to do is tested, or it is said why not.
#[test]
fn every_quirk_of_a_client_has_a_test_or_a_reason() {
    let sources: String = files(&root(), ".rs")
        .iter()
        .filter(|path| short(path).contains("tests/"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let page = fs::read_to_string(root().join("host/docs/clients.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<&str> = rows.skip(1).collect();
    assert!(rows.len() > 20, "no table of clients");
    for row in rows {
        let [_, proof, quirk, _] = row.rsplitn(4, '|').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        let is_test = |name: &&&str| sources.contains(&format!("fn {name}()"));
        let is_file = |name: &&&str| name.ends_with(".rs") && root().join(name).is_file();
        let tests = named.iter().filter(|name| is_test(name) || is_file(name));
        let of_snakes = named
            .iter()
            .filter(|name| name.contains("_") && !name.contains('.'));
        for name in of_snakes {
            assert!(is_test(&name), "no test {name}: {row}");
        }
        assert!(
            tests.count() > 0 || proof.contains("no test"),
            "neither a test nor a reason for none: {quirk}"
        );
    }
}

#[test]
fn no_file_is_named_for_nothing() {
    let names = [
        "utils", "util", "common", "helpers", "helper", "misc", "types",
    ];
    for path in files(&root(), ".rs") {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        // The host's side of `wit/types.wit` is named after it.
        let of_wit = path.ends_with("interfaces/types.rs");
        assert!(!names.contains(&stem) || of_wit, "{}", short(&path));
    }
}

#[test]
fn every_folder_is_on_the_map() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let tracked = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    let mut folders = BTreeMap::new();
    for file in String::from_utf8(tracked.stdout).unwrap().lines() {
        let parts: Vec<&str> = file.split('/').collect();
        for depth in 1..parts.len().min(3) {
            let folder = parts[..depth].join("/");
            folders.insert(folder, ());
        }
    }
    assert!(!folders.is_empty(), "not in a git work tree");
    // A package's own sources and tests need no words.
    let plain = ["/src", "/tests"];
    for folder in folders.keys() {
        if !plain.iter().any(|end| folder.ends_with(end)) {
            assert!(
                readme.contains(&format!("`{folder}/`")),
                "README.md: no `{folder}/`"
            );
        }
    }
    assert!(
        readme.lines().count() <= 200,
        "README.md has more than 200 lines"
    );
}

/// Long files are looked at twice: this lists them and fails on none.
#[test]
fn the_ten_longest_files() {
    let mut sizes: Vec<(usize, String)> = files(&root(), ".rs")
        .iter()
        .map(|path| {
            (
                fs::read_to_string(path).unwrap().lines().count(),
                short(path),
            )
        })
        .filter(|(_, name)| !name.contains("/tests/") && !name.starts_with("tests/"))
        .collect();
    sizes.sort_by(|a, b| b.cmp(a));
    for (lines, name) in sizes.iter().take(10) {
        println!("{lines:6} {name}");
    }
}
