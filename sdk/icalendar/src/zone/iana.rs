//! A zone of the IANA database.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Resolved, Shift};
use crate::tzdb;

/// A zone of the IANA database.
#[derive(Clone, Debug)]
pub struct Iana(tzdb::Zone);

thread_local! {
    /// The zones that were looked up, by the names that were asked for: most objects of a calendar
    /// are in the same, and to read one takes longer than to read an event.
    static KNOWN: RefCell<Vec<(String, Rc<Iana>)>> = const { RefCell::new(Vec::new()) };
}

/// How many zones are kept.
const KNOWN_MAX: usize = 32;

impl Iana {
    pub(super) fn find(tzid: &str) -> Option<Rc<Self>> {
        let known = KNOWN.with_borrow(|known| {
            let found = known.iter().find(|(name, _)| name == tzid);
            found.map(|(_, zone)| zone.clone())
        });
        known.or_else(|| {
            let zone = Rc::new(Self(tzdb::Zone::find(tzid)?));
            KNOWN.with_borrow_mut(|known| {
                if known.len() == KNOWN_MAX {
                    known.clear();
                }
                known.push((tzid.to_owned(), zone.clone()));
            });
            Some(zone)
        })
    }

    pub(super) fn offset_at(&self, utc: i64) -> i32 {
        self.0.offset_at(utc)
    }

    pub(super) fn resolve(&self, local: i64) -> Resolved {
        self.0.resolve(local)
    }

    pub(super) fn shifts(&self, from: i64, to: i64) -> Vec<Shift> {
        let observances = self.0.observances(from, to);
        // The first is what is in force, and not one that begins.
        let begins = observances.iter().skip(1);
        begins
            .map(|observance| Shift {
                utc: observance.onset,
                before: observance.from,
                after: observance.to,
            })
            .collect()
    }
}
