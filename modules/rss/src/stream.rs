//! A part that is too long to be held in memory, decoded while it is read.

use crate::problem::Problem;
use mail::{Decoder, Part};
use memchr::{memchr, memmem};
use module::{Answer, Blob, Headers, Writer};

/// How much is read at once.
const PIECE: u32 = 1 << 20;

/// A line that ends a part is no longer than this: RFC 2046 §5.1.1 has 70 characters for what tells
/// it from others.
const LINE_MAX: usize = 512;

/// Answers with the contents of a part, of which the end is yet to be found.
pub(crate) fn write(
    blob: &Blob,
    part: &Part<'_>,
    boundaries: Vec<String>,
    headers: &Headers,
) -> Result<Answer, Problem> {
    let writer = Writer::begin(200, headers)?;
    let mut decoder = Decoder::new(part.encoding);
    let mut offset = part.range.start as u64;
    let mut window = Vec::new();
    let mut decoded = Vec::new();
    loop {
        let piece = blob.read(offset, PIECE)?;
        offset += piece.len() as u64;
        window.extend_from_slice(&piece);
        let is_last = offset >= blob.size() || piece.is_empty();
        let end = find_end(&window, &boundaries, is_last);
        // What may be the beginning of the line that ends the part is left for the next time.
        let safe = match (end, is_last) {
            (Some(end), _) => end,
            (None, true) => window.len(),
            (None, false) => window.len().saturating_sub(LINE_MAX),
        };
        let rest = window.split_off(safe);
        decoder.push(&window, &mut decoded);
        window = rest;
        if end.is_some() || is_last {
            break;
        }
        writer.write(&decoded)?;
        decoded.clear();
    }
    decoder.end(&mut decoded);
    writer.write(&decoded)?;
    Ok(Answer::Streamed(writer))
}

/// Where the contents end, before the line break that belongs to the delimiter. A line that is not whole
/// is none, unless it is the last.
fn find_end(window: &[u8], boundaries: &[String], is_last: bool) -> Option<usize> {
    let feed = memmem::find_iter(window, b"\n--").find(|feed| {
        let line = window.get(feed + 3..).unwrap_or_default();
        let line = match memchr(b'\n', line) {
            Some(end) => line.get(..end).unwrap_or_default(),
            None if is_last => line,
            None => return false,
        };
        boundaries.iter().any(|boundary| {
            let after = line.strip_prefix(boundary.as_bytes());
            let after = after.map(<[u8]>::trim_ascii_end);
            after.is_some_and(|after| after.is_empty() || after == b"--")
        })
    })?;
    let is_pair = feed.checked_sub(1).and_then(|at| window.get(at)) == Some(&b'\r');
    Some(if is_pair { feed - 1 } else { feed })
}
