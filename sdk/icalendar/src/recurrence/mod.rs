//! Recurrence rules and what they generate: RFC 5545 §3.3.10, RFC 7529.
//!
//! Walking is our own and not ical-rs's, which reads the rules: theirs counts no work, and begins
//! at DTSTART, however long ago that was. Ours goes to the period that is asked about at once.

mod foreign;
mod period;
mod periods;
mod rule;
mod scale;
mod walk;

pub(crate) use rule::Until;
pub use rule::{Frequency, Rule};
pub use scale::scales;
pub(crate) use walk::Walk;
