//! Metrics and health: what is told, and to whom.

use crate::support::{Answer, Running, add_user, basic, put, read_all, start, start_in};
use chapar::tenant;
use std::io::Write;
use std::net::TcpStream;

/// The value of a sample; none if there is no such line.
fn value(text: &str, sample: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(sample));
    line.and_then(|rest| rest.strip_prefix(' ')?.parse().ok())
}

fn ask_last(server: &Running, method: &str, path: &str) -> Answer {
    let mut stream = TcpStream::connect(server.addresses.last().unwrap()).unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    Answer::parse(&read_all(&mut stream))
}

#[test]
fn counters_agree_with_what_was_sent() {
    let options = "httpdocroot: {folder}/www\nprometheus_enabled: on\nprometheus_need_auth: none";
    let server = start(options, &[("a.txt", b"0123456789")]);
    for _ in 0..3 {
        server.ask("GET", "/a.txt", &[]);
    }
    server.ask("HEAD", "/a.txt", &[]);
    server.ask("GET", "/missing", &[]);
    server.ask("BREW", "/a.txt", &[]);
    let put =
        "PUT /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    server.send(put);
    let answer = server.ask("GET", "/metrics", &[]);
    assert_eq!(answer.status, 200);
    let kind = answer.field("content-type").unwrap();
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    let labels = |method: &str, more: &str| {
        format!("{{tenant=\"default\",module=\"-\",method=\"{method}\"{more}}}")
    };
    let requests = |method: &str, status: &str| {
        let labels = labels(method, &format!(",status=\"{status}\""));
        value(&answer.body, &format!("chapar_http_requests_total{labels}"))
    };
    assert_eq!(requests("GET", "200"), Some(3.0));
    assert_eq!(requests("GET", "404"), Some(1.0));
    assert_eq!(requests("HEAD", "200"), Some(1.0));
    assert_eq!(requests("other", "501"), Some(1.0));
    assert_eq!(requests("PUT", "405"), Some(1.0));
    assert!(!answer.body.contains("BREW") && !answer.body.contains("missing"));
    let of_get = |name: &str, more: &str| {
        value(&answer.body, &format!("{name}{}", labels("GET", more))).unwrap()
    };
    let duration = "chapar_http_request_duration_seconds";
    assert_eq!(of_get(&format!("{duration}_count"), ""), 4.0);
    assert_eq!(of_get(&format!("{duration}_bucket"), ",le=\"+Inf\""), 4.0);
    assert!(of_get(&format!("{duration}_sum"), "") > 0.0);
    let missing = server.ask("GET", "/missing", &[]).body.len();
    let sent = of_get("chapar_http_response_bytes_total", "");
    assert_eq!(sent, (30 + missing) as f64);
    // One of them is this one.
    let accepted = value(
        &answer.body,
        "chapar_http_connections_total{scheme=\"http\"}",
    );
    assert_eq!(accepted, Some(8.0));
    assert!(value(&answer.body, "process_open_fds").unwrap() > 3.0);
    assert_eq!(
        value(&answer.body, "chapar_config_last_reload_successful"),
        Some(1.0)
    );
    assert_eq!(
        value(&answer.body, "chapar_tenant_up{tenant=\"default\"}"),
        Some(1.0)
    );
    let store = value(
        &answer.body,
        "chapar_store_database_bytes{tenant=\"default\"}",
    );
    assert!(store.unwrap() > 0.0);
}

