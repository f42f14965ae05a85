//! What comes back of a message that can't be delivered: a report into the sender's inbox. RFC 3464.

use crate::lmtp::{put_into_inbox, split_header};
use crate::tenant::Site;
use std::time::SystemTime;
use storage::{Error, Store, Submission};

/// As much of the header section of a message comes back.
const HEADER_LEN_MAX: usize = 16 << 10;
/// As much of the reason.
const REASON_LEN_MAX: usize = 500;

/// Puts a report into the inbox of whoever has sent a message.
pub async fn report(
    site: &Site,
    store: &dyn Store,
    submission: &Submission,
    message: &[u8],
    reason: &str,
) -> Result<(), Error> {
    let server = &site.config.servername;
    let text = write(server, submission, message, reason, SystemTime::now());
    put_into_inbox(store, &submission.principal, text.into_bytes()).await
}

fn write(
    server: &str,
    submission: &Submission,
    message: &[u8],
    reason: &str,
    time: SystemTime,
) -> String {
    let (header, _) = split_header(message.to_vec());
    let header = header.get(..HEADER_LEN_MAX).unwrap_or(&header);
    let header = String::from_utf8_lossy(header);
    let header = header.trim_end();
    let date = httpdate::fmt_http_date(time).replace("GMT", "+0000");
    let reason = one_line(reason);
    let Submission {
        id,
        name,
        sender,
        recipient,
        ..
    } = submission;
    // No line of the message is this: the name is random.
    let boundary = format!("=_{name}_{id}");
    [
        "Return-Path: <>".to_owned(),
        format!("From: Mail Delivery System <MAILER-DAEMON@{server}>"),
        format!("To: <{sender}>"),
        format!("Date: {date}"),
        format!("Message-ID: <{name}.{id}@{server}>"),
        "Subject: Undelivered mail returned to sender".to_owned(),
        "Auto-Submitted: auto-replied".to_owned(),
        "MIME-Version: 1.0".to_owned(),
        "Content-Type: multipart/report; report-type=delivery-status;".to_owned(),
        format!(" boundary=\"{boundary}\""),
        String::new(),
        format!("--{boundary}"),
        "Content-Type: text/plain; charset=utf-8".to_owned(),
        "Content-Transfer-Encoding: 8bit".to_owned(),
        String::new(),
        format!("Your message could not be delivered to <{recipient}>:"),
        String::new(),
        format!("  {reason}"),
        String::new(),
        format!("--{boundary}"),
        "Content-Type: message/delivery-status".to_owned(),
        String::new(),
        format!("Reporting-MTA: dns; {server}"),
        String::new(),
        format!("Final-Recipient: rfc822; {recipient}"),
        "Action: failed".to_owned(),
        "Status: 5.0.0".to_owned(),
        format!("Diagnostic-Code: x-unknown; {reason}"),
        String::new(),
        format!("--{boundary}"),
        "Content-Type: text/rfc822-headers".to_owned(),
        "Content-Transfer-Encoding: 8bit".to_owned(),
        String::new(),
        header.to_owned(),
        String::new(),
        format!("--{boundary}--"),
        String::new(),
    ]
    .join("\r\n")
}

fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(REASON_LEN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_who_was_not_reached_and_why() {
        let submission = Submission {
            id: 7,
            letter: 1,
            name: "0123".into(),
            principal: "alice".into(),
            sender: "alice@a.test".into(),
            recipient: "b@x.test".into(),
            queued: 0,
            attempts: 0,
        };
        let message = b"Subject: hello\r\nX: y\r\n\r\nbody\r\n";
        let reason = "550 5.1.1 no\r\nsuch user";
        let text = write("mx.a.test", &submission, message, reason, SystemTime::now());
        for line in [
            "To: <alice@a.test>",
            "Final-Recipient: rfc822; b@x.test",
            "Diagnostic-Code: x-unknown; 550 5.1.1 no  such user",
            "Subject: hello",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        assert!(!text.contains("body"));
        assert!(text.ends_with("--=_0123_7--\r\n"));
    }
}
