//! The log: lines on standard error, written by a thread of its own, so that a request does not
//! wait for whoever reads them.

use crate::log_format;
use crate::otlp::{self, OtlpError};
use parking_lot::{Condvar, Mutex};
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, reload};

/// How long lines are gathered before they are written together.
const GATHER: Duration = Duration::from_millis(20);
/// More than this waiting is dropped, and counted: the reader has stalled.
const WAITING_MAX: usize = 4 << 20;

/// Why the log can't be begun.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter makes no sense.
    #[error("`{filter}` is no filter for the log: {reason}")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no thread to write it.
    #[error("can't start the thread that writes the log: {0}")]
    Thread(#[from] io::Error),
    /// Spans can't be exported.
    #[error(transparent)]
    Otlp(#[from] OtlpError),
}

/// Writes what is still waiting when it is dropped, and sends the spans that are.
pub struct LogGuard {
    lines: Arc<Lines>,
    exporter: Option<otlp::Exporter>,
}

/// Changes what is logged, once it has begun.
static FILTER: OnceLock<Box<dyn Fn(EnvFilter) + Send + Sync>> = OnceLock::new();

/// Says whether a text is a filter.
pub fn check(filter: &str) -> Result<(), LogError> {
    parse(filter).map(drop)
}

/// Logs by another filter from now on. `RUST_LOG` overrides it.
pub fn set_filter(filter: &str) -> Result<(), LogError> {
    let filter = parse(filter)?;
    if let Some(set) = FILTER.get() {
        set(filter);
    }
    Ok(())
}

fn parse(filter: &str) -> Result<EnvFilter, LogError> {
    let from_environment = std::env::var("RUST_LOG").ok();
    let from_environment = from_environment.filter(|text| !text.is_empty());
    let filter = from_environment.as_deref().unwrap_or(filter);
    EnvFilter::try_new(filter).map_err(|error| LogError::Filter {
        filter: filter.to_owned(),
        reason: error.to_string(),
    })
}

/// Begins the log, as text or as an object of JSON a line, and sends spans to the collector at
/// `otlp_endpoint` if there is one. `RUST_LOG` overrides the filter, which is the lines' alone.
pub fn begin(filter: &str, json: bool, otlp_endpoint: Option<&str>) -> Result<LogGuard, LogError> {
    let (parsed, handle) = reload::Layer::new(parse(filter)?);
    let lines = Arc::new(Lines::default());
    log_format::set_json(json);
    let layer = fmt::layer()
        .with_ansi(false)
        .event_format(log_format::Lines::default())
        .fmt_fields(log_format::Fields)
        .with_writer(Writer(lines.clone()));
    let (spans, exporter) = otlp::begin(otlp_endpoint)?;
    let begun = tracing_subscriber::registry()
        .with(layer.with_filter(parsed))
        .with(spans)
        .try_init();
    if begun.is_ok() {
        let _ = FILTER.set(Box::new(move |filter| drop(handle.reload(filter))));
        let lines = lines.clone();
        let writer = std::thread::Builder::new().name("log".to_owned());
        writer.spawn(move || lines.write_for_ever())?;
    }
    Ok(LogGuard {
        lines,
        exporter: Some(exporter),
    })
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        // It may have something to log.
        self.exporter = None;
        self.lines.write();
    }
}

/// Lines on their way.
#[derive(Default)]
struct Lines {
    waiting: Mutex<Waiting>,
    some: Condvar,
    /// Held while writing, so that lines stay in order.
    writing: Mutex<()>,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    dropped: u64,
}

impl Lines {
    fn put(&self, line: &[u8]) {
        let mut waiting = self.waiting.lock();
        if waiting.text.len() + line.len() > WAITING_MAX {
            waiting.dropped += 1;
            return;
        }
        let first = waiting.text.is_empty();
        waiting.text.extend_from_slice(line);
        drop(waiting);
        if first {
            self.some.notify_one();
        }
    }

    fn write_for_ever(&self) {
        loop {
            let mut waiting = self.waiting.lock();
            while waiting.text.is_empty() {
                self.some.wait(&mut waiting);
            }
            drop(waiting);
            std::thread::sleep(GATHER);
            self.write();
        }
    }

    fn write(&self) {
        let _writing = self.writing.lock();
        let Waiting { text, dropped } = std::mem::take(&mut *self.waiting.lock());
        let mut stderr = io::stderr();
        let _ = stderr.write_all(&text);
        if dropped > 0 {
            let _ = writeln!(
                stderr,
                "{dropped} lines of the log were dropped: its reader is too slow"
            );
        }
    }
}

struct Writer(Arc<Lines>);

struct LineWriter<'a>(&'a Lines);

impl<'a> MakeWriter<'a> for Writer {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(&self.0)
    }
}

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
