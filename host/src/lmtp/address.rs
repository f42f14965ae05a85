//! Addresses of the envelope. RFC 5321 §4.1.2, with the letters of RFC 6531 §3.3.

/// The longest that a path may be, with its angle brackets: RFC 5321 §4.5.3.1.3 asks for 256 bytes,
/// and those who encode one address into another need more.
const PATH_LEN_MAX: usize = 512;

/// An address between angle brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// As it came, without brackets and without a source route.
    pub text: String,
    /// What is before the `@`, without quotes.
    pub local: String,
    /// What is after it, if anything is.
    pub domain: Option<String>,
}

impl Address {
    /// Whether it takes SMTPUTF8 to write it.
    pub fn is_international(&self) -> bool {
        !self.text.is_ascii()
    }
}

/// Reads a path and returns it with what follows; none for the null path `<>`. None at all if it is
/// malformed.
pub fn parse(text: &str) -> Option<(Option<Address>, &str)> {
    let inner = text.trim_start_matches(' ').strip_prefix('<')?;
    let end = end_of(inner)?;
    let (path, rest) = inner.split_at_checked(end)?;
    let rest = rest.strip_prefix('>')?;
    if path.len() + 2 > PATH_LEN_MAX || path.chars().any(char::is_control) {
        return None;
    }
    if path.is_empty() {
        return Some((None, rest));
    }
    // RFC 5321 §4.1.1.3: a source route is to be ignored.
    let path = match path.starts_with('@') {
        true => path.split_once(':')?.1,
        false => path,
    };
    let (local, domain) = match path.starts_with('"') {
        true => quoted(path)?,
        false => plain(path)?,
    };
    let address = Address {
        text: path.to_owned(),
        local,
        domain: domain.map(str::to_owned),
    };
    Some((Some(address), rest))
}

/// Where the path ends: at the first `>` outside quotes.
fn end_of(inner: &str) -> Option<usize> {
    let (mut in_quotes, mut escaped) = (false, false);
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            '>' if !in_quotes => return Some(at),
            _ => {}
        }
    }
    None
}

fn plain(path: &str) -> Option<(String, Option<&str>)> {
    let (local, domain) = match path.rsplit_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (path, None),
    };
    let special = |c: char| c == ' ' || "<>()[]\\,;:\"".contains(c);
    if local.is_empty() || local.contains(special) || domain.is_some_and(|it| !is_domain(it)) {
        return None;
    }
    Some((local.to_owned(), domain))
}

fn quoted(path: &str) -> Option<(String, Option<&str>)> {
    let mut local = String::new();
    let mut chars = path.char_indices().skip(1);
    let end = loop {
        match chars.next()? {
            (_, '\\') => local.push(chars.next()?.1),
            (at, '"') => break at + 1,
            (_, c) => local.push(c),
        }
    };
    let domain = match path.get(end..)? {
        "" => None,
        rest => Some(rest.strip_prefix('@').filter(|it| is_domain(it))?),
    };
    (!local.is_empty()).then_some((local, domain))
}

/// A domain or an address literal. RFC 5321 §4.1.3.
pub fn is_domain(text: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = match text.strip_prefix('[') {
        Some(literal) => match literal.strip_suffix(']') {
            Some(literal) => return literal.chars().all(|c| letter(c) || c == ':'),
            None => return false,
        },
        None => text,
    };
    !name.is_empty() && name.len() <= 255 && name.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Option<String>)> {
        let (address, rest) = parse(text)?;
        assert_eq!(rest, "");
        address.map(|address| (address.local, address.domain))
    }

    fn of(local: &str, domain: &str) -> Option<(String, Option<String>)> {
        Some((local.to_owned(), Some(domain.to_owned())))
    }

    #[test]
    fn s4_1_2_paths() {
        assert_eq!(read("<a@b.test>"), of("a", "b.test"));
        assert_eq!(read("<alice>"), Some(("alice".to_owned(), None)));
        assert_eq!(read("<@x.test,@y.test:a@b.test>"), of("a", "b.test"));
        assert_eq!(read("<\"a b\\\"@\"@b.test>"), of("a b\"@", "b.test"));
        assert_eq!(read("<\"a>b\"@b.test>"), of("a>b", "b.test"));
        assert_eq!(
            read("<a+Some/Folder@b.test>"),
            of("a+Some/Folder", "b.test")
        );
        assert_eq!(read("<a@[IPv6:::1]>"), of("a", "[IPv6:::1]"));
        assert_eq!(
            read("<jos\u{e9}@b\u{fc}.test>"),
            of("jos\u{e9}", "b\u{fc}.test")
        );
        assert_eq!(parse("<>"), Some((None, "")));
        let (_, rest) = parse("<a@b.test> SIZE=5").unwrap();
        assert_eq!(rest, " SIZE=5");
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let long = format!("<{}@b.test>", "a".repeat(600));
        for bad in [
            "a@b.test",
            "<a@b.test",
            "<@b.test>",
            "<a b@c.test>",
            "<a@>",
            "<a@b c>",
            "<\"a@b.test>",
            "<\"\"@b.test>",
            "<a\r@b.test>",
            "<a<b@c.test>",
            "<\"a\"b@c.test>",
            "<a@[x>",
            &long,
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
