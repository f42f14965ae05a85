//! Who may do what to a mailbox: `wit/rights.wit`. RFC 4314.

use crate::backend::rights as raw;
use crate::{Mailbox, Result};
use std::fmt;
use std::ops::{BitAnd, BitOr, Not};

/// A set of IMAP rights. RFC 4314 §2.1, and Cyrus's digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rights(u32);

/// The letters, in the order of the bits.
const LETTERS: &str = "lrswipkxtean56789";

impl Rights {
    /// `l`: see that the mailbox is there.
    pub const LOOKUP: Self = Self(1);
    /// `r`: read messages.
    pub const READ: Self = Self(1 << 1);
    /// `s`: keep the seen flag.
    pub const KEEP_SEEN: Self = Self(1 << 2);
    /// `w`: write flags and shared annotations.
    pub const WRITE: Self = Self(1 << 3);
    /// `i`: put messages in.
    pub const INSERT: Self = Self(1 << 4);
    /// `p`: submit to the mailbox's address.
    pub const POST: Self = Self(1 << 5);
    /// `k`: create mailboxes below it.
    pub const CREATE: Self = Self(1 << 6);
    /// `x`: rename or delete the mailbox.
    pub const DELETE_MAILBOX: Self = Self(1 << 7);
    /// `t`: mark messages as deleted.
    pub const DELETE_MESSAGE: Self = Self(1 << 8);
    /// `e`: remove messages.
    pub const EXPUNGE: Self = Self(1 << 9);
    /// `a`: read and change the rights of others.
    pub const ADMINISTER: Self = Self(1 << 10);
    /// `n`: write annotations of messages.
    pub const ANNOTATE: Self = Self(1 << 11);
    /// `5`: change what is private to the principal in an otherwise read-only mailbox.
    pub const UPDATE_PRIVATE: Self = Self(1 << 12);
    /// `6`: change messages of which the principal is the originator.
    pub const UPDATE_OWN: Self = Self(1 << 13);
    /// `7`: deliver a reply.
    pub const DELIVER_REPLY: Self = Self(1 << 14);
    /// `8`: deliver an invitation.
    pub const DELIVER_INVITE: Self = Self(1 << 15);
    /// `9`: ask for free and busy times.
    pub const FREE_BUSY: Self = Self(1 << 16);

    /// Every right.
    pub const fn all() -> Self {
        Self((1 << 17) - 1)
    }

    /// No right.
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Says whether no right is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Says whether all of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together; usable in constants.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without what is in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Reads letters, as in an ACL; none if one is unknown.
    pub fn from_letters(letters: &str) -> Option<Self> {
        letters.chars().try_fold(Self::empty(), |rights, letter| {
            let bit = LETTERS.find(letter)?;
            Some(rights | Self(1 << bit))
        })
    }

    /// Writes letters, as in an ACL.
    pub fn letters(self) -> String {
        let in_set = |(bit, _): &(usize, char)| self.0 >> bit & 1 == 1;
        LETTERS
            .chars()
            .enumerate()
            .filter(in_set)
            .map(|(_, letter)| letter)
            .collect()
    }

    /// The bits, in the contract's order.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set of these bits.
    pub const fn from_bits_retain(bits: u32) -> Self {
        Self(bits)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.letters())
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rights({self})")
    }
}

impl BitOr for Rights {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl BitAnd for Rights {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Rights {
    type Output = Self;
    fn not(self) -> Self {
        Self::all().without(self)
    }
}

/// Whose rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// Whoever comes, signed in or not.
    Anyone,
    /// Whoever is signed in.
    Authenticated,
    /// A user, room or resource.
    Principal(String),
    /// The members of a group.
    Group(String),
}

/// Rights given, or taken away from what other grants give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub identifier: Identifier,
    /// Which.
    pub rights: Rights,
    /// They are taken away instead. RFC 4314 §2.
    pub negative: bool,
}

impl Grant {
    /// Gives rights.
    pub fn new(identifier: Identifier, rights: Rights) -> Self {
        Self {
            identifier,
            rights,
            negative: false,
        }
    }
}

impl Mailbox {
    /// Lists the grants. Needs `administer`.
    pub fn grants(&self) -> Result<Vec<Grant>> {
        raw::grants(&self.raw)
    }
}
