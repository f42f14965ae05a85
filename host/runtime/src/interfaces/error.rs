//! What an import answers when it does not do what it was asked: a refusal, which the module may
//! meet in normal service, or a trap, for a bug or a hostile guest.

use crate::bindings::chapar::host::{batch, types};
use storage::Rights;

/// A refusal or a trap.
pub enum Trappable<E> {
    /// The module gets this error.
    Refused(E),
    /// The module is stopped.
    Trap(wasmtime::Error),
}

/// Of the calls that fail with `types.error`.
pub type Error = Trappable<types::Error>;
/// Of `batch.commit`.
pub type Failure = Trappable<batch::Failure>;

impl<E> Trappable<E> {
    /// What the generated code wants of it.
    pub(super) fn split(self) -> wasmtime::Result<E> {
        match self {
            Self::Refused(error) => Ok(error),
            Self::Trap(trap) => Err(trap),
        }
    }
}

impl<E> From<wasmtime::Error> for Trappable<E> {
    fn from(trap: wasmtime::Error) -> Self {
        Self::Trap(trap)
    }
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<storage::Error> for types::Error {
    fn from(error: storage::Error) -> Self {
        use storage::Error as E;
        match error {
            E::NotFound => Self::NotFound,
            E::Forbidden(rights) => Self::Forbidden(rights.into()),
            E::Exists => Self::Exists,
            E::Conflict => Self::Conflict,
            E::DuplicateKey(duplicate) => Self::DuplicateKey(types::Duplicate {
                mailbox: duplicate.mailbox.0,
                uid: duplicate.uid,
                name: duplicate.name,
            }),
            E::Locked(token) => Self::Locked(token),
            E::OverQuota(left) => Self::OverQuota(left),
            E::Full => Self::Full,
            E::TooLarge(limit) => Self::TooLarge(limit),
            E::TooMany(limit) => Self::TooMany(limit),
            E::TooOld => Self::TooOld,
            E::Invalid(why) => Self::Invalid(why),
            E::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl From<storage::Failure> for Failure {
    fn from(failure: storage::Failure) -> Self {
        Self::Refused(batch::Failure {
            change: failure.change,
            error: failure.error.into(),
        })
    }
}

/// Each right on both sides.
const RIGHTS: [(types::Rights, Rights); 17] = [
    (types::Rights::LOOKUP, Rights::LOOKUP),
    (types::Rights::READ, Rights::READ),
    (types::Rights::KEEP_SEEN, Rights::KEEP_SEEN),
    (types::Rights::WRITE, Rights::WRITE),
    (types::Rights::INSERT, Rights::INSERT),
    (types::Rights::POST, Rights::POST),
    (types::Rights::CREATE, Rights::CREATE),
    (types::Rights::DELETE_MAILBOX, Rights::DELETE_MAILBOX),
    (types::Rights::DELETE_MESSAGE, Rights::DELETE_MESSAGE),
    (types::Rights::EXPUNGE, Rights::EXPUNGE),
    (types::Rights::ADMINISTER, Rights::ADMINISTER),
    (types::Rights::ANNOTATE, Rights::ANNOTATE),
    (types::Rights::UPDATE_PRIVATE, Rights::UPDATE_PRIVATE),
    (types::Rights::UPDATE_OWN, Rights::UPDATE_OWN),
    (types::Rights::DELIVER_REPLY, Rights::DELIVER_REPLY),
    (types::Rights::DELIVER_INVITE, Rights::DELIVER_INVITE),
    (types::Rights::FREE_BUSY, Rights::FREE_BUSY),
];

impl From<Rights> for types::Rights {
    fn from(rights: Rights) -> Self {
        let mut out = Self::empty();
        for (theirs, ours) in RIGHTS {
            if rights.contains(ours) {
                out |= theirs;
            }
        }
        out
    }
}

impl From<types::Rights> for Rights {
    fn from(rights: types::Rights) -> Self {
        let mut out = Self::default();
        for (theirs, ours) in RIGHTS {
            if rights.contains(theirs) {
                out = out | ours;
            }
        }
        out
    }
}
