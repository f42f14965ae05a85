//! Keeps the processors awake while the rows are measured.
//!
//! A processor that sleeps is woken by an interrupt, and in a virtual machine that costs several times
//! what a small request does: so a request costs 35 or 80 µs of CPU, depending on where the kernel
//! puts client and server. Real load keeps processors awake; here a program does that gives way to
//! whoever else wants to run.

use std::io::Read;
use std::process::{Child, Command, Stdio};

/// Programs that run while nobody else does, one a processor; they end with this.
pub struct Awake(Vec<Child>);

impl Awake {
    /// Starts them. Without `chrt` of util-linux the processors may sleep, which is told.
    pub fn keep() -> Self {
        let program = std::env::current_exe().unwrap();
        let start = |_| {
            Command::new("chrt")
                .args(["--idle", "0"])
                .arg(&program)
                .arg("awake")
                .stdin(Stdio::piped())
                .spawn()
        };
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        match (0..count).map(start).collect() {
            Ok(children) => Self(children),
            Err(error) => {
                eprintln!("processors may sleep, which makes small requests dearer: chrt: {error}");
                Self(Vec::new())
            }
        }
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Is awake until whoever has started it ends.
pub fn spin() -> ! {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    loop {
        std::hint::spin_loop();
    }
}
