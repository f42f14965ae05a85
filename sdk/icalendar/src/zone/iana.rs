//! A zone of the IANA database.

use super::Resolved;
use crate::tzdb;

/// A zone of the IANA database.
#[derive(Clone, Debug)]
pub struct Iana(tzdb::Zone);

impl Iana {
    pub(super) fn find(tzid: &str) -> Option<Self> {
        tzdb::Zone::find(tzid).map(Self)
    }

    pub(super) fn offset_at(&self, utc: i64) -> i32 {
        self.0.offset_at(utc)
    }

    pub(super) fn resolve(&self, local: i64) -> Resolved {
        self.0.resolve(local)
    }
}
