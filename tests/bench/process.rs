//! What a process uses, from /proc.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// CPU time that a process has used, threads that ended included. The kernel counts in hundredths
/// of a second, so what is measured must take seconds.
pub fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let (_, rest) = stat.rsplit_once(") ").expect("its name");
    let ticks: u64 = rest
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().expect("ticks"))
        .sum();
    Duration::from_millis(ticks * 10)
}

fn status(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .expect("a line");
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

/// Bytes of memory that a process holds now.
pub fn resident(pid: u32) -> u64 {
    status(pid, "VmRSS:")
}

/// Bytes of memory that a process holds, of which pages that it maps several times, or shares with
/// another, count once: instances of a module share those of its data that they have not written.
pub fn proportional(pid: u32) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"));
    let rollup = rollup.expect("a process");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    kilobytes.unwrap().parse::<u64>().unwrap() * 1024
}

/// The most that it held since [`forget_peak`].
pub fn peak(pid: u32) -> u64 {
    status(pid, "VmHWM:")
}

/// Starts counting the peak anew.
pub fn forget_peak(pid: u32) {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the right to");
}

/// Counts the fsyncs of a process; none where strace is missing.
pub struct Syncs {
    strace: Child,
    output: tempfile::NamedTempFile,
}

impl Syncs {
    /// Starts counting.
    pub fn of(pid: u32) -> Option<Self> {
        let output = tempfile::NamedTempFile::new().unwrap();
        let mut strace = Command::new("strace")
            .args([
                "-f",
                "-c",
                "-e",
                "trace=fsync,fdatasync,sync_file_range,msync",
            ])
            .args(["-p", &pid.to_string(), "-o"])
            .arg(output.path())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        // It says so when it is attached.
        let mut said = std::io::BufReader::new(strace.stderr.take()?);
        let mut line = String::new();
        std::io::BufRead::read_line(&mut said, &mut line).ok()?;
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        line.contains("attached").then_some(Self { strace, output })
    }

    /// Ends counting.
    pub fn count(mut self) -> u64 {
        let pid = self.strace.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let _ = self.strace.wait();
        let text = std::fs::read_to_string(self.output.path()).unwrap_or_default();
        text.lines()
            .filter(|line| line.contains("sync"))
            .filter_map(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok())
            .sum()
    }
}
