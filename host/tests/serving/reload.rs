//! Reload: what changed is in force soon after, what is wrong stays as it was, and no request
//! fails meanwhile.

use crate::support::{Answer, Running, put, read_all, start_in};
use crate::tls::{fixture, shown};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Waits until something is so; there is no event for it, for it happens in another process in
/// real life.
pub fn until(what: &str, so: impl Fn() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const MAIN: &str = "httpdocroot: {folder}/www\n";

fn server() -> Running {
    let folder = tempfile::tempdir().unwrap();
    for name in ["www", "a", "b"] {
        put(&folder.path().join(name).join("page"), name);
    }
    start_in(folder, MAIN)
}

impl Running {
    fn tenant(&self, name: &str, options: &str) {
        let place = self.path("").display().to_string();
        let text = options.replace("{folder}", place.trim_end_matches('/'));
        // As editors do: a new file takes the place of the old one.
        let file = self.path("state/tenants.d").join(format!("{name}.conf"));
        put(&file.with_extension("new"), text);
        fs::rename(file.with_extension("new"), file).unwrap();
    }

    fn page(&self, host: &str) -> String {
        self.ask_at(host, "GET", "/page", &[]).body
    }

    /// Replaces the main file.
    pub fn main_file(&self, change: impl Fn(&str) -> String) {
        let file = self.path("imapd.conf");
        let text = change(&fs::read_to_string(&file).unwrap());
        put(&file.with_extension("new"), text);
        fs::rename(file.with_extension("new"), file).unwrap();
    }
}

#[test]
fn tenants_come_and_go() {
    let server = server();
    assert_eq!(server.page("a.test"), "www");
    server.tenant("a", "domains: a.test\nhttpdocroot: {folder}/a");
    until("a comes", || server.page("a.test") == "a");
    server.tenant("b", "domains: b.test\nhttpdocroot: {folder}/b");
    until("b comes", || server.page("b.test") == "b");
    server.tenant("a", "domains: x.test\nhttpdocroot: {folder}/a");
    until("a moves", || server.page("x.test") == "a");
    assert_eq!(server.page("a.test"), "www");
    fs::remove_file(server.path("state/tenants.d/a.conf")).unwrap();
    until("a goes", || server.page("x.test") == "www");
    assert_eq!(server.page("b.test"), "b");
    // Nothing of it is deleted.
    assert!(server.path("state/tenants/a/store.sqlite3").exists());
}

#[test]
fn a_bad_file_leaves_the_old_one_in_force() {
    let server = server();
    server.tenant("a", "domains: a.test\nhttpdocroot: {folder}/a");
    until("a comes", || server.page("a.test") == "a");
    server.tenant("a", "domains: a.test\nlisten: *:1");
    // Another change shows that the bad one was looked at.
    server.tenant("b", "domains: b.test\nhttpdocroot: {folder}/b");
    until("b comes", || server.page("b.test") == "b");
    assert_eq!(server.page("a.test"), "a");
    // Whoever has a domain keeps it.
    server.tenant("b", "domains: b.test a.test\nhttpdocroot: {folder}/b");
    let problem = |text: &str| {
        server
            .problems()
            .iter()
            .any(|problem| problem.contains(text))
    };
    until("b is refused", || problem("both have `a.test`"));
    assert_eq!(
        (server.page("a.test"), server.page("b.test")),
        ("a".to_owned(), "b".to_owned())
    );
    assert!(problem("a.conf:2: `listen`"));
    // A main file that is wrong changes nothing, for tenants neither.
    server.main_file(|text| format!("{text}serverinfo: perhaps\n"));
    until("the file is refused", || problem("serverinfo"));
    server.tenant("a", "domains: a.test\nhttpdocroot: {folder}/b");
    server.main_file(|text| text.replace("serverinfo: perhaps\n", ""));
    until("all is read", || server.page("a.test") == "b");
    // Nor does one that was emptied: it would be a server of another place.
    let before = fs::read_to_string(server.path("imapd.conf")).unwrap();
    server.main_file(|_| String::new());
    until("the empty file is refused", || problem("no options"));
    assert_eq!(server.page("a.test"), "b");
    server.main_file(|_| before.clone());
    server.tenant("b", "domains: b.test");
    until("all is well", || server.problems().is_empty());
}

#[test]
fn options_take_effect() {
    let server = server();
    let answer = || server.ask_at("x.test", "GET", "/page", &[]);
    assert!(answer().field("server").is_some());
    server.main_file(|text| format!("{text}serverinfo: off\n"));
    until("the Server field goes", || {
        answer().field("server").is_none()
    });
    server.main_file(|text| text.replace("/www\n", "/a\n"));
    until("the folder changes", || answer().body == "a");
    // A file that another one includes.
    server.main_file(|text| {
        format!(
            "{}@include: more.conf\n",
            text.replace("serverinfo: off\n", "")
        )
    });
    until("the missing file is noticed", || {
        !server.problems().is_empty()
    });
    fs::write(server.path("more.conf"), "serverinfo: min\n").unwrap();
    until("what is included holds", || {
        answer().field("server") == Some("chapar")
    });
}

#[test]
fn addresses_are_opened_and_closed() {
    let server = server();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let next = free.local_addr().unwrap();
    let old = server.addresses[0];
    // Nothing changes if one of them can't be had.
    server.main_file(|text| text.replace("listen: 127.0.0.1:0", &format!("listen: {next}")));
    until("it is in use", || {
        server
            .problems()
            .iter()
            .any(|problem| problem.contains(&next.to_string()))
    });
    assert_eq!(server.page("x.test"), "www");
    drop(free);
    let mut kept = server.connect();
    let ask = b"GET /page HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n";
    server.main_file(|text| format!("{text}# once more\n"));
    until("the new one accepts", || TcpStream::connect(next).is_ok());
    until("the old one does not", || TcpStream::connect(old).is_err());
    kept.write_all(ask).unwrap();
    assert_eq!(Answer::parse(&read_all(&mut kept)).body, "www");
    let mut stream = TcpStream::connect(next).unwrap();
    stream.write_all(ask).unwrap();
    assert_eq!(Answer::parse(&read_all(&mut stream)).body, "www");
}

/// What comes of a request to an address, in a connection of its own.
fn try_page(address: (&str, u16)) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let ask = b"GET /page HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n";
    stream.write_all(ask)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(Answer::parse(&text).body)
}

