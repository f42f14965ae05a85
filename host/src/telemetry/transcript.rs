//! What is written of one request: each part with a mark before it, `<time trace<` for what came
//! and `>time trace>` for what went, so that requests that run at once can be told apart.

use super::redact;
use super::writer::Writer;
use crate::http::trace_id::TraceId;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode, Uri, Version};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// How much of a body is written.
pub const BODY_MAX: usize = 64 << 10;

/// Which way something went.
#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

/// The transcript of one request.
#[derive(Clone)]
pub struct Transcript {
    writer: Arc<Writer>,
    /// The folder, named after the user.
    folder: Arc<str>,
    trace: TraceId,
}

impl Transcript {
    pub(super) fn new(writer: Arc<Writer>, folder: Arc<str>, trace: TraceId) -> Self {
        Self {
            writer,
            folder,
            trace,
        }
    }

    /// Writes the head of the request; returns what its body is to be shown to.
    pub fn request(
        &self,
        method: &Method,
        uri: &Uri,
        version: Version,
        fields: &HeaderMap,
    ) -> Copy {
        let target = redact::target(uri);
        self.head(Way::In, &format!("{method} {target} {version:?}"), fields);
        self.copy(Way::In, fields)
    }

    /// Writes the head of the answer; returns what its body is to be shown to.
    pub fn answer(&self, status: StatusCode, version: Version, fields: &HeaderMap) -> Copy {
        self.head(Way::Out, &format!("{version:?} {status}"), fields);
        self.copy(Way::Out, fields)
    }

    fn head(&self, way: Way, first: &str, fields: &HeaderMap) {
        let mut text = first.as_bytes().to_vec();
        text.push(b'\n');
        for (name, value) in fields {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(&redact::field(name, value));
            text.push(b'\n');
        }
        self.write(way, &text);
    }

    fn copy(&self, way: Way, fields: &HeaderMap) -> Copy {
        let text = |name| fields.get(name).and_then(|value| value.to_str().ok());
        let encoding = text(CONTENT_ENCODING).filter(|encoding| *encoding != "identity");
        let hidden = match (encoding, text(CONTENT_TYPE)) {
            (Some(encoding), _) => Some(format!("encoded with {encoding}")),
            // Names and values lie too far apart, or are encoded, for passwords to be found.
            (None, Some(kind)) if redact::is_form(kind) => Some("of a form".to_owned()),
            _ => None,
        };
        Copy {
            transcript: self.clone(),
            way,
            hidden,
            begin: Vec::new(),
            len: 0,
        }
    }

    fn write(&self, way: Way, text: &[u8]) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = since.unwrap_or_default().as_millis();
        let mark = match way {
            Way::In => '<',
            Way::Out => '>',
        };
        let (seconds, millis) = (time / 1000, time % 1000);
        let trace = self.trace.as_str();
        let mut entry = format!("{mark}{seconds}.{millis:03} {trace}{mark}\n").into_bytes();
        entry.extend_from_slice(text);
        entry.push(b'\n');
        self.writer.put(&self.folder, entry);
    }
}

/// The beginning of a body, written when the body ends, or breaks off.
pub struct Copy {
    transcript: Transcript,
    way: Way,
    /// Why it is not shown.
    hidden: Option<String>,
    begin: Vec<u8>,
    len: u64,
}

impl Copy {
    /// Shows the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.len += piece.len() as u64;
        if self.hidden.is_none() {
            let room = BODY_MAX.saturating_sub(self.begin.len());
            let part = piece.get(..room).unwrap_or(piece);
            self.begin.extend_from_slice(part);
        }
    }

    /// Shows a message over a WebSocket: each is an entry of its own.
    pub fn message(&self, is_of_client: bool, text: &[u8]) {
        let mut copy = Self {
            transcript: self.transcript.clone(),
            way: if is_of_client { Way::In } else { Way::Out },
            hidden: None,
            begin: Vec::new(),
            len: 0,
        };
        copy.push(text);
    }

    fn text(&self) -> Vec<u8> {
        let len = self.len;
        if let Some(hidden) = &self.hidden {
            return format!("[{len} bytes {hidden}]\n").into_bytes();
        }
        // The end may be in the middle of a character.
        let is_text = match std::str::from_utf8(&self.begin) {
            Ok(text) => !text.contains('\0'),
            Err(error) => error.error_len().is_none() && len > self.begin.len() as u64,
        };
        if !is_text {
            return format!("[{len} bytes that are no text]\n").into_bytes();
        }
        let mut text = redact::body(&self.begin);
        let rest = len - self.begin.len() as u64;
        if rest > 0 {
            text.extend_from_slice(format!("\n[{rest} bytes more]").as_bytes());
        }
        text.push(b'\n');
        text
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if self.len > 0 {
            self.transcript.write(self.way, &self.text());
        }
    }
}
