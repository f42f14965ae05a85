//! A zone of the IANA database.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::Resolved;

/// A zone of the IANA database.
#[derive(Clone, Debug)]
pub struct Iana(TimeZone);

impl Iana {
    pub(super) fn find(tzid: &str) -> Option<Self> {
        TimeZone::get(tzid).ok().map(Self)
    }

    pub(super) fn offset_at(&self, utc: i64) -> i32 {
        self.0.to_offset(timestamp(utc)).seconds()
    }

    pub(super) fn resolve(&self, local: i64) -> Resolved {
        let shown = Offset::UTC.to_datetime(timestamp(local));
        let utc = |offset: Offset| local.saturating_sub(offset.seconds().into());
        match self.0.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => Resolved::Unique(utc(offset)),
            AmbiguousOffset::Fold { before, after } => Resolved::Fold(utc(before), utc(after)),
            AmbiguousOffset::Gap { before, after } => Resolved::Gap(utc(before), utc(after)),
        }
    }
}

/// The nearest time that the database can be asked about.
fn timestamp(utc: i64) -> Timestamp {
    let bounded = utc.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(bounded).unwrap_or(Timestamp::UNIX_EPOCH)
}
