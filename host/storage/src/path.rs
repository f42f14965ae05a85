//! Paths of mailboxes: their form, whom they belong to, and how an engine writes them in a column.

use crate::model::Path;
use crate::store::Error;

/// Ends each part in a column. It sorts before everything a part may hold, so that ordering by the
/// column puts a mailbox before what lies in it, and that before its next sibling.
const END: char = '\u{1}';
const PART_MAX: usize = 255;
const PARTS_MAX: usize = 64;

impl Path {
    /// Refuses a path that is not well-formed; see `path` in `wit/types.wit`.
    pub fn check(&self) -> Result<(), Error> {
        if self.0.is_empty() || self.0.len() > PARTS_MAX {
            return Err(Error::Invalid(format!(
                "a path has 1 to {PARTS_MAX} parts, not {}",
                self.0.len()
            )));
        }
        self.0
            .iter()
            .try_for_each(|part| check_part(part, PART_MAX, "a part of a path"))
    }

    /// Whom what lies here belongs to; none if to the tenant.
    pub fn owner(&self) -> Option<&str> {
        match self.0.as_slice() {
            [user, owner, ..] if user == "user" => Some(owner),
            _ => None,
        }
    }

    /// The path one part shorter; empty for the outermost.
    pub fn parent(&self) -> Self {
        let parts = self.0.split_last().map_or(&[][..], |(_, parent)| parent);
        Self(parts.to_vec())
    }

    /// The last part.
    pub fn leaf(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Writes it for a column.
    pub(crate) fn encode(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, part| {
            text.push_str(part);
            text.push(END);
            text
        })
    }

    /// Reads it from a column.
    pub(crate) fn decode(text: &str) -> Self {
        Self(text.split_terminator(END).map(str::to_owned).collect())
    }
}

/// Refuses a name that no message may have. It may hold what XML can carry (XML 1.0 §2.2): clients
/// make names of the UIDs of events, and some of those end in a line feed.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let without: String;
    let plain = match name.contains(['\t', '\n', '\r']) {
        true => {
            without = name.replace(['\t', '\n', '\r'], " ");
            &without
        }
        false => name,
    };
    check_part(plain, 1024, "a name")
}

/// Refuses a name that no principal may have.
pub(crate) fn check_principal(id: &str) -> Result<(), Error> {
    check_part(id, PART_MAX, "the name of a principal")
}

fn check_part(part: &str, max: usize, what: &str) -> Result<(), Error> {
    if part.is_empty() || part.len() > max {
        return Err(Error::Invalid(format!(
            "{what} has 1 to {max} bytes, not {}",
            part.len()
        )));
    }
    if part == "." || part == ".." || part.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "{what} is not {part:?}: no \".\", no \"..\", no control characters"
        )));
    }
    Ok(())
}

/// The column of the mailbox above; empty for the outermost.
pub(crate) fn above(encoded: &str) -> &str {
    let inner = encoded.strip_suffix(END).unwrap_or(encoded);
    inner
        .rfind(END)
        .and_then(|end| encoded.get(..=end))
        .unwrap_or("")
}

/// The last part of a column.
pub(crate) fn leaf(encoded: &str) -> &str {
    encoded
        .get(above(encoded).len()..)
        .unwrap_or("")
        .trim_end_matches(END)
}

/// The column and those of all above it, outermost first.
pub(crate) fn lineage(encoded: &str) -> Vec<String> {
    encoded
        .match_indices(END)
        .filter_map(|(at, _)| encoded.get(..=at))
        .map(str::to_owned)
        .collect()
}

/// What all columns of a tree sort before: the tree is from its root up to, not including, this.
pub(crate) fn tree_end(encoded: &str) -> String {
    if encoded.is_empty() {
        return char::MAX.to_string();
    }
    format!("{}\u{2}", encoded.strip_suffix(END).unwrap_or(encoded))
}

/// The column of a name in a mailbox.
pub(crate) fn child(encoded: &str, name: &str) -> String {
    format!("{encoded}{name}{END}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(parts: &[&str]) -> Path {
        Path(parts.iter().map(|&part| part.to_owned()).collect())
    }

    #[test]
    fn columns_are_read_back_and_sort_as_trees() {
        let home = path(&["user", "alice", "#drive"]);
        assert_eq!(Path::decode(&home.encode()), home);
        let inside = path(&["user", "alice", "#drive", "a"]).encode();
        let sibling = path(&["user", "alice", "#drive b"]).encode();
        assert!(home.encode() < inside && inside < sibling);
        assert!(inside < tree_end(&home.encode()) && tree_end(&home.encode()) < sibling);
        assert_eq!(above(&inside), home.encode());
        assert_eq!(leaf(&inside), "a");
        assert_eq!(lineage(&inside).len(), 4);
        assert_eq!(above(&path(&["top"]).encode()), "");
    }

    #[test]
    fn malformed_parts_are_refused() {
        for bad in ["", ".", "..", "a\u{1}b", "\n"] {
            assert!(path(&["user", bad]).check().is_err(), "{bad:?}");
        }
        assert!(path(&[]).check().is_err());
        assert!(path(&["user", "a/b c"]).check().is_ok());
    }
}
