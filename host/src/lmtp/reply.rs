//! Answers: a code, an enhanced status code (RFC 3463, RFC 2034), and a text for people.

use std::fmt::Write;

/// An answer of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// RFC 5321 §4.2.
    pub code: u16,
    /// RFC 3463 §2.
    pub status: &'static str,
    /// Never a word of the client.
    pub text: &'static str,
}

/// Makes an answer.
pub const fn reply(code: u16, status: &'static str, text: &'static str) -> Reply {
    Reply { code, status, text }
}

impl Reply {
    /// Whether what was asked for was done.
    pub fn is_positive(self) -> bool {
        self.code < 400
    }

    /// Whether it may be done later.
    pub fn is_transient(self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Writes the line.
    pub fn write(self, out: &mut String) {
        // Writing to a string can't fail.
        let _ = write!(out, "{} {} {}\r\n", self.code, self.status, self.text);
    }
}

pub const OK: Reply = reply(250, "2.0.0", "OK");
pub const BYE: Reply = reply(221, "2.0.0", "bye");
pub const SENDER_OK: Reply = reply(250, "2.1.0", "sender OK");
pub const RECIPIENT_OK: Reply = reply(250, "2.1.5", "recipient OK");
pub const CHUNK_OK: Reply = reply(250, "2.0.0", "chunk received");
pub const DELIVERED: Reply = reply(250, "2.1.5", "delivered");
/// RFC 5321 §3.5.3: neither said nor denied.
pub const WILL_TRY: Reply = reply(252, "2.5.0", "send it, and you will be told");

pub const STOPPING: Reply = reply(421, "4.3.2", "the server stops; come again");
pub const TOO_MANY_CONNECTIONS: Reply = reply(421, "4.3.2", "too many connections; come again");
pub const TOO_SLOW: Reply = reply(421, "4.4.2", "nothing came for too long");
pub const TOO_MANY_ERRORS: Reply = reply(421, "4.7.0", "too many errors");

pub const NOT_NOW: Reply = reply(451, "4.3.0", "the store does not answer; try again later");
pub const DISK_FULL: Reply = reply(452, "4.3.1", "the disk is full; try again later");
pub const QUOTA_FOR_NOW: Reply = reply(452, "4.2.2", "the mailbox is over its quota");
pub const QUOTA: Reply = reply(552, "5.2.2", "the mailbox is over its quota");
pub const TOO_MANY_RECIPIENTS: Reply =
    reply(452, "4.5.3", "too many recipients; send the rest next");
pub const MAILBOX_LOCKED: Reply = reply(450, "4.2.1", "the mailbox is locked; try again later");
pub const MAILBOX_CLOSED: Reply = reply(550, "5.2.1", "the mailbox takes no messages");

pub const UNKNOWN_COMMAND: Reply = reply(500, "5.5.2", "no such command here");
pub const USE_LHLO: Reply = reply(500, "5.5.1", "this is LMTP: say LHLO");
pub const LINE_TOO_LONG: Reply = reply(500, "5.5.2", "the line is too long");
pub const BAD_LINE: Reply = reply(500, "5.5.2", "a line is UTF-8 and ends with CR LF");
pub const BAD_ARGUMENT: Reply = reply(501, "5.5.4", "that is not what the command takes");
pub const BAD_SENDER: Reply = reply(501, "5.1.7", "that is no address: <name@domain> or <>");
pub const BAD_RECIPIENT: Reply = reply(501, "5.1.3", "that is no address: <name@domain>");
pub const BAD_PARAMETER: Reply = reply(555, "5.5.4", "no such parameter here");
pub const OUT_OF_ORDER: Reply = reply(503, "5.5.1", "not now: LHLO, MAIL, RCPT, then DATA or BDAT");
pub const NO_RECIPIENTS: Reply = reply(503, "5.5.1", "no valid recipients");
pub const NO_SUCH_USER: Reply = reply(550, "5.1.1", "no such user here");
pub const NEEDS_SMTPUTF8: Reply = reply(553, "5.6.7", "such an address needs SMTPUTF8");
pub const TOO_LARGE: Reply = reply(552, "5.3.4", "the message is larger than may be");
pub const BARE_NEWLINE: Reply = reply(
    554,
    "5.6.0",
    "lines of the message do not all end with CR LF",
);
