//! What the process uses, under the names that every program with Prometheus metrics has.

use super::text::{Kind, Page};
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes what the system knows of this process.
pub fn write(page: &mut Page, started: SystemTime) {
    let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(cpu.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(cpu.tv_nsec).unwrap_or_default();
    page.single(
        "process_cpu_seconds_total",
        Kind::Counter,
        "CPU time used, of user and system together.",
        std::time::Duration::new(seconds, nanos).as_secs_f64(),
    );
    let since = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    page.single(
        "process_start_time_seconds",
        Kind::Gauge,
        "When the process started, since 1970.",
        since.as_secs_f64(),
    );
    // Nothing where there is no such file.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for (field, scale, name, help) in [
        (
            "VmRSS:",
            1024,
            "process_resident_memory_bytes",
            "Memory held.",
        ),
        (
            "VmSize:",
            1024,
            "process_virtual_memory_bytes",
            "Addresses in use; sandboxes reserve far more than they use.",
        ),
        ("Threads:", 1, "process_threads", "Threads."),
    ] {
        let mut lines = status.lines();
        let value = lines.find_map(|line| line.strip_prefix(field));
        let value = value.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        if let Some(value) = value {
            page.family(name, Kind::Gauge, help)
                .count(&[], value * scale);
        }
    }
    if let Ok(entries) = std::fs::read_dir("/proc/self/fd") {
        // One is the listing's own.
        let open = u64::try_from(entries.count())
            .unwrap_or_default()
            .saturating_sub(1);
        let help = "Open files and connections.";
        page.family("process_open_fds", Kind::Gauge, help)
            .count(&[], open);
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if let Some(limit) = limit.current {
        let help = "How many files and connections may be open.";
        page.family("process_max_fds", Kind::Gauge, help)
            .count(&[], limit);
    }
}
