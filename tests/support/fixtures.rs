//! Requests kept as text: `=== name` begins one, `=== name (incomplete)` one that the client does
//! not finish. Lines end in CRLF unless a backslash ends them. `\r \n \t \0 \xNN \\` stand for
//! bytes, `{text*count}` for repetition, `{auth}` for alice's credentials, `{host}` for the
//! server, `{path}` for a folder of alice's, and `{length}` for the length of what follows the
//! first empty line. `;;` begins a comment.

/// A request.
pub struct Fixture {
    /// What is wrong with it.
    pub name: String,
    /// The client ends its side of the connection after sending it.
    pub incomplete: bool,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Reads fixtures.
pub fn fixtures(text: &str, variables: &[(&str, &str)]) -> Vec<Fixture> {
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            found.push((name.to_owned(), Vec::new()));
        } else if line.starts_with(";;") {
        } else if let Some((_, lines)) = found.last_mut() {
            lines.push(line);
        }
    }
    found
        .into_iter()
        .map(|(name, mut lines)| {
            // One empty line separates fixtures; a request that ends with an empty line has two.
            if lines.last().is_some_and(|line| line.is_empty()) {
                lines.pop();
            }
            let incomplete = name.ends_with(" (incomplete)");
            Fixture {
                bytes: bytes(&name, &lines, variables),
                incomplete,
                name,
            }
        })
        .collect()
}

fn bytes(name: &str, lines: &[&str], variables: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        let (line, end): (&str, &[u8]) = match line.strip_suffix('\\') {
            Some(line) if !line.ends_with('\\') => (line, b""),
            _ => (line, b"\r\n"),
        };
        expand(name, line, variables, &mut bytes);
        bytes.extend(end);
    }
    let Some(at) = find(&bytes, b"{length}") else {
        return bytes;
    };
    let head = find(&bytes, b"\r\n\r\n").unwrap_or_else(|| panic!("{name}: no empty line"));
    let length = (bytes.len() - head - 4).to_string();
    bytes.splice(at..at + "{length}".len(), length.bytes());
    bytes
}

fn expand(name: &str, line: &str, variables: &[(&str, &str)], bytes: &mut Vec<u8>) {
    let mut rest = line;
    while let Some(at) = rest.find(['\\', '{']) {
        bytes.extend(rest[..at].bytes());
        rest = &rest[at..];
        if rest.starts_with('\\') {
            let (byte, used) = match rest.as_bytes().get(1) {
                Some(b'r') => (b'\r', 2),
                Some(b'n') => (b'\n', 2),
                Some(b't') => (b'\t', 2),
                Some(b'0') => (0, 2),
                Some(b'\\') => (b'\\', 2),
                Some(b'x') => (
                    u8::from_str_radix(&rest[2..4], 16)
                        .unwrap_or_else(|_| panic!("{name}: {line}")),
                    4,
                ),
                _ => panic!("{name}: {line}"),
            };
            bytes.push(byte);
            rest = &rest[used..];
            continue;
        }
        let end = rest.find('}').unwrap_or_else(|| panic!("{name}: {line}"));
        let inside = &rest[1..end];
        if let Some((_, value)) = variables.iter().find(|(known, _)| *known == inside) {
            bytes.extend(value.bytes());
        } else if inside == "length" {
            bytes.extend(b"{length}");
        } else if let Some((text, count)) = inside.rsplit_once('*') {
            let count: usize = count.parse().unwrap_or_else(|_| panic!("{name}: {line}"));
            let mut once = Vec::new();
            expand(name, text, variables, &mut once);
            bytes.extend(once.repeat(count));
        } else {
            panic!("{name}: unknown {{{inside}}}");
        }
        rest = &rest[end + 1..];
    }
    bytes.extend(rest.bytes());
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
