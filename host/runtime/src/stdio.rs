//! The standard output of a module: lines of the log, bounded in length and number.

use crate::Tenant;
use crate::state::ModuleFacts;
use bytes::Bytes;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Longest line, in bytes; the rest of it is left out.
const LINE_MAX: usize = 1024;
/// Most lines that an instance writes in a second; the rest are counted.
const LINES_PER_SECOND: u32 = 20;
/// Bytes taken by one write.
const WRITE_MAX: usize = 64 << 10;

/// Where an instance's output goes.
#[derive(Clone)]
pub(crate) struct Log {
    module: Arc<ModuleFacts>,
    tenant: Option<Arc<Tenant>>,
    lines: Arc<Mutex<Lines>>,
}

#[derive(Default)]
struct Lines {
    /// The line that is not ended yet.
    open: Vec<u8>,
    /// The second that is counted.
    since: Option<Instant>,
    written: u32,
    left_out: u64,
}

impl Log {
    pub(crate) fn new(module: Arc<ModuleFacts>, tenant: Option<Arc<Tenant>>) -> Self {
        Self {
            module,
            tenant,
            lines: Arc::default(),
        }
    }

    fn take(&self, bytes: &[u8]) {
        let mut lines = self.lines.lock();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let room = LINE_MAX.saturating_sub(lines.open.len());
            lines.open.extend(text.iter().take(room));
            if ended {
                self.end_line(&mut lines);
            }
        }
    }

    fn end_line(&self, lines: &mut Lines) {
        let line = std::mem::take(&mut lines.open);
        let fresh = lines
            .since
            .is_none_or(|since| since.elapsed() >= Duration::from_secs(1));
        if fresh {
            lines.since = Some(Instant::now());
            lines.written = 0;
        }
        if lines.written >= LINES_PER_SECOND {
            lines.left_out += 1;
            return;
        }
        lines.written += 1;
        let left_out = std::mem::take(&mut lines.left_out);
        let tenant = self.tenant.as_ref().map_or("", |tenant| &tenant.name);
        // Quoted: what a module prints must not look like a line of the host's own.
        let text = String::from_utf8_lossy(&line);
        tracing::info!(module = %self.module.name, tenant, left_out, "module says {text:?}");
    }
}

impl IsTerminal for Log {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Log {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Log {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_MAX)
    }
}

#[async_trait::async_trait]
impl Pollable for Log {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Log {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
