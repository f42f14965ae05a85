//! Applying patches to calendar objects: draft-daboo-icalendar-vpatch-00, version 1, as Cyrus takes it.
//!
//! A patch is a VCALENDAR with VPATCH components; each PATCH in one names the components that it is
//! for, and what is to be removed from them and added to them. What it does not touch keeps its bytes.
//!
//! # Not supported
//! Patches with relative targets, which the draft leaves to others.

mod apply;
mod path;

pub use apply::apply;

use crate::budget::Exceeded;

/// Why a patch cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// There is no VPATCH in it.
    #[error("the patch has no VPATCH component")]
    NoPatch,
    /// It is of a later version of the draft.
    #[error("PATCH-VERSION {0} is not known")]
    Version(String),
    /// Something else than PATCH stands in a VPATCH.
    #[error("{0} is no action of a VPATCH")]
    Action(String),
    /// A PATCH says not what it is for, or says it twice.
    #[error("a PATCH has one PATCH-TARGET")]
    Target,
    /// A path is not as the draft has it.
    #[error("the path {0} is malformed")]
    Path(String),
    /// A PATCH-ACTION is unknown.
    #[error("PATCH-ACTION {0} is not known")]
    PatchAction(String),
    /// It has more parts than a patch may have.
    #[error("the patch has more than {0} actions")]
    TooMany(usize),
    /// It would add more bytes, or take more work, than a patch may.
    #[error("the patch changes too much at once")]
    TooMuch,
    /// To find the instance that it is for takes too much work.
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}
