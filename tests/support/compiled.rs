//! Compiled modules, made once and given to every server of a run: to compile them anew is most of
//! what a server does when it starts in an empty folder.

use super::Server;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// Where a server keeps them, in its state folder; the key that seals them is there, too.
const FOLDER: &str = "modules-cache";

static KEPT: OnceLock<Kept> = OnceLock::new();

/// What is kept until this process ends, however it ends: a shell removes it then.
struct Kept {
    folder: TempDir,
    /// Its standard input ends with this process.
    _shell: Child,
}

/// Puts the compiled forms of the project's own modules into a state folder.
pub(super) fn give(state: &Path) {
    let from = KEPT.get_or_init(compile).folder.path().join(FOLDER);
    let to = state.join(FOLDER);
    // Hosts do not load what others could have written.
    let made = Command::new("cp").arg("-a").arg(&from).arg(&to).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "cp -a {} {}",
        from.display(),
        to.display()
    );
}

/// A server compiles them, and ends.
fn compile() -> Kept {
    let mut server = Server::builder().prepare_anew();
    server.start();
    // It listens before it has them all, and answers after.
    let mut client = server.anonymous().timeout(Duration::from_secs(300));
    client.send("GET", "/", &[], b"");
    server.kill();
    let folder = TempDir::new().expect("a temporary folder");
    std::fs::rename(
        server.folder().join("state").join(FOLDER),
        folder.path().join(FOLDER),
    )
    .expect("the compiled modules");
    let shell = Command::new("sh")
        .args(["-c", "read -r end; rm -rf \"$0\""])
        .arg(folder.path())
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    Kept {
        folder,
        _shell: shell,
    }
}
