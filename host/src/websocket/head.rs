//! Heads of frames: RFC 6455 §5.2, §5.5.

use super::close::Close;

/// Longest head of a frame: two bytes, eight of a length, four of a mask. RFC 6455 §5.2.
pub const HEAD_LEN_MAX: usize = 14;
/// Longest payload of a control frame. RFC 6455 §5.5.
const CONTROL_LEN_MAX: u64 = 125;

/// The frame that is being read.
#[derive(Clone, Copy)]
pub struct Frame {
    /// What it is.
    pub kind: Kind,
    /// The message ends with it.
    pub is_last: bool,
    /// How much of the payload is to come.
    pub left: u64,
    /// What the payload is masked with.
    pub mask: [u8; 4],
    /// How much of the payload has come, modulo four.
    pub turn: usize,
}

/// What a frame is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A message, or a part of one.
    Part,
    /// The end.
    Close,
    /// A question whether one is there.
    Ping,
    /// The answer.
    Pong,
}

impl Frame {
    /// Reads a whole head, and says how long the payload is. RFC 6455 §5.2.
    pub fn parse(head: &[u8]) -> Result<(Self, u64), &'static str> {
        let [first, second, rest @ ..] = head else {
            return Err("half a frame");
        };
        if first & 0x70 != 0 {
            return Err("a reserved bit, and no extension");
        }
        // RFC 6455 §5.1: a server closes "upon receiving a frame that is not masked".
        let Some((extended, mask)) = rest.split_last_chunk::<4>().filter(|_| second & 0x80 != 0)
        else {
            return Err("a client masks its frames");
        };
        let number = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
        let len = match (second & 0x7f, number(extended)) {
            (126, len @ 126..) => len,
            (127, len @ 0x1_0000..=0x7fff_ffff_ffff_ffff) => len,
            (126 | 127, _) => return Err("a length in more bytes than it needs"),
            (len, _) => len.into(),
        };
        let is_last = first & 0x80 != 0;
        let kind = match first & 0x0f {
            0..=2 => Kind::Part,
            8 => Kind::Close,
            9 => Kind::Ping,
            10 => Kind::Pong,
            _ => return Err("an unknown opcode"),
        };
        if kind != Kind::Part && (!is_last || len > CONTROL_LEN_MAX) {
            return Err("a control frame in parts, or too long");
        }
        let frame = Self {
            kind,
            is_last,
            left: len,
            mask: *mask,
            turn: 0,
        };
        Ok((frame, len))
    }
}

/// How long a head is, as far as what has come of it tells.
pub fn head_len(head: &[u8]) -> usize {
    let Some(second) = head.get(1) else {
        return 2;
    };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 != 0 { 4 } else { 0 };
    2 + extended + mask
}

/// The opcode in a head.
pub fn opcode(head: &[u8]) -> u8 {
    head.first().copied().unwrap_or_default() & 0x0f
}

/// The code in a close frame. RFC 6455 §5.5.1, §7.4.
pub fn close_code(payload: &[u8]) -> Result<Option<u16>, Close> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return match payload.is_empty() {
            true => Ok(None),
            false => Err(Close::violation("half a code")),
        };
    };
    let code = u16::from_be_bytes(*code);
    if std::str::from_utf8(reason).is_err() {
        return Err(Close::NOT_TEXT);
    }
    match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(Some(code)),
        _ => Err(Close::violation("no code to close with")),
    }
}
