//! Keywords of Emails, and the flags that they are in the store. RFC 8621 §4.1.1, RFC 9051 §2.3.2.

use std::collections::BTreeMap;

/// System flags that are keywords under another name.
const SYSTEM: [(&str, &str); 4] = [
    ("\\Seen", "$seen"),
    ("\\Draft", "$draft"),
    ("\\Flagged", "$flagged"),
    ("\\Answered", "$answered"),
];

/// RFC 8621 §4.1.1: what IMAP is about to remove is not there.
const DELETED: &str = "\\Deleted";

/// How many keywords an Email may have.
pub const COUNT_MAX: usize = 100;

/// The keywords of an Email.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keywords {
    /// Sorted, in lower case.
    names: Vec<String>,
    /// It is about to be removed.
    is_deleted: bool,
}

impl Keywords {
    /// Those that flags are.
    pub fn of<'a>(flags: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut names: Vec<String> = flags.clone().filter_map(keyword).collect();
        names.sort_unstable();
        names.dedup();
        Self {
            names,
            is_deleted: flags.clone().any(|flag| flag.eq_ignore_ascii_case(DELETED)),
        }
    }

    /// No keywords.
    pub const fn none() -> Self {
        Self {
            names: Vec::new(),
            is_deleted: false,
        }
    }

    /// Flags that are these keywords, with a space between two.
    pub fn to_flags(&self) -> String {
        let names = self.names.iter().map(String::as_str);
        let all: Vec<&str> = names.chain(self.is_deleted.then_some(DELETED)).collect();
        all.join(" ")
    }

    /// Those of an Email that is several messages: all that any of them has, but `$seen` only if all
    /// have it, so that nothing unread is passed over.
    pub fn joined<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let mut names: Vec<String> = all.clone().flat_map(|one| one.names.clone()).collect();
        names.sort_unstable();
        names.dedup();
        if all.clone().any(|one| !one.has("$seen")) {
            names.retain(|name| name != "$seen");
        }
        Self {
            names,
            is_deleted: false,
        }
    }

    /// Whether a keyword, in lower case, is there.
    pub fn has(&self, keyword: &str) -> bool {
        self.names
            .binary_search_by(|name| name.as_str().cmp(keyword))
            .is_ok()
    }

    /// All of them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// It is about to be removed, and not to be seen.
    pub fn is_deleted(&self) -> bool {
        self.is_deleted
    }

    /// Neither seen nor a draft. RFC 8621 §2.
    pub fn is_unread(&self) -> bool {
        !self.has("$seen") && !self.has("$draft")
    }
}

/// The keyword that a flag is; none for those that JMAP does not show.
fn keyword(flag: &str) -> Option<String> {
    if flag.starts_with('\\') {
        let same = |(system, _): &&(&str, &str)| system.eq_ignore_ascii_case(flag);
        return SYSTEM.iter().find(same).map(|(_, name)| (*name).to_owned());
    }
    Some(flag.to_ascii_lowercase())
}

/// The flag that a keyword, in lower case, is.
pub fn flag(keyword: &str) -> String {
    let system = SYSTEM.iter().find(|(_, name)| *name == keyword);
    system.map_or(keyword, |(flag, _)| flag).to_owned()
}

/// Whether a text may be a keyword: RFC 8621 §4.1.1.
pub fn is_valid(keyword: &str) -> bool {
    let allowed = |byte: u8| (0x21..=0x7e).contains(&byte) && !b"(){]%*\"\\".contains(&byte);
    (1..=255).contains(&keyword.len()) && keyword.bytes().all(allowed)
}

/// What a client wants of keywords, in lower case: those that it names are there then, and of others
/// those that it says nothing of are as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// These and no others.
    All(Vec<String>),
    /// These, or not these; all else is as it was, whatever that is by now.
    Some(BTreeMap<String, bool>),
}

impl Wanted {
    /// Whether a keyword is to be there; none if that is as it was.
    fn wants(&self, keyword: &String) -> Option<bool> {
        match self {
            Self::All(names) => Some(names.contains(keyword)),
            Self::Some(names) => names.get(keyword).copied(),
        }
    }

    /// Flags to add to these and to take away from them.
    pub fn difference(&self, flags: &[String]) -> (Vec<String>, Vec<String>) {
        let has = |name: &String| {
            let mut flags = flags.iter().filter_map(|flag| keyword(flag));
            flags.any(|known| known == *name)
        };
        let named: Vec<&String> = match self {
            Self::All(names) => names.iter().collect(),
            Self::Some(names) => names.keys().collect(),
        };
        let add = named
            .into_iter()
            .filter(|name| self.wants(name) == Some(true) && !has(name))
            .map(|name| flag(name));
        let is_left = |flag: &&String| {
            let name = keyword(flag);
            name.is_some_and(|name| self.wants(&name) == Some(false))
        };
        let remove = flags.iter().filter(is_left).cloned();
        (add.collect(), remove.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn what_a_patch_does_not_name_stays() {
        let flags = ["\\Flagged", "$Label", "Other"].map(str::to_owned);
        let named = [("$seen", true), ("$label", false), ("$junk", false)];
        let some = Wanted::Some(named.map(|(name, is)| (name.to_owned(), is)).into());
        let of = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect();
        let expected: (Vec<String>, Vec<String>) = (of(&["\\Seen"]), of(&["$Label"]));
        assert_eq!(some.difference(&flags), expected);
        let all = Wanted::All(vec!["$flagged".to_owned(), "$seen".to_owned()]);
        let expected = (of(&["\\Seen"]), of(&["$Label", "Other"]));
        assert_eq!(all.difference(&flags), expected);
    }
}
