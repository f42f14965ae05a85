//! The fields that delivery puts before a message: Return-Path and Received. RFC 5321 §4.4.

use std::time::SystemTime;

/// What is known of a delivery.
pub struct Trace<'a> {
    /// From whom; empty for the null path.
    pub sender: &'a str,
    /// What the client says it is.
    pub client: &'a str,
    /// What its connection says.
    pub peer: &'a str,
    /// The server's name.
    pub server: &'a str,
    /// The transaction took SMTPUTF8.
    pub utf8: bool,
    /// The number of the transaction.
    pub id: &'a str,
    /// For whom, if it is one address.
    pub recipient: Option<&'a str>,
    /// When.
    pub time: SystemTime,
}

impl Trace<'_> {
    /// Writes the fields. None of them has a character that could begin another: addresses and
    /// names were parsed.
    pub fn write(&self) -> String {
        // RFC 6531 §4.3, RFC 3848 §1.
        let with = if self.utf8 { "UTF8LMTP" } else { "LMTP" };
        let recipient = self.recipient.map(|to| format!("\r\n\tfor <{to}>"));
        // The form of HTTP has the zone's obsolete name, RFC 5322 §4.3.
        let date = httpdate::fmt_http_date(self.time).replace("GMT", "+0000");
        format!(
            "Return-Path: <{}>\r\nReceived: from {} ({})\r\n\tby {} (Chapar) with {with} id {}{};\r\n\t{date}\r\n",
            self.sender,
            self.client,
            self.peer,
            self.server,
            self.id,
            recipient.unwrap_or_default()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn s4_4_trace_fields() {
        let trace = Trace {
            sender: "a@b.test",
            client: "mx.test",
            peer: "[127.0.0.1]",
            server: "c.test",
            utf8: false,
            id: "0123",
            recipient: Some("d@c.test"),
            time: UNIX_EPOCH + Duration::from_secs(784_111_777),
        };
        assert_eq!(
            trace.write(),
            "Return-Path: <a@b.test>\r\nReceived: from mx.test ([127.0.0.1])\r\n\tby c.test \
             (Chapar) with LMTP id 0123\r\n\tfor <d@c.test>;\r\n\tSun, 06 Nov 1994 08:49:37 +0000\r\n"
        );
    }
}
