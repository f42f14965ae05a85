//! The `chapar` command: what operators meet first.

use chapar_tests::support::{PASSWORD, Server, artifacts, command, output, wait_until};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

#[test]
fn version_says_what_it_is() {
    let said = output(command(&["version"]), "");
    assert!(said.status.success());
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(
        text.contains("chapar") && text.contains(env!("CARGO_PKG_VERSION")),
        "{text}"
    );
}

#[test]
fn help_names_every_command() {
    let said = output(command(&["--help"]), "");
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    for name in [
        "serve", "user", "group", "tenant", "module", "quota", "check", "backup", "restore",
        "import", "export", "version",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
}

#[test]
fn a_user_is_added_once_and_listed() {
    let server = Server::builder().user("alice").prepare();
    let said = server.run(
        &["user", "add", "alice", "--password-stdin"],
        "other password\n",
    );
    assert!(!said.status.success(), "alice was added twice");
    assert!(
        String::from_utf8_lossy(&said.stderr).contains("alice"),
        "{said:?}"
    );
    for bad in ["", "a/b", "..", "a\u{1}b"] {
        let said = server.run(&["user", "add", bad, "--password-stdin"], "password\n");
        assert!(!said.status.success(), "{bad:?} was added");
    }
}

#[test]
fn check_is_clean_after_use() {
    let mut server = Server::builder().user("alice").start();
    let mut client = server.client("alice");
    let path = "/dav/drive/user/alice/a";
    client.send("PUT", path, &[], &vec![7; 500_000]).expect(201);
    client.send("PUT", path, &[], b"small").expect(204);
    client.send("DELETE", path, &[], b"").expect(204);
    server.kill();
    server.check();
}

#[test]
fn a_wrong_value_is_an_error_with_file_and_line() {
    let server = Server::builder()
        .option("maxmessagesize", "a lot")
        .prepare();
    let said = server.run(&["serve"], "");
    assert!(!said.status.success());
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    let config = std::fs::read_to_string(server.config()).unwrap();
    let line = config
        .lines()
        .position(|line| line.starts_with("maxmessagesize"))
        .unwrap()
        + 1;
    assert!(
        text.contains("chapar.conf") && text.contains(&line.to_string()),
        "{text}"
    );
    assert!(text.contains("maxmessagesize"), "{text}");
}

#[test]
fn an_unknown_option_is_a_warning_with_the_nearest_name() {
    let server = Server::builder().option("htpmodules", "*").start();
    let said = || server.log().contains("htpmodules") && server.log().contains("httpmodules");
    wait_until("a warning is logged", Duration::from_secs(10), said);
}

#[test]
fn a_missing_file_is_an_error_that_says_which() {
    let said = output(command(&["serve", "-C", "/no/such/chapar.conf"]), "");
    assert!(!said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains("/no/such/chapar.conf"));
}

#[test]
fn modules_are_listed_and_inspected() {
    let server = Server::builder().prepare();
    let said = server.run(&["module", "list"], "");
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    for name in ["webdav", "principals"] {
        assert!(text.contains(name), "{text}");
    }
    let mut inspect = command(&["module", "inspect", "--json"]);
    inspect.arg(artifacts().join("modules").join("webdav.wasm"));
    let said = output(inspect, "");
    let shown: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    assert_eq!(shown["descriptor"]["name"], "webdav");
    let imports = shown["imports"].to_string();
    assert!(imports.contains("chapar:host/mailbox"), "{imports}");
    assert!(!imports.contains("wasi:http"), "{imports}");
}

/// Without a file `chapar` comes up on loopback with a first user, whose password it prints.
#[test]
fn without_a_file_it_serves_a_first_user() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", chapar_tests::support::open_port());
    let mut command = command(&["serve", "--listen", &address]);
    command
        .env("HOME", folder.path())
        .current_dir(folder.path());
    command
        .env("XDG_DATA_HOME", folder.path())
        .env("XDG_STATE_HOME", folder.path());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = String::new();
    for line in lines.map_while(Result::ok) {
        seen.push_str(&line);
        seen.push('\n');
        if seen.to_lowercase().contains("password") {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(seen.to_lowercase().contains("password"), "{seen}");
    assert!(!seen.contains(PASSWORD));
}
