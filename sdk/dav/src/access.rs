//! Rights and privileges: the letters of RFC 4314 that the store knows, the tree of RFC 3744 §3
//! that clients see, and the way from each to the other.

use std::fmt;

use xml::Name;

use crate::Profile;

/// A set of rights, one letter each: `lrswipkxtean` and the digits 0 to 9. RFC 4314 §2.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights(u64);

impl Rights {
    /// No right.
    pub const NONE: Rights = Rights(0);
    /// `l`: may know that it is there.
    pub const LOOKUP: Rights = Rights::of("l");
    /// `r`: may read it.
    pub const READ: Rights = Rights::of("r");
    /// `w`: may change shared properties.
    pub const WRITE: Rights = Rights::of("w");
    /// `n`: may change properties of members.
    pub const ANNOTATE: Rights = Rights::of("n");
    /// `i`: may put members in it.
    pub const INSERT: Rights = Rights::of("i");
    /// `k`: may make collections in it.
    pub const CREATE: Rights = Rights::of("k");
    /// `x`: may remove the collection.
    pub const DELETE: Rights = Rights::of("x");
    /// `te`: may remove members.
    pub const REMOVE: Rights = Rights::of("te");
    /// `a`: may say who may do what.
    pub const ADMINISTER: Rights = Rights::of("a");
    /// All that the engine's own privileges stand for.
    pub const FULL: Rights = Rights::of("lrswipkxtean");

    /// The rights with these letters; anything but a lower-case letter or digit is left out.
    pub const fn of(letters: &str) -> Rights {
        let mut bits = 0;
        let mut rest = letters.as_bytes();
        while let [letter, tail @ ..] = rest {
            bits |= match *letter {
                b'a'..=b'z' => 1 << (*letter - b'a'),
                b'0'..=b'9' => 1 << (*letter - b'0' + 26),
                _ => 0,
            };
            rest = tail;
        }
        Rights(bits)
    }

    /// Whether all of `other` are among them.
    pub const fn has(self, other: Rights) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is among them.
    pub const fn has_any(self, other: Rights) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    pub const fn and(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }

    /// Without those of `other`.
    pub const fn without(self, other: Rights) -> Rights {
        Rights(self.0 & !other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (bit, letter) in ('a'..='z').chain('0'..='9').enumerate() {
            if self.0 >> bit & 1 == 1 {
                fmt::Write::write_char(formatter, letter)?;
            }
        }
        Ok(())
    }
}

/// A privilege. RFC 3744 §3.
#[derive(Clone, Debug)]
pub struct Privilege {
    /// What it is called.
    pub name: Name,
    /// The privilege that contains it; none for the root.
    pub parent: Option<Name>,
    /// The rights that make it up, those of what it contains left out where they are optional.
    pub rights: Rights,
    /// Whether it can be granted only as a part of another. RFC 3744 §5.3.
    pub is_abstract: bool,
    /// What people call it.
    pub description: &'static str,
}

const fn privilege(
    name: &'static str,
    parent: &'static str,
    letters: &str,
    is_abstract: bool,
    description: &'static str,
) -> Privilege {
    Privilege {
        name: Name::dav(name),
        parent: if parent.is_empty() {
            None
        } else {
            Some(Name::dav(parent))
        },
        rights: Rights::of(letters),
        is_abstract,
        description,
    }
}

/// The privileges of RFC 3744 §3.1 to §3.11, parents first.
///
/// There is one right `a` for all that has to do with access: granting the reading of a list alone
/// would grant its writing, so the reading cannot be granted alone.
static BASE: [Privilege; 11] = [
    privilege("all", "", "lrswikxtean", false, "Any operation"),
    privilege("read", "all", "lr", false, "Read"),
    privilege(
        "read-current-user-privilege-set",
        "read",
        "l",
        true,
        "Read own privileges",
    ),
    privilege("write", "all", "swikxten", false, "Write"),
    privilege("write-properties", "write", "wn", false, "Write properties"),
    privilege("write-content", "write", "i", false, "Write content"),
    privilege("bind", "write", "ik", false, "Add members and collections"),
    privilege(
        "unbind",
        "write",
        "xte",
        false,
        "Remove members and collections",
    ),
    privilege("write-acl", "all", "a", false, "Change access"),
    privilege("read-acl", "all", "a", true, "Read who has access"),
    privilege("unlock", "all", "a", true, "End locks of others"),
];

/// All privileges, parents before what they contain.
pub fn all(profile: &Profile) -> impl Iterator<Item = &'static Privilege> {
    BASE.iter().chain(profile.privileges)
}

/// The privilege with this name.
pub fn find(profile: &Profile, name: &Name) -> Option<&'static Privilege> {
    all(profile).find(|privilege| privilege.name == *name)
}

/// The rights that granting `privilege` grants: its own and those of all it contains.
pub fn to_rights(profile: &Profile, privilege: &Privilege) -> Rights {
    all(profile)
        .filter(|other| other.parent.as_ref() == Some(&privilege.name))
        .fold(privilege.rights, |rights, other| {
            rights.and(to_rights(profile, other))
        })
}

/// The privileges that `rights` amount to, aggregates with all that they contain.
pub fn to_privileges(profile: &Profile, rights: Rights) -> Vec<&'static Privilege> {
    let mut held: Vec<&'static Privilege> = Vec::new();
    for privilege in all(profile) {
        let implied = held
            .iter()
            .any(|other| privilege.parent.as_ref() == Some(&other.name));
        let own = !privilege.rights.is_empty() && rights.has(privilege.rights);
        if implied || own {
            held.push(privilege);
        }
    }
    held
}

/// The fewest privileges that say the same as `rights`, for an access control list.
pub fn to_grants(profile: &Profile, rights: Rights) -> Vec<&'static Privilege> {
    let held = to_privileges(profile, rights);
    held.iter()
        .copied()
        .filter(|privilege| {
            !privilege.is_abstract
                && !held
                    .iter()
                    .any(|other| privilege.parent.as_ref() == Some(&other.name))
        })
        .collect()
}
