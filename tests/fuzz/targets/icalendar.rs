//! iCalendar: what is read is written as it was, what is made of it can be read, an object is found
//! by its keys, and no recurrence takes more than its budget.

#![no_main]

use icalendar::busy::{Answer, Busy};
use icalendar::data::{Output, Recurrences};
use icalendar::jcal::from_jcal;
use icalendar::keys::{Keys, Names, Stretch};
use icalendar::object::Object;
use icalendar::series::{Range, Series};
use icalendar::zone::Zone;
use icalendar::{Budget, Calendar, Limits};
use libfuzzer_sys::fuzz_target;

/// From 14 February to 15 March 2024: a leap day, and a change of clocks.
const RANGE: Range = Range {
    start: 1_707_900_000,
    end: 1_710_500_000,
};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(calendar) = Calendar::parse(bytes, &limits) else {
        return;
    };
    assert_eq!(calendar.to_bytes(), bytes);
    let Some(zone) = Zone::named("America/New_York") else {
        return;
    };
    let budget = || Budget::new(50_000, 1000);

    let _valid = Object::check(&calendar);
    let series = Series::of(&calendar, zone.clone());
    let overlaps = series.overlaps(RANGE, &mut budget());
    if let (Ok(is_there), Some(keys)) = (overlaps, Keys::of(&calendar)) {
        let names = Names::of(Some(keys.kind), RANGE);
        let finds = |names: &[&str]| {
            let meets = |time: &Stretch| {
                time.start < RANGE.end && time.end.max(time.start + 1) > RANGE.start
            };
            let mut times = keys.times.iter();
            times.any(|time| names.contains(&time.name) && meets(time))
        };
        let certain = finds(names.certain);
        assert!(is_there || !certain, "it is not there: {keys:?}");
        let possible = finds(names.possible) || finds(names.beyond);
        assert!(!is_there || certain || possible, "{keys:?}");
    }
    let _rings = series.any_alarm(RANGE, &mut budget(), &mut |_, _| false);

    for recurrences in [Recurrences::Expand(RANGE), Recurrences::Limit(RANGE)] {
        let output = Output {
            recurrences,
            limit_freebusy_set: Some(RANGE),
            ..Output::default()
        };
        if let Ok(bytes) = output.write(&calendar, &zone, &mut budget()) {
            Calendar::parse(&bytes, &limits).expect("what was made is well-formed");
        }
    }
    let mut busy = Busy::new(RANGE);
    if busy.add(&calendar, &zone, &[], &mut budget()).is_ok() {
        let bytes = busy.to_calendar(&Answer::default()).to_bytes();
        Calendar::parse(&bytes, &limits).expect("what was made is well-formed");
    }
    let _back = from_jcal(&calendar.to_jcal(), &limits);
});
