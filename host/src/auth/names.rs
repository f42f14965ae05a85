//! Which names principals may have.

/// Why a name can't be a principal's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is empty, or longer than 255 bytes.
    #[error("a name has between 1 and {LEN_MAX} bytes")]
    Length,
    /// It has a character that may not be in names.
    #[error("{0:?} can't be in a name: no control characters, `/`, `:`, nor spaces at the ends")]
    Character(char),
    /// It has a meaning already.
    #[error("`{0}` is reserved")]
    Reserved(String),
}

/// A name becomes a part of mailbox paths, whose parts are that long.
const LEN_MAX: usize = 255;

/// Identifiers of rights that are nobody's name (RFC 4314 §2), and dot segments.
const RESERVED: [&str; 5] = [".", "..", "anyone", "anonymous", "authenticated"];

/// Returns the name as it is stored, or why it can't be one.
pub fn parse(name: &str, fold: bool) -> Result<String, NameError> {
    let name = if fold {
        name.to_lowercase()
    } else {
        name.to_owned()
    };
    if name.is_empty() || name.len() > LEN_MAX {
        return Err(NameError::Length);
    }
    // RFC 7617 §2: a user-id has no colon. A slash would end it in paths, a leading `-` would turn
    // it into negative rights (RFC 4314 §2).
    let bad = |c: &char| c.is_control() || matches!(c, '/' | ':');
    let ends = [name.chars().next(), name.chars().next_back()];
    let space = ends.into_iter().flatten().find(|c| c.is_whitespace());
    let sign = name.chars().next().filter(|c| *c == '-');
    if let Some(c) = name.chars().find(bad).or(space).or(sign) {
        return Err(NameError::Character(c));
    }
    if RESERVED.contains(&name.as_str()) {
        return Err(NameError::Reserved(name));
    }
    Ok(name)
}

/// Returns the name under which a tenant keeps a user: without the tenant's own domain, which is
/// the same for all of them (Cyrus's `virtdomains`). Other domains stay part of the name.
pub fn of_user(name: &str, domains: &[String], fold: bool) -> Result<String, NameError> {
    let own = |domain: &str| domains.contains(&domain.to_lowercase());
    match name.rsplit_once('@') {
        Some((local, domain)) if own(domain) => parse(local, fold),
        _ => parse(name, fold),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_and_bounded() {
        assert_eq!(
            parse("Alice@Example.Org", true).unwrap(),
            "alice@example.org"
        );
        assert_eq!(parse("Ärger B", false).unwrap(), "Ärger B");
        assert_eq!(parse("", true), Err(NameError::Length));
        assert_eq!(parse(&"a".repeat(256), true), Err(NameError::Length));
        for (bad, c) in [
            ("a/b", '/'),
            ("a:b", ':'),
            ("a\0", '\0'),
            (" a", ' '),
            ("-a", '-'),
        ] {
            assert_eq!(parse(bad, true), Err(NameError::Character(c)));
        }
        assert_eq!(parse("..", true), Err(NameError::Reserved("..".into())));
        let domains = ["example.org".to_owned()];
        let of_user = |name: &str| of_user(name, &domains, true);
        assert_eq!(of_user("Alice@Example.org").unwrap(), "alice");
        assert_eq!(of_user("alice@b.test").unwrap(), "alice@b.test");
        assert_eq!(of_user("@example.org"), Err(NameError::Length));
        assert_eq!(
            parse("Anyone", true),
            Err(NameError::Reserved("anyone".into()))
        );
    }
}
