//! Commands. RFC 2033 §4, RFC 5321 §4.1, RFC 1870, RFC 6152, RFC 6531, RFC 3030.

use super::address::{self, Address};
use super::reply::{self, Reply};

/// What the client wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Who the client is.
    Lhlo(String),
    /// A message begins.
    Mail(Mail),
    /// For whom it is.
    Rcpt(Address),
    /// It follows, up to a dot.
    Data,
    /// A part of it follows, of so many bytes.
    Bdat {
        /// How many.
        size: u64,
        /// It is the last.
        last: bool,
    },
    /// Forget the message.
    Rset,
    /// Nothing.
    Noop,
    /// Whether an address is there.
    Vrfy,
    /// The end.
    Quit,
}

/// From whom a message is, and what is known of it before it comes.
#[derive(Debug, PartialEq, Eq)]
pub struct Mail {
    /// From whom; none for what must never be answered.
    pub sender: Option<Address>,
    /// How big it is, as the client has counted. RFC 1870 §5.
    pub size: Option<u64>,
    /// Its header section, or its addresses, may have any letters. RFC 6531 §3.4.
    pub utf8: bool,
}

/// Reads a line, without its end.
pub fn parse(line: &str) -> Result<Command, Reply> {
    let line = line.trim_end_matches(' ');
    let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
    let bare = |command| match argument {
        "" => Ok(command),
        _ => Err(reply::BAD_ARGUMENT),
    };
    match verb.to_ascii_uppercase().as_str() {
        "LHLO" if address::is_domain(argument) => Ok(Command::Lhlo(argument.to_owned())),
        "LHLO" => Err(reply::BAD_ARGUMENT),
        // RFC 2033 §4.1.
        "HELO" | "EHLO" => Err(reply::USE_LHLO),
        "MAIL" => mail(argument),
        "RCPT" => rcpt(argument),
        "DATA" => bare(Command::Data),
        "BDAT" => bdat(argument),
        "RSET" => bare(Command::Rset),
        "NOOP" => Ok(Command::Noop),
        "VRFY" => Ok(Command::Vrfy),
        "QUIT" => bare(Command::Quit),
        _ => Err(reply::UNKNOWN_COMMAND),
    }
}

/// What follows a keyword, which is written in either case.
fn after<'a>(keyword: &str, argument: &'a str) -> Option<&'a str> {
    let (found, rest) = argument.split_at_checked(keyword.len())?;
    found.eq_ignore_ascii_case(keyword).then_some(rest)
}

fn mail(argument: &str) -> Result<Command, Reply> {
    let path = after("FROM:", argument).ok_or(reply::BAD_ARGUMENT)?;
    let (sender, parameters) = address::parse(path).ok_or(reply::BAD_SENDER)?;
    let mut mail = Mail {
        sender,
        size: None,
        utf8: false,
    };
    for parameter in words(parameters)? {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (name.to_ascii_uppercase().as_str(), value) {
            ("SIZE", digits) => {
                let fits = digits.len() <= 20 && digits.bytes().all(|b| b.is_ascii_digit());
                let size = digits.parse().ok().filter(|_| fits);
                mail.size = Some(size.ok_or(reply::BAD_ARGUMENT)?);
            }
            ("BODY", body) if body.eq_ignore_ascii_case("7BIT") => {}
            ("BODY", body) if body.eq_ignore_ascii_case("8BITMIME") => {}
            ("BODY", _) => return Err(reply::BAD_ARGUMENT),
            ("SMTPUTF8", "") => mail.utf8 = true,
            _ => return Err(reply::BAD_PARAMETER),
        }
    }
    // RFC 6531 §3.5.
    match &mail.sender {
        Some(sender) if sender.is_international() && !mail.utf8 => Err(reply::NEEDS_SMTPUTF8),
        _ => Ok(Command::Mail(mail)),
    }
}

