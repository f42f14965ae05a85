//! A server of one's own: the real binary, a free port, an empty state folder.

use super::{Client, compiled, wait_until};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// The password of every user of a test.
pub const PASSWORD: &str = "correct horse: battery staple";

/// Where cargo puts what it builds for the profile that this was built in.
pub fn artifacts() -> PathBuf {
    let mut path = std::env::current_exe().expect("a path of one's own");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path
}

/// The `chapar` binary: `CHAPAR_BIN`, or the one built beside this.
pub fn binary() -> PathBuf {
    let path =
        std::env::var_os("CHAPAR_BIN").map_or_else(|| artifacts().join("chapar"), Into::into);
    assert!(
        path.is_file(),
        "{} is missing: `cargo build` it in the same profile first, as tests/run does",
        path.display()
    );
    path
}

/// A guest of `tests/guests`, as a file.
pub fn guest(name: &str) -> PathBuf {
    let path = artifacts().join("guests").join(format!("{name}.wasm"));
    assert!(
        path.is_file(),
        "{} is missing: tests/build.rs builds it unless CHAPAR_SKIP_MODULES is set",
        path.display()
    );
    path
}

/// A port that nobody listens on now.
pub fn open_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// A `chapar` command.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs a command to its end, with this on its standard input.
pub fn output(mut command: Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that does not read its input may have ended already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("its output")
}

/// How a server is to be started.
#[derive(Default)]
pub struct ServerBuilder {
    options: Vec<(String, String)>,
    users: Vec<String>,
    tenants: Vec<(String, String)>,
    modules: Option<Vec<PathBuf>>,
    tls: bool,
    environment: Vec<(String, String)>,
}

impl ServerBuilder {
    /// Sets an option of the configuration file.
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.options.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has a tenant with these options.
    pub fn tenant(mut self, name: &str, options: &str) -> Self {
        self.tenants.push((name.to_owned(), options.to_owned()));
        self
    }

    /// Adds a user with the [`PASSWORD`].
    pub fn user(mut self, name: &str) -> Self {
        self.users.push(name.to_owned());
        self
    }

    /// Runs the project's own modules and this guest of the tests.
    pub fn guest(mut self, name: &str) -> Self {
        let modules = self.modules.get_or_insert_with(|| {
            let shipped = artifacts().join("modules");
            std::fs::read_dir(&shipped)
                .unwrap_or_else(|error| panic!("{}: {error}", shipped.display()))
                .map(|entry| entry.expect("an entry").path())
                .filter(|path| path.extension().is_some_and(|end| end == "wasm"))
                .collect()
        });
        modules.push(guest(name));
        self
    }

    /// Listens with TLS as well, with a certificate made for `localhost`.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Sets an environment variable of the server.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it, and waits until it listens.
    pub fn start(self) -> Server {
        let mut server = self.prepare();
        server.start();
        server
    }

    /// Writes its configuration and adds its users.
    pub fn prepare(self) -> Server {
        let server = self.prepare_anew();
        compiled::give(&server.folder().join("state"));
        server
    }

    /// The same without anything compiled.
    pub(super) fn prepare_anew(self) -> Server {
        let folder = TempDir::new().expect("a temporary folder");
        let root = folder.path();
        let address = SocketAddr::from(([127, 0, 0, 1], open_port()));
        let mut options = vec![
            ("listen".to_owned(), address.to_string()),
            (
                "configdirectory".to_owned(),
                root.join("state").display().to_string(),
            ),
            ("allowplaintext".to_owned(), "yes".to_owned()),
            ("httpmodules".to_owned(), "*".to_owned()),
        ];
        if let Some(modules) = &self.modules {
            let moduledir = root.join("modules");
            std::fs::create_dir(&moduledir).expect("a folder");
            for module in modules {
                let name = module.file_name().expect("a name");
                std::fs::copy(module, moduledir.join(name)).expect("a copy");
            }
            options.push(("moduledir".to_owned(), moduledir.display().to_string()));
        } else {
            let shipped = artifacts().join("modules").display().to_string();
            options.push(("moduledir".to_owned(), shipped));
        }
        let mut tls = None;
        if self.tls {
            let address = SocketAddr::from(([127, 0, 0, 1], open_port()));
            certificate(root);
            options.push(("tls_listen".to_owned(), address.to_string()));
            for (option, file) in [
                ("tls_server_cert", "certificate.pem"),
                ("tls_server_key", "key.pem"),
            ] {
                options.push((option.to_owned(), root.join(file).display().to_string()));
            }
            tls = Some(address);
        }
        for (name, value) in self.options {
            options.retain(|(known, _)| *known != name);
            options.push((name, value));
        }
        let config = root.join("chapar.conf");
        let lines: String = options
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        std::fs::write(&config, lines).expect("a configuration file");
        std::fs::create_dir_all(root.join("state")).expect("a folder");

        let server = Server {
            folder,
            address,
            tls,
            environment: self.environment,
            running: None,
        };
        for (name, options) in &self.tenants {
            server.tenant(name, options);
        }
        for user in &self.users {
            server.add_user(user);
        }
        server
    }
}