#[test]
fn openmetrics_is_told_to_those_who_ask() {
    let server = start("prometheus_enabled: on\nprometheus_need_auth: none", &[]);
    let accept = ("Accept", "application/openmetrics-text;version=1.0.0");
    let answer = server.ask("GET", "/metrics", &[accept]);
    let kind = answer.field("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(answer.body.ends_with("# EOF\n"));
    assert_eq!(server.ask("POST", "/metrics", &[]).status, 405);
    assert_eq!(server.ask("OPTIONS", "/metrics", &[]).status, 204);
}

#[test]
fn who_may_read_metrics_is_the_operators_to_say() {
    let base = "allowplaintext: on\nadmins: root\nfailedloginpause: 0\nprometheus_enabled: on";
    for (need_auth, anonymous, user, admin) in [
        ("\nprometheus_need_auth: none", 200, 200, 200),
        ("\nprometheus_need_auth: user", 401, 200, 200),
        ("\nprometheus_need_auth: admin", 401, 403, 200),
        ("", 401, 403, 200),
    ] {
        let server = start(&format!("{base}{need_auth}"), &[]);
        for name in ["alice", "root"] {
            add_user(&server, tenant::DEFAULT, name, "secret");
        }
        let status = |name: &str, password: &str| {
            let field = basic(name, password);
            server
                .ask("GET", "/metrics", &[("Authorization", &field)])
                .status
        };
        assert_eq!(
            server.ask("GET", "/metrics", &[]).status,
            anonymous,
            "{need_auth}"
        );
        assert_eq!(status("alice", "secret"), user, "{need_auth}");
        assert_eq!(status("root", "secret"), admin, "{need_auth}");
        if anonymous == 401 {
            assert_eq!(status("root", "wrong"), 401, "{need_auth}");
            let answer = server.ask(
                "GET",
                "/metrics",
                &[("Authorization", &basic("root", "secret"))],
            );
            let failed = "chapar_failed_sign_ins_total{tenant=\"default\",reason=\"credentials\"}";
            assert_eq!(value(&answer.body, failed), Some(1.0));
        }
    }
    assert_eq!(start("", &[]).ask("GET", "/metrics", &[]).status, 404);
}

#[test]
fn a_listener_for_metrics_serves_nothing_else() {
    let options = "httpdocroot: {folder}/www\nprometheus_listen: 127.0.0.1:0";
    let server = start(options, &[("a.txt", b"page")]);
    assert_eq!(server.ask("GET", "/metrics", &[]).status, 404);
    assert_eq!(ask_last(&server, "GET", "/metrics").status, 200);
    assert_eq!(ask_last(&server, "GET", "/healthz").status, 200);
    assert_eq!(ask_last(&server, "GET", "/readyz").status, 200);
    for path in ["/", "/a.txt", "/.well-known/x"] {
        assert_eq!(ask_last(&server, "GET", path).status, 404, "{path}");
    }
    assert_eq!(ask_last(&server, "PUT", "/metrics").status, 405);
}

#[test]
fn health_needs_no_sign_in_and_tells_no_names() {
    let server = start("", &[]);
    let alive = server.ask("GET", "/healthz", &[]);
    assert_eq!((alive.status, alive.body.as_str()), (200, "ok\n"));
    assert_eq!(server.ask("HEAD", "/healthz", &[]).body, "");
    assert_eq!(server.ask("PUT", "/healthz", &[]).status, 405);
    let ready = server.ask("GET", "/readyz", &[]);
    assert_eq!(ready.status, 200);
    assert_eq!(ready.field("content-type"), Some("application/json"));
    let report: serde_json::Value = serde_json::from_str(&ready.body).unwrap();
    assert_eq!(report["ready"], true);
    assert_eq!(report["stores"]["answering"], 1);
    assert_eq!(report["last_reload_successful"], true);
    assert!(!ready.body.contains("default"));
}

#[test]
fn a_host_whose_modules_were_all_refused_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("modules/broken.wasm"), b"no module");
    let server = start_in(folder, "");
    let answer = server.ask("GET", "/readyz", &[]);
    assert_eq!(answer.status, 503);
    let report: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(report["ready"], false);
    assert_eq!(
        (&report["modules"]["serving"], &report["modules"]["refused"]),
        (&0.into(), &1.into())
    );
    assert_eq!(report["stores"]["answering"], 1);
    assert_eq!(server.ask("GET", "/healthz", &[]).status, 200);
}