#[test]
fn a_port_moves_between_one_address_and_all_without_a_gap() {
    let server = server();
    let port = server.addresses[0].port();
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let page = try_page(("127.0.0.1", port));
                    assert_eq!(page.unwrap(), "www");
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let one = format!("listen: 127.0.0.1:{port}");
        let all = format!("listen: *:{port}");
        server.main_file(|text| text.replace("listen: 127.0.0.1:0", &one));
        for _ in 0..3 {
            server.main_file(|text| text.replace(&one, &all));
            until("it listens everywhere", || {
                try_page(("127.0.0.2", port)).is_ok()
            });
            server.main_file(|text| text.replace(&all, &one));
            until("it does not", || {
                TcpStream::connect(("127.0.0.2", port)).is_err()
            });
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(server.problems(), [""; 0]);
    assert_ne!(asked.load(Ordering::Relaxed), 0);
    // The port is not for others to share.
    assert!(TcpListener::bind(("127.0.0.1", port)).is_err());
}

#[test]
fn bounds_of_connections_and_their_time_take_effect() {
    let server = server();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = free.local_addr().unwrap();
    drop(free);
    server.main_file(|text| format!("{text}prometheus_listen: {metrics}\n"));
    until("metrics are served", || TcpStream::connect(metrics).is_ok());
    let status = || server.ask_at("x.test", "GET", "/page", &[]).status;
    let kept = server.connect();
    server.main_file(|text| format!("{text}maxconnections: 1\n"));
    until("there is no room", || status() == 503);
    let refused = server.ask_at("x.test", "GET", "/page", &[]);
    assert_eq!(refused.field("retry-after"), Some("5"));
    assert_eq!(refused.field("connection"), Some("close"));
    assert!(!refused.body.is_empty());
    server.main_file(|text| text.replace("maxconnections: 1", "maxconnections: 9"));
    until("there is room", || status() == 200);
    server.main_file(|text| text.replace("maxconnections: 9", "maxconnectionrate: 1"));
    until("too many begin", || status() == 503);
    server.main_file(|text| text.replace("maxconnectionrate: 1", "maxconnectionrate: 0"));
    until("as many as come", || status() == 200);
    let text = {
        let mut stream = TcpStream::connect(metrics).unwrap();
        let ask = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(ask).unwrap();
        read_all(&mut stream)
    };
    for reason in ["all", "rate"] {
        let name = format!("chapar_http_refused_connections_total{{reason=\"{reason}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        assert!(line.is_some_and(|count| count != "0"), "{text}");
    }

    let closes = |stream: &mut TcpStream| {
        stream
            .set_read_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        stream
            .write_all(b"GET /page HTTP/1.1\r\nHost: x.test\r\n\r\n")
            .unwrap();
        let mut bytes = [0; 4096];
        loop {
            match stream.read(&mut bytes) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    };
    assert!(!closes(&mut server.connect()));
    server.main_file(|text| format!("{text}httptimeout: 0\n"));
    until("connections end with the answer", || {
        closes(&mut server.connect())
    });
    drop(kept);
}

#[test]
fn certificates_follow_the_name_and_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        for kind in ["cert", "key"] {
            let file = format!("{name}.{kind}.pem");
            fs::copy(fixture(&file), folder.path().join(file)).unwrap();
        }
    }
    fs::copy(fixture("a.cert.pem"), folder.path().join("own.cert.pem")).unwrap();
    fs::copy(fixture("a.key.pem"), folder.path().join("own.key.pem")).unwrap();
    let options = format!(
        "tls_listen: 127.0.0.1:0\ntls_server_cert: {}\ntls_server_key: {}\n",
        fixture("cert.pem"),
        fixture("key.pem")
    );
    let server = start_in(folder, &options);
    let main = fs::read(fixture("cert.pem")).unwrap();
    let (a, b) = (
        fs::read(fixture("a.cert.pem")).unwrap(),
        fs::read(fixture("b.cert.pem")).unwrap(),
    );
    assert!(shown(&server, "a.test", &main));
    server.tenant(
        "a",
        "domains: a.test\ntls_server_cert: {folder}/own.cert.pem\ntls_server_key: {folder}/own.key.pem",
    );
    until("a has its own", || shown(&server, "a.test", &a));
    assert!(shown(&server, "unknown.test", &main) && shown(&server, "localhost", &main));
    // The wrong key: the old pair stays in force.
    fs::copy(fixture("b.cert.pem"), server.path("own.cert.pem")).unwrap();
    until("it is refused", || {
        server.problems().iter().any(|p| p.contains("tenant a"))
    });
    assert!(shown(&server, "a.test", &a));
    fs::copy(fixture("b.key.pem"), server.path("own.key.pem")).unwrap();
    until("the new pair is shown", || shown(&server, "a.test", &b));
    assert!(shown(&server, "localhost", &main));
}

#[test]
fn no_request_fails_while_everything_changes() {
    let server = Arc::new(server());
    server.tenant("a", "domains: a.test\nhttpdocroot: {folder}/a");
    until("a comes", || server.page("a.test") == "a");
    let (stop, asked) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let clients: Vec<_> = (0..6)
        .map(|number| {
            let (server, stop, asked) = (server.clone(), stop.clone(), asked.clone());
            std::thread::spawn(move || {
                // Some keep their connection, some open a new one for each request.
                let host = if number % 2 == 0 { "a.test" } else { "x.test" };
                while !stop.load(Ordering::Relaxed) {
                    let mut stream = server.connect();
                    for left in (0..if number < 3 { 50 } else { 1 }).rev() {
                        let close = if left == 0 {
                            "Connection: close\r\n"
                        } else {
                            ""
                        };
                        let request = format!("GET /page HTTP/1.1\r\nHost: {host}\r\n{close}\r\n");
                        stream.write_all(request.as_bytes()).unwrap();
                    }
                    let text = read_all(&mut stream);
                    let answers = text.matches("HTTP/1.1 200 OK").count();
                    assert_eq!(answers, if number < 3 { 50 } else { 1 }, "{text}");
                    assert_eq!(Answer::parse(&text).status, 200);
                    asked.fetch_add(answers, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for round in 0..10 {
        let page = if round % 2 == 0 { "b" } else { "a" };
        server.tenant(
            "a",
            &format!("domains: a.test\nhttpdocroot: {{folder}}/{page}"),
        );
        server.main_file(|text| format!("{text}# {round}\n"));
        until("the change is in force", || server.page("a.test") == page);
    }
    stop.store(true, Ordering::Relaxed);
    clients
        .into_iter()
        .for_each(|client| client.join().unwrap());
    assert!(asked.load(Ordering::Relaxed) > 1000);
}

#[test]
fn mail_is_taken_where_the_file_says() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::net::UnixStream;
    let folder = tempfile::tempdir().unwrap();
    let server = start_in(folder, "lmtp_listen: {folder}/one\n");
    let at = |name: &str| server.path(name);
    let line = |stream: &mut BufReader<UnixStream>| {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        line
    };
    let connect = |name: &str| {
        let stream = UnixStream::connect(at(name)).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Some(BufReader::new(stream))
    };
    let mut old = connect("one").expect("a place for mail");
    assert!(line(&mut old).starts_with("220 "));
    server.main_file(|text| text.replace("/one\n", "/two\n"));
    until("the new place is open", || connect("two").is_some());
    until("the old one is not", || !at("one").exists());
    let mut new = connect("two").expect("a place for mail");
    assert!(line(&mut new).starts_with("220 "));
    // Who is connected goes on.
    old.get_mut().write_all(b"NOOP\r\n").unwrap();
    assert!(line(&mut old).starts_with("250 "));
    // A place that can't be is refused with all that came with it, and the old one stays.
    server.main_file(|text| text.replace("/two\n", "/none/three\n"));
    until("the mistake is told", || {
        let problems = server.problems();
        problems
            .iter()
            .any(|problem| problem.contains("/none/three"))
    });
    assert!(connect("two").is_some());
    server.main_file(|text| text.replace("lmtp_listen", "#lmtp_listen"));
    until("no mail is taken", || !at("two").exists());
}
