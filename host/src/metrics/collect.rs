//! Writes everything that is counted: by the host here, by the runtime and the stores where they
//! count it.

use super::connections::{PROTOCOLS, REFUSALS};
use super::text::{Format, Kind, Label, Page};
use super::traffic::MethodTraffic;
use super::{Metrics, process, usage};
use crate::http::dispatch::Host;
use crate::reload::ReloadState;
use crate::tenant::Snapshot;
use runtime::ModuleState;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::UNIX_EPOCH;
use storage::{GROUP_BOUNDS, StoreStats};

/// Digits of a module's hash that are told.
const HASH_LEN: usize = 12;

/// Writes the text. Takes milliseconds where there are many tenants: for threads that may wait.
pub fn collect(host: &Host, format: Format) -> String {
    let mut page = Page::new(format);
    let snapshot = host.snapshot();
    let metrics = &host.metrics;
    page.family("chapar_build_info", Kind::Info, "The version that runs.")
        .count(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    requests(&mut page, &snapshot);
    connections(&mut page, metrics);
    deliveries(&mut page, &snapshot, metrics);
    let help = "Connections that wait for changes, and hold no instance.";
    page.family("chapar_waiting_connections", Kind::Gauge, help)
        .count(&[], host.hub.held());
    modules(&mut page, &host.runtime.states());
    usage::write(&mut page, &host.runtime.usage());
    tenants(&mut page, &snapshot);
    stores(&mut page, &snapshot);
    reloads(&mut page, &host.reload_state());
    process::write(&mut page, metrics.started);
    page.finish()
}

/// Says something for each tenant, module and method that there was a request of.
fn each(snapshot: &Snapshot, mut say: impl FnMut([Label<'_>; 3], &MethodTraffic)) {
    for site in snapshot.sites() {
        for of_module in site.traffic.modules().iter() {
            for (method, of_method) in of_module.methods() {
                let labels = [
                    ("tenant", site.name.as_str()),
                    ("module", of_module.module.as_str()),
                    ("method", method),
                ];
                say(labels, of_method);
            }
        }
    }
}

fn requests(page: &mut Page, snapshot: &Snapshot) {
    let help = "Requests answered.";
    let mut family = page.family("chapar_http_requests_total", Kind::Counter, help);
    each(snapshot, |[tenant, module, method], of_method| {
        for (status, count) in of_method.statuses() {
            family.count(&[tenant, module, method, ("status", &status)], count);
        }
    });
    let help = "Time from the head of a request to the last byte of its answer.";
    let mut family = page.family(
        "chapar_http_request_duration_seconds",
        Kind::Histogram,
        help,
    );
    each(snapshot, |labels, of_method| {
        family.distribution(&labels, &of_method.duration.read());
    });
    let help = "Bytes of the bodies of requests.";
    let mut family = page.family("chapar_http_request_bytes_total", Kind::Counter, help);
    each(snapshot, |labels, of_method| {
        family.count(&labels, of_method.bytes_in.load(Relaxed));
    });
    let help = "Bytes of the bodies of answers, as sent.";
    let mut family = page.family("chapar_http_response_bytes_total", Kind::Counter, help);
    each(snapshot, |labels, of_method| {
        family.count(&labels, of_method.bytes_out.load(Relaxed));
    });
    let help = "Sign-ins that failed.";
    let mut family = page.family("chapar_failed_sign_ins_total", Kind::Counter, help);
    for site in snapshot.sites() {
        let failed = &site.traffic.failed_sign_ins;
        for (reason, count) in [
            ("credentials", &failed.credentials),
            ("throttled", &failed.throttled),
            ("unavailable", &failed.unavailable),
        ] {
            let labels = [("tenant", site.name.as_str()), ("reason", reason)];
            family.count(&labels, count.load(Relaxed));
        }
    }
}

fn connections(page: &mut Page, metrics: &Metrics) {
    let counts = &metrics.connections;
    let mut say = |name, kind, help, label, values: &[(&str, &AtomicU64)]| {
        let mut family = page.family(name, kind, help);
        for (value, count) in values {
            family.count(&[(label, value)], count.load(Relaxed));
        }
    };
    let [plain, secure] = &counts.accepted;
    say(
        "chapar_http_connections_total",
        Kind::Counter,
        "Connections accepted.",
        "scheme",
        &[("http", plain), ("https", secure)],
    );
    let reasons = REFUSALS.iter().map(|(_, reason)| *reason);
    let refused: Vec<_> = reasons.zip(&counts.refused).collect();
    say(
        "chapar_http_refused_connections_total",
        Kind::Counter,
        "Connections that were not let in.",
        "reason",
        &refused,
    );
    let open: Vec<_> = PROTOCOLS.into_iter().zip(&counts.open).collect();
    say(
        "chapar_http_active_connections",
        Kind::Gauge,
        "Connections open now, by what they speak.",
        "protocol",
        &open,
    );
    say(
        "chapar_tls_handshakes_total",
        Kind::Counter,
        "TLS handshakes.",
        "result",
        &[
            ("succeeded", &counts.handshakes),
            ("failed", &counts.handshakes_failed),
        ],
    );
}

fn deliveries(page: &mut Page, snapshot: &Snapshot, metrics: &Metrics) {
    let help = "Connections that deliver mail.";
    let mut family = page.family("chapar_lmtp_connections_total", Kind::Counter, help);
    family.count(&[], metrics.lmtp.accepted.load(Relaxed));
    let help = "Connections that were turned away, because there were too many.";
    let mut family = page.family("chapar_lmtp_refused_connections_total", Kind::Counter, help);
    family.count(&[], metrics.lmtp.refused.load(Relaxed));
    let help = "Mail that came in, by recipients.";
    let mut family = page.family("chapar_lmtp_deliveries_total", Kind::Counter, help);
    for site in snapshot.sites() {
        let counts = &site.traffic.deliveries;
        for (result, count) in [
            ("delivered", &counts.delivered),
            ("deferred", &counts.deferred),
            ("refused", &counts.refused),
        ] {
            let labels = [("tenant", site.name.as_str()), ("result", result)];
            family.count(&labels, count.load(Relaxed));
        }
    }
    let help = "Messages that came without keys, and were given to their module.";
    let mut family = page.family("chapar_indexed_messages_total", Kind::Counter, help);
    for site in snapshot.sites() {
        let counts = &site.traffic.indexed;
        for (result, count) in [("indexed", &counts.indexed), ("failed", &counts.failed)] {
            let labels = [("tenant", site.name.as_str()), ("result", result)];
            family.count(&labels, count.load(Relaxed));
        }
    }
    let help = "Mail that was sent, by recipients and attempts.";
    let mut family = page.family("chapar_submissions_total", Kind::Counter, help);
    for site in snapshot.sites() {
        let counts = &site.traffic.submissions;
        for (result, count) in [
            ("sent", &counts.sent),
            ("deferred", &counts.deferred),
            ("failed", &counts.failed),
        ] {
            let labels = [("tenant", site.name.as_str()), ("result", result)];
            family.count(&labels, count.load(Relaxed));
        }
    }
    let help = "Messages to push services, by attempts.";
    let mut family = page.family("chapar_pushes_total", Kind::Counter, help);
    for site in snapshot.sites() {
        let counts = &site.traffic.pushes;
        for (result, count) in [
            ("sent", &counts.sent),
            ("deferred", &counts.deferred),
            ("gone", &counts.gone),
        ] {
            let labels = [("tenant", site.name.as_str()), ("result", result)];
            family.count(&labels, count.load(Relaxed));
        }
    }
    let help = "Bytes of mail that was delivered.";
    let mut family = page.family("chapar_lmtp_bytes_total", Kind::Counter, help);
    for site in snapshot.sites() {
        let bytes = site.traffic.deliveries.bytes.load(Relaxed);
        family.count(&[("tenant", &site.name)], bytes);
    }
}

fn modules(page: &mut Page, states: &[ModuleState]) {
    let serves = |state: &ModuleState| state.enabled && state.descriptor.is_some();
    let help = "1 for a module that serves, 0 for one that was refused or isn't enabled.";
    let mut family = page.family("chapar_module_up", Kind::Gauge, help);
    for state in states {
        family.count(&[("module", &state.name)], serves(state).into());
    }
    let help = "1 for a module whose file was refused; what was there before may still serve.";
    let mut family = page.family("chapar_module_refused", Kind::Gauge, help);
    for state in states {
        family.count(&[("module", &state.name)], state.refused.is_some().into());
    }
    let help = "The modules that serve.";
    let mut family = page.family("chapar_module_info", Kind::Info, help);
    for state in states.iter().filter(|state| serves(state)) {
        let version = state.descriptor.as_ref().map(|it| it.version.as_str());
        // As much as `sha256sum` and its reader need to tell files apart.
        let hash = state.serving.as_deref().unwrap_or_default();
        let labels = [
            ("module", &*state.name),
            ("version", version.unwrap_or_default()),
            ("sha256", hash.get(..HASH_LEN).unwrap_or(hash)),
        ];
        family.count(&labels, 1);
    }
}

fn tenants(page: &mut Page, snapshot: &Snapshot) {
    let help = "1 for a tenant whose file is in force, 0 for one whose file was refused.";
    let mut family = page.family("chapar_tenant_up", Kind::Gauge, help);
    let is_refused = |name: &str| snapshot.refused.iter().any(|it| it.tenant == name);
    for site in snapshot.sites().filter(|site| !is_refused(&site.name)) {
        family.count(&[("tenant", &site.name)], 1);
    }
    for refused in &snapshot.refused {
        family.count(&[("tenant", &refused.tenant)], 0);
    }
}

/// A number that a store counts: the metric, its kind, its help, and the value.
type OfStore = (&'static str, Kind, &'static str, fn(&StoreStats) -> f64);

#[rustfmt::skip]
const OF_STORES: [OfStore; 13] = [
    ("chapar_store_commits_total", Kind::Counter, "Groups of writes committed.", |s| float(s.commits)),
    ("chapar_store_failed_commits_total", Kind::Counter, "Groups of writes that could not be committed.", |s| float(s.commits_failed)),
    ("chapar_store_commit_seconds_total", Kind::Counter, "Time that commits took until they were durable.", |s| s.commit_time.as_secs_f64()),
    ("chapar_store_syncs_total", Kind::Counter, "Times that the disk was asked to make bytes durable.", |s| float(s.syncs)),
    ("chapar_store_checkpoints_total", Kind::Counter, "Times that the log was brought into the database file.", |s| float(s.checkpoints)),
    ("chapar_store_pages_written_total", Kind::Counter, "Pages that commits wrote.", |s| float(s.pages_written)),
    ("chapar_store_page_hits_total", Kind::Counter, "Pages that reads found in memory.", |s| float(s.page_hits)),
    ("chapar_store_page_misses_total", Kind::Counter, "Pages that reads fetched from the file.", |s| float(s.page_misses)),
    ("chapar_store_database_bytes", Kind::Gauge, "Size of the database file.", |s| float(s.database_bytes)),
    ("chapar_store_log_bytes", Kind::Gauge, "Size of the write-ahead log.", |s| float(s.log_bytes)),
    ("chapar_store_blobs", Kind::Gauge, "Bodies that are files of their own.", |s| float(s.blobs)),
    ("chapar_store_blob_bytes", Kind::Gauge, "Bytes of bodies that are files of their own.", |s| float(s.blob_bytes)),
    ("chapar_store_writes_total", Kind::Counter, "Writes committed, in groups.", |s| float(s.writes)),
];

/// Counts beyond 2^53 are rounded, as every reader of the text does.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

fn stores(page: &mut Page, snapshot: &Snapshot) {
    let stats: Vec<(&str, StoreStats)> = snapshot
        .sites()
        .filter_map(|site| Some((site.name.as_str(), site.opened()?.tenant.store.stats())))
        .collect();
    for (name, kind, help, value) in OF_STORES {
        let mut family = page.family(name, kind, help);
        for (tenant, stats) in &stats {
            family.sample(&[("tenant", tenant)], value(stats));
        }
    }
    let help = "How many writes a commit had.";
    let mut family = page.family("chapar_store_commit_writes", Kind::Histogram, help);
    for (tenant, stats) in &stats {
        let bounds = GROUP_BOUNDS.iter().map(|bound| Some(float(*bound)));
        let buckets = bounds.chain([None]).zip(stats.group_sizes);
        family.buckets(&[("tenant", tenant)], buckets, float(stats.writes));
    }
}

fn reloads(page: &mut Page, state: &ReloadState) {
    let help = "1 if all is in force as the files say, 0 if something was refused.";
    page.family("chapar_config_last_reload_successful", Kind::Gauge, help)
        .count(&[], state.problems.is_empty().into());
    let help = "What is not in force as its file says; the log names it.";
    let problems = u64::try_from(state.problems.len()).unwrap_or(u64::MAX);
    page.family("chapar_config_problems", Kind::Gauge, help)
        .count(&[], problems);
    for (name, help, when) in [
        (
            "chapar_config_last_reload_timestamp_seconds",
            "When the files were last read, since 1970.",
            state.when,
        ),
        (
            "chapar_config_last_reload_success_timestamp_seconds",
            "When all was last in force as the files say, since 1970.",
            state.ok,
        ),
    ] {
        let since = when.duration_since(UNIX_EPOCH).unwrap_or_default();
        page.single(name, Kind::Gauge, help, since.as_secs_f64());
    }
}