/// A server with its state. Ends when it is dropped, or when the test process ends in any way.
pub struct Server {
    folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it listens with TLS.
    pub tls: Option<SocketAddr>,
    environment: Vec<(String, String)>,
    running: Option<Running>,
}

/// A running server. A shell stands between: it waits for the end of its input, which comes when
/// this process ends however it ends, and kills the server then.
struct Running {
    shell: Child,
    input: Option<ChildStdin>,
    pid: u32,
}

impl Server {
    /// A server to be described.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// A client that signs in as this user.
    pub fn client(&self, user: &str) -> Client {
        Client::user(self.address, user, PASSWORD)
    }

    /// A client that does not sign in.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(self.address)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("chapar.conf")
    }

    /// What it has logged, once this is among it: a thread of its own writes the log, so that a line
    /// may come after the answer that it is about.
    pub fn log_with(&self, text: &str) -> String {
        wait_until(text, Duration::from_secs(10), || self.log().contains(text));
        self.log()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("a running server").pid
    }

    /// Runs a `chapar` command over its configuration.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = command(arguments);
        command.arg("-C").arg(self.config());
        command.envs(self.environment.iter().cloned());
        output(command, input)
    }

    /// Drops the file of a tenant in.
    pub fn tenant(&self, name: &str, options: &str) {
        let folder = self.folder().join("state/tenants.d");
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join(format!("{name}.conf"));
        std::fs::write(file, format!("{options}\n")).expect("a file");
    }

    /// Adds a user with the [`PASSWORD`].
    pub fn add_user(&self, name: &str) {
        let output = self.run(
            &["user", "add", name, "--password-stdin"],
            &format!("{PASSWORD}\n"),
        );
        assert!(output.status.success(), "user add {name}: {output:?}");
    }

    /// Fails unless `chapar check` finds nothing wrong.
    #[track_caller]
    pub fn check(&self) {
        let output = self.run(&["check"], "");
        assert!(output.status.success(), "chapar check: {output:?}");
    }

    /// Starts it, and waits until it listens.
    pub fn start(&mut self) {
        self.spawn();
        let address = self.address;
        wait_until("the server listens", Duration::from_secs(120), || {
            assert!(self.alive(), "the server ended:\n{}", self.log());
            TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
        });
    }

    /// Starts it, and does not wait.
    pub fn spawn(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .expect("a log");
        let mut shell = Command::new("sh")
            .arg("-c")
            .arg("\"$0\" serve -C \"$1\" </dev/null >&2 & echo $!; read -r end; kill -9 $! 2>/dev/null; wait $! 2>/dev/null")
            .arg(binary())
            .arg(self.config())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        BufReader::new(shell.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("the number of the process");
        let pid = line.trim().parse().expect("a number");
        let input = shell.stdin.take();
        self.running = Some(Running { shell, input, pid });
    }

    /// Says whether its process runs.
    pub fn alive(&self) -> bool {
        self.running.as_ref().is_some_and(|running| {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", running.pid));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        })
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let status = Command::new("kill").args([signal, &pid]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill {signal}");
    }

    /// Kills it, so that it can do nothing more.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.input.take();
            let _ = running.shell.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(4000);
            eprintln!("the server's log:\n{}", log.get(from..).unwrap_or(&log));
        }
        self.kill();
    }
}

/// The server that tests share if they change nothing but what is below a folder of their own.
/// Its users: alice, bob, carol.
pub fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        Server::builder()
            .user("alice")
            .user("bob")
            .user("carol")
            .start()
    })
}

/// Makes a key and a certificate for `localhost` that is its own authority.
fn certificate(folder: &Path) {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext"])
        .args(["subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"])
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("certificate.pem"))
        .output()
        .expect("openssl, which tests/run installs");
    assert!(output.status.success(), "openssl: {output:?}");
}