fn rcpt(argument: &str) -> Result<Command, Reply> {
    let path = after("TO:", argument).ok_or(reply::BAD_ARGUMENT)?;
    match address::parse(path) {
        Some((Some(address), rest)) => match words(rest)?.next() {
            None => Ok(Command::Rcpt(address)),
            Some(_) => Err(reply::BAD_PARAMETER),
        },
        _ => Err(reply::BAD_RECIPIENT),
    }
}

fn bdat(argument: &str) -> Result<Command, Reply> {
    let (size, last) = argument.split_once(' ').unwrap_or((argument, ""));
    let fits = size.len() <= 20 && size.bytes().all(|b| b.is_ascii_digit());
    let size = size.parse().ok().filter(|_| fits);
    match (size, last) {
        (Some(size), "") => Ok(Command::Bdat { size, last: false }),
        (Some(size), last) if last.eq_ignore_ascii_case("LAST") => {
            Ok(Command::Bdat { size, last: true })
        }
        _ => Err(reply::BAD_ARGUMENT),
    }
}

/// Parameters after a path, which a space parts from it.
fn words(text: &str) -> Result<impl Iterator<Item = &str>, Reply> {
    match text.is_empty() || text.starts_with(' ') {
        true => Ok(text.split(' ').filter(|word| !word.is_empty())),
        false => Err(reply::BAD_ARGUMENT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(line: &str) -> Mail {
        match parse(line) {
            Ok(Command::Mail(mail)) => mail,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn commands_and_their_arguments() {
        assert_eq!(parse("lhlo a.test"), Ok(Command::Lhlo("a.test".into())));
        assert_eq!(parse("DATA"), Ok(Command::Data));
        assert_eq!(parse("NOOP whatever"), Ok(Command::Noop));
        let bdat = |size, last| Ok(Command::Bdat { size, last });
        assert_eq!(parse("BDAT 86"), bdat(86, false));
        assert_eq!(parse("bdat 0 last"), bdat(0, true));
        let found = mail("MAIL FROM:<a@b.test> SIZE=1000 BODY=8BITMIME");
        assert_eq!(found.sender.unwrap().text, "a@b.test");
        assert_eq!((found.size, found.utf8), (Some(1000), false));
        assert_eq!(mail("mail from:<>").sender, None);
        assert!(mail("MAIL FROM:<\u{e9}@b.test> SMTPUTF8").utf8);
        assert!(matches!(parse("RCPT TO:<a@b.test>"), Ok(Command::Rcpt(_))));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, reply) in [
            ("", reply::UNKNOWN_COMMAND),
            ("GET / HTTP/1.1", reply::UNKNOWN_COMMAND),
            ("EHLO a.test", reply::USE_LHLO),
            ("LHLO", reply::BAD_ARGUMENT),
            ("DATA now", reply::BAD_ARGUMENT),
            ("MAIL FROM:a@b.test", reply::BAD_SENDER),
            ("MAIL TO:<a@b.test>", reply::BAD_ARGUMENT),
            ("MAIL FROM:<a@b.test>SIZE=1", reply::BAD_ARGUMENT),
            ("MAIL FROM:<a@b.test> SIZE=-1", reply::BAD_ARGUMENT),
            (
                "MAIL FROM:<a@b.test> SIZE=99999999999999999999",
                reply::BAD_ARGUMENT,
            ),
            ("MAIL FROM:<a@b.test> BODY=BINARYMIME", reply::BAD_ARGUMENT),
            ("MAIL FROM:<a@b.test> RET=FULL", reply::BAD_PARAMETER),
            ("MAIL FROM:<\u{e9}@b.test>", reply::NEEDS_SMTPUTF8),
            ("RCPT TO:<>", reply::BAD_RECIPIENT),
            ("RCPT TO:<a@b.test> NOTIFY=NEVER", reply::BAD_PARAMETER),
            ("BDAT", reply::BAD_ARGUMENT),
            ("BDAT 1 LAST MORE", reply::BAD_ARGUMENT),
            ("BDAT -1", reply::BAD_ARGUMENT),
        ] {
            assert_eq!(parse(line), Err(reply), "{line}");
        }
    }
}
