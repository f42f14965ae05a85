//! A server in a thread of its own, and a client that sends bytes as they are.

use base64::Engine;
use chapar::auth::password;
use chapar::config::Config;
use chapar::http::dispatch::Host;
use chapar::server::Server;
use chapar::service::Inherited;
use chapar::{state, tenant};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use storage::{Kind, Principal};
use tempfile::TempDir;

pub struct Running {
    /// Those for metrics alone come last.
    pub addresses: Vec<SocketAddr>,
    host: Option<Arc<Host>>,
    folder: TempDir,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Starts a server with these options; `{folder}` in them is a temporary folder, whose `www` has
/// the files given.
pub fn start(options: &str, files: &[(&str, &[u8])]) -> Running {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        put(&folder.path().join("www").join(name), content);
    }
    start_in(folder, options)
}

/// Starts a server that keeps everything in a folder.
pub fn start_in(folder: TempDir, options: &str) -> Running {
    let place = folder.path().display().to_string();
    std::fs::create_dir_all(folder.path().join("modules")).unwrap();
    let mut text = options.replace("{folder}", &place);
    text.push_str(&format!(
        "\nconfigdirectory: {place}/state\nmoduledir: {place}/modules\nservername: test\n"
    ));
    let listens = |line: &str| line.starts_with("listen:") || line.starts_with("tls_listen:");
    if !text.lines().any(listens) {
        text.push_str("listen: 127.0.0.1:0\n");
    }
    let file = folder.path().join("imapd.conf");
    std::fs::write(&file, text).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ready, started) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || serve(&file, &ready, stopped));
    let (addresses, host) = started.recv().unwrap();
    Running {
        addresses,
        host: Some(host),
        folder,
        stop: Some(stop),
        thread: Some(thread),
    }
}

/// Writes a file, and the folders that it lies in.
pub fn put(file: &Path, content: impl AsRef<[u8]>) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, content).unwrap();
}

/// The field of a sign-in.
pub fn basic(user: &str, password: &str) -> String {
    let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {token}")
}

/// Adds a user to a tenant's store, as another process would.
pub fn add_user(server: &Running, name: &str, user: &str, password: &str) {
    let config = Config::load(Some(&server.path("imapd.conf"))).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = state::open_store(&config, name).unwrap();
        let principal = Principal {
            id: user.to_owned(),
            kind: Kind::User,
            display_name: user.to_owned(),
            addresses: Vec::new(),
        };
        store.put_principal(&principal).await.unwrap();
        let credentials = password::derive(password).unwrap();
        store.set_credentials(user, &credentials).await.unwrap();
        store.close().await;
    });
}

fn serve(
    file: &Path,
    ready: &std::sync::mpsc::Sender<(Vec<SocketAddr>, Arc<Host>)>,
    stopped: tokio::sync::oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = Config::load(Some(file)).unwrap();
        let store = state::open_store(&config, tenant::DEFAULT).unwrap();
        let server = Server::start(&config, store, Inherited::default())
            .await
            .unwrap();
        let addresses = server.addresses().map(|(address, _)| address);
        let addresses = addresses.chain(server.operations_addresses()).collect();
        ready.send((addresses, server.host().clone())).unwrap();
        server.run(async { drop(stopped.await) }).await;
    });
    runtime.shutdown_background();
}

impl Running {
    /// What it answers by.
    #[cfg(feature = "otlp")]
    pub fn host(&self) -> &Host {
        self.host.as_deref().unwrap()
    }

    /// Stops the server and waits for it.
    pub fn stop(&mut self) {
        drop((self.host.take(), self.stop.take()));
        self.thread.take().unwrap().join().unwrap();
    }

    /// What is not in force as its file says.
    pub fn problems(&self) -> Vec<String> {
        self.host.as_ref().unwrap().reload_state().problems.clone()
    }

    /// A file or folder in the server's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addresses[0]).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    }

    /// Sends bytes and returns all that comes until the connection ends.
    pub fn send(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        read_all(&mut stream)
    }

    /// Sends one request with these fields, and returns its answer.
    pub fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask_at("test", method, path, fields)
    }

    /// The same at another Host.
    pub fn ask_at(&self, host: &str, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for (name, value) in fields {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        Answer::parse(&self.send(&request))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.stop();
        }
    }
}

pub fn read_all(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn parse(text: &str) -> Self {
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer: {text:?}"));
        Self {
            status: head[9..12].parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields(name).next()
    }

    pub fn fields(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields
            .filter(move |(field, _)| *field == name)
            .map(|(_, value)| value)
    }
}
