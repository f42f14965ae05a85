//! Why a WebSocket is closed: RFC 6455 §7.4.

/// Why a connection is closed, as a close frame says it. RFC 6455 §7.4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    /// The status code.
    pub code: u16,
    /// For people; at most 123 bytes.
    pub reason: &'static str,
}

impl Close {
    /// All was said.
    pub const NORMAL: Self = Self::new(1000, "");
    /// The server stops, or the connection is old.
    pub const GOING_AWAY: Self = Self::new(1001, "come again");
    /// A binary message.
    pub const UNSUPPORTED: Self = Self::new(1003, "messages are text");
    /// A text that is not UTF-8.
    pub const NOT_TEXT: Self = Self::new(1007, "a text is UTF-8");
    /// A message that does not come to its end.
    pub const TOO_SLOW: Self = Self::new(1008, "a message came too slowly");
    /// A message over the limit.
    pub const TOO_BIG: Self = Self::new(1009, "a message is too long");

    /// A code and a reason.
    pub const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }

    /// A rule of RFC 6455 §5 is broken.
    pub const fn violation(reason: &'static str) -> Self {
        Self::new(1002, reason)
    }
}
