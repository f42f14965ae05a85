//! What a calendar object is found by in an index: plain values that the module turns into keys.
//!
//! An object is never missed by when it is; that one is found which is not meant happens, under the
//! names that say so ([`Names::possible`]). There is no clock here: how far ahead instances are known
//! is counted from the first, until somebody looks farther ([`Names::beyond`]).

mod names;
mod times;

use crate::component::Calendar;
use crate::object::{Kind, Object};
use crate::series::Series;
use crate::zone::Zone;
pub use names::Names;
pub use times::{DISTANT, Stretch};
use times::{at_most, clamp};

/// Changes whenever the keys of an object do.
pub const KEYS_VERSION: u32 = 3;

/// The longest text for words, in bytes.
const WORDS_MAX: usize = 4096;

/// What an object is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The UID.
    pub object_uid: String,
    /// What it is.
    pub kind: Kind,
    /// The organizer's address, in lower case.
    pub organizer: Option<String>,
    /// The categories, in lower case.
    pub categories: Vec<String>,
    /// Summary, place and description.
    pub words: String,
    /// When it is.
    pub times: Vec<Stretch>,
    /// When its alarms go off: within these.
    pub alarms: Vec<(i64, i64)>,
}

impl Keys {
    /// The keys of a stored calendar; none if there is no calendar object in it.
    pub fn of(calendar: &Calendar<'_>) -> Option<Self> {
        Self::reaching(calendar, None)
    }

    /// The same, with the horizon where it was asked for.
    ///
    /// `reach` is up to when, in UTC seconds, somebody has looked whom older keys told that they do not
    /// know: these do, unless it takes too much.
    pub fn reaching(calendar: &Calendar<'_>, reach: Option<i64>) -> Option<Self> {
        let object = Object::of(calendar)?;
        let series = Series::of(calendar, Zone::Utc);
        let mut categories = Vec::new();
        let mut words = String::new();
        for component in object.components() {
            for property in component.properties_named("CATEGORIES") {
                categories.extend(property.text_list().map(|item| item.trim().to_lowercase()));
            }
            for name in ["SUMMARY", "LOCATION", "DESCRIPTION"] {
                let text = component.text(name).unwrap_or_default();
                for word in text.split_whitespace() {
                    if words.len() + word.len() < WORDS_MAX {
                        words.push_str(word);
                        words.push(' ');
                    }
                }
            }
        }
        categories.retain(|category| !category.is_empty());
        categories.sort_unstable();
        categories.dedup();
        let times = times::of(&series, object.kind(), reach);
        let alarms = alarms(&series, &object, &times, reach);
        Some(Self {
            object_uid: object.object_uid().to_owned(),
            kind: object.kind(),
            organizer: object.organizer(),
            categories,
            words,
            times,
            alarms,
        })
    }
}

/// When alarms may go off, given when the object is.
fn alarms(
    series: &Series<'_>,
    object: &Object<'_>,
    times: &[Stretch],
    horizon: Option<i64>,
) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    let mut reach: Option<(i64, i64)> = None;
    for component in object.components() {
        for alarm in series.alarms(component) {
            if alarm.is_absolute() {
                let (first, last) = alarm.times(None, series);
                found.push(clamp((first, last.saturating_add(1))));
            } else {
                let (earlier, later) = alarm.within();
                let (e, l) = reach.unwrap_or((earlier, later));
                reach = Some((e.min(earlier), l.max(later)));
            }
        }
    }
    if let Some((earlier, later)) = reach {
        let around = |stretch: &Stretch| {
            let last = stretch.end.saturating_add(later).saturating_add(1);
            clamp((stretch.start.saturating_add(earlier), last))
        };
        found.extend(times.iter().map(around));
    }
    found.sort_unstable();
    found.dedup();
    // They are told apart unless they are more than times of objects ever are, and lie close.
    let max = times::intervals_max(horizon);
    match found.len() > max {
        true => at_most(&found, times::GAP, max),
        false => found,
    }
}
