//! The Basic scheme: user name and password in an Authorization field. RFC 7617.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longest field looked at.
const LEN_MAX: usize = 4096;

/// What a client claims.
#[derive(PartialEq, Eq)]
pub struct Claim {
    /// The user's name as sent.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Parses the value of an Authorization field; none if it isn't well-formed Basic.
pub fn parse(value: &[u8]) -> Option<Claim> {
    if value.len() > LEN_MAX {
        return None;
    }
    let (scheme, token) = value.split_at_checked(6)?;
    // RFC 9110 §11.1: "uses a case-insensitive token".
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = BASE64.decode(token.trim_ascii()).ok()?;
    // RFC 7617 §2.1: the challenge says UTF-8, so nothing else is expected.
    let mut user = String::from_utf8(decoded).ok()?;
    // RFC 7617 §2: "The user-id and password MUST NOT contain any control characters", and the
    // first colon ends the user-id.
    if user.chars().any(char::is_control) {
        return None;
    }
    let colon = user.find(':')?;
    let password = user.split_off(colon + 1);
    user.truncate(colon);
    Some(Claim { user, password })
}

/// The value of a WWW-Authenticate field. RFC 7617 §2, §2.1.
pub fn challenge(realm: &str) -> String {
    let mut value = String::with_capacity(realm.len() + 32);
    value.push_str("Basic realm=\"");
    for c in realm.chars() {
        match c {
            '"' | '\\' => value.extend(['\\', c]),
            ' '..='~' => value.push(c),
            _ => value.push('?'),
        }
    }
    value.push_str("\", charset=\"UTF-8\"");
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str) -> Option<(String, String)> {
        parse(value.as_bytes()).map(|claim| (claim.user, claim.password))
    }

    #[test]
    fn s2_names_and_passwords() {
        let claim = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(
            check("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            claim("Aladdin", "open sesame")
        );
        assert_eq!(
            check("bASIC  QWxhZGRpbjpvcGVuIHNlc2FtZQ"),
            claim("Aladdin", "open sesame")
        );
        assert_eq!(check("Basic dGVzdDoxMjPCow=="), claim("test", "123£")); // RFC 7617 §2.1
        assert_eq!(check("Basic YTpiOmM="), claim("a", "b:c"));
        assert_eq!(check("Basic Og=="), claim("", ""));
    }

    #[test]
    fn what_is_not_basic_is_refused() {
        for bad in [
            "",
            "Basic",
            "Basic !!",
            "Bearer QTpC",
            "Basic QQ==",
            "Basic /////w==",
            "Basic YQA6Yg==",
        ] {
            assert_eq!(check(bad), None, "{bad}");
        }
        assert_eq!(check(&format!("Basic {}", "QTpC".repeat(2000))), None);
    }

    #[test]
    fn s2_the_realm_is_quoted() {
        assert_eq!(
            challenge(r#"a "b"\é"#),
            r#"Basic realm="a \"b\"\\?", charset="UTF-8""#
        );
    }
}
