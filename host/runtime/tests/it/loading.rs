//! What lies in the folder is loaded, or refused with a reason.

use crate::support::*;
use runtime::Standing;
use std::os::unix::fs::PermissionsExt;

#[test]
fn modules_are_found_and_routed() {
    let mut bed = bed(&[("probe", "known"), ("second", "normal"), ("off", "normal")]);
    bed.set.httpmodules = Some(["probe", "second", "absent"].map(Into::into).into());
    bed.set.prefixes = vec![("second".into(), "/second".into(), "/2".into())];
    let runtime = bed.start();
    let table = runtime.modules(&tenant("any"));
    let route = |path: &str| {
        table
            .route(path)
            .map(|route| format!("{} {}", route.module, route.mount.path))
            .unwrap_or_default()
    };
    assert_eq!(route("/probe"), "probe /probe");
    assert_eq!(route("/probe/"), "probe /probe");
    assert_eq!(route("/probe/deep"), "probe /probe");
    assert_eq!(route("/probe/deep/exact"), "probe /probe/deep/exact");
    assert_eq!(route("/probe/deep/exact/"), "probe /probe/deep/exact");
    assert_eq!(route("/probe/deep/exact/below"), "probe /probe");
    assert_eq!(route("/probes"), "");
    assert_eq!(route("/"), "");
    assert_eq!(route("/second/x"), "");
    assert_eq!(route("/2/x"), "second /2");
    assert_eq!(table.well_known("probe"), Some("/probe/"));
    assert_eq!(table.well_known_names(), [("probe", "/probe/")]);
    let states = runtime.states();
    let states: Vec<_> = states
        .iter()
        .map(|state| (state.name.as_str(), state.standing))
        .collect();
    assert_eq!(
        states,
        [
            ("absent", Standing::Refused),
            ("off", Standing::Off),
            ("probe", Standing::Serving),
            ("second", Standing::Serving),
        ]
    );
    assert_eq!(table.descriptors().count(), 2);
}

#[test]
fn conflicting_modules_are_refused() {
    let bed = bed(&[
        ("aaa", "same"),
        ("probe", "normal"),
        ("one", "known"),
        ("two", "known"),
    ]);
    let runtime = bed.start();
    assert_eq!(refusal(&runtime, "aaa"), "");
    assert!(refusal(&runtime, "probe").contains("aaa"));
    assert_eq!(refusal(&runtime, "one"), "");
    assert!(refusal(&runtime, "two").contains("well-known"));
    assert_eq!(
        runtime
            .modules(&tenant("any"))
            .route("/two/x")
            .map(|r| r.module),
        None
    );
}

#[test]
fn misbehaving_descriptions_are_refused() {
    let modes = ["spin", "trap", "import", "allocate", "liar", "undeclared"];
    let bed = bed(&modes.map(|mode| (mode, mode)));
    std::fs::write(bed.module("junk"), b"not wasm").unwrap();
    std::fs::write(bed.module("core"), b"\0asm\x01\0\0\0").unwrap();
    let runtime = bed.start();
    for (name, reason) in [
        ("spin", "ran longer than"),
        ("trap", "unreachable"),
        ("import", "no request"),
        ("allocate", "memory"),
        ("liar", "someone-else"),
        ("undeclared", "mailbox"),
        ("junk", "not a WebAssembly component"),
        ("core", "wasm32-wasip2"),
    ] {
        let refused = refusal(&runtime, name);
        assert!(refused.contains(reason), "{name}: {refused}");
    }
}

#[test]
fn what_was_not_granted_is_refused() {
    let mut bed = bed(&[("probe", "normal")]);
    bed.set.grants = vec![
        ("other".into(), "*".into()),
        ("probe".into(), "batch".into()),
    ];
    let refused = refusal(&bed.start(), "probe");
    assert!(
        refused.contains("mailbox") && refused.contains("module_grants"),
        "{refused}"
    );
    bed.set.grants = vec![("probe".into(), "mailbox".into())];
    assert_eq!(refusal(&bed.start(), "probe"), "");
}

#[test]
fn compiled_modules_are_kept_and_checked() {
    let bed = bed(&[("probe", "known")]);
    let files = |end: &str| -> Vec<_> {
        std::fs::read_dir(&bed.config.cachedir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == end))
            .collect()
    };
    drop(bed.start());
    let compiled = files("cwasm").pop().unwrap();
    let written = || std::fs::metadata(&compiled).unwrap().modified().unwrap();
    let first = written();
    drop(bed.start());
    assert_eq!(written(), first, "it is not compiled again");
    assert_eq!(
        std::fs::metadata(&compiled).unwrap().permissions().mode() & 0o777,
        0o600
    );

    // Code that was not written by this host never runs: one changed byte, and one byte in code
    // that would still load.
    let mut bytes = std::fs::read(&compiled).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&compiled, &bytes).unwrap();
    let runtime = bed.start();
    assert_eq!(refusal(&runtime, "probe"), "");
    assert_ne!(written(), first, "it is compiled again");
    assert_ne!(std::fs::read(&compiled).unwrap(), bytes);

    // Nor does one that others can read the key of.
    std::fs::set_permissions(
        bed.config.cachedir.join("key"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let before = written();
    drop(bed.start());
    assert_ne!(written(), before, "a key that leaked is replaced");

    // What is not used any more goes.
    std::fs::write(bed.module("probe"), disguised("probe", "normal")).unwrap();
    drop(bed.start());
    assert_eq!(files("cwasm").len(), 1);
    assert_ne!(files("cwasm").pop().unwrap(), compiled);
}

#[test]
fn files_can_be_inspected() {
    let bed = bed(&[("probe", "normal"), ("liar", "liar")]);
    let inspection = runtime::inspect(&bed.module("probe")).unwrap();
    assert_eq!(inspection.problems, Vec::<String>::new());
    assert_eq!(inspection.sha256.len(), 64);
    assert!(
        inspection
            .exports
            .contains(&"chapar:host/handler@0.1.0".to_owned())
    );
    assert!(
        inspection
            .imports
            .contains(&"chapar:host/mailbox@0.1.0".to_owned())
    );
    assert!(
        !inspection
            .imports
            .contains(&"chapar:host/watch@0.1.0".to_owned())
    );
    assert_eq!(inspection.descriptor.unwrap().name, "probe");
    let inspection = runtime::inspect(&bed.module("liar")).unwrap();
    assert!(inspection.problems[0].contains("someone-else"));
    assert!(runtime::inspect(&bed.module("absent")).is_err());
}
