//! When somebody is busy: RFC 4791 §7.10 over what lies in calendars, and RFC 7953 §5.

use crate::calendars;
use crate::problem::Problem;
use crate::query::{Format, Question};
use icalendar::busy::{Answer, Busy};
use icalendar::keys::Names;
use icalendar::series::Range;
use icalendar::{Budget, Calendar, Exceeded, Limits};
use module::{Mailbox, Part, Principal, Query, Term, Test};

/// Who says that it made the answer. RFC 5545 §3.7.3.
const PRODID: &str = "-//Chapar//Chapar//EN";

/// How many messages are read at once.
const PAGE: u32 = 500;

/// The answer to a question, from the calendars that may be asked, as text.
///
/// One object that can't be read hides no other.
pub(crate) fn answer(
    question: &Question,
    may_ask: impl Fn(&Mailbox) -> Result<bool, module::Error>,
) -> Result<String, Problem> {
    let calendars = calendars::find(question, may_ask)?;
    let addresses = addresses(&question.owner);
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut busy = Busy::new(Range {
        start: question.start,
        end: question.end,
    });
    let mut budget = Budget::new(
        module::option_number("caldav_max_recurrence_work").unwrap_or(Budget::WORK),
        module::option_number("caldav_max_instances").unwrap_or(Budget::INSTANCES),
    );
    for calendar in calendars {
        let zone = calendars::zone(&calendar)?;
        each_object(&calendar, question, |object| {
            busy.add(object, &zone, &addresses, &mut budget)
        })?;
    }
    // Who asks about one calendar wants to know what is in it.
    if question.calendar.is_none()
        && let Some((availability, zone)) = calendars::availability(&question.owner)
        && let Ok(object) = Calendar::parse(availability.trim().as_bytes(), &Limits::default())
    {
        let added = busy.add(&object, &zone, &addresses, &mut budget);
        added.map_err(exceeded)?;
    }
    Ok(write(question, &busy, addresses.first().copied()))
}

/// The addresses of a principal, as iCalendar has them; none for who may not see the directory.
fn addresses(owner: &str) -> Vec<String> {
    let found = Principal::find(owner).map(|owner| owner.addresses);
    let found = found.unwrap_or_default().into_iter();
    found.map(|address| format!("mailto:{address}")).collect()
}

/// Calls with each object of a calendar that may have to do with the question.
fn each_object(
    calendar: &Mailbox,
    question: &Question,
    mut call: impl FnMut(&Calendar<'_>) -> Result<(), Exceeded>,
) -> Result<(), Problem> {
    let overlap = Test::Overlap((question.start, question.end));
    let times = Names::BUSY
        .iter()
        .map(|name| Term::new(name, overlap.clone()));
    // The host has every message indexed by its module, so that no key is missing.
    let mut query = Query {
        all_of: vec![times.collect()],
        limit: PAGE,
        body: Some(Part::Body),
        ..Query::default()
    };
    loop {
        let results = calendar.search(&query)?;
        let count = u32::try_from(results.found.len()).unwrap_or(u32::MAX);
        for found in results.found {
            let body = match found.body {
                Some(body) => body,
                // It did not fit in with the others.
                None => match calendar.read(&[found.message.uid], Part::Body) {
                    Ok(bodies) => bodies.into_iter().next().unwrap_or_default(),
                    Err(module::Error::TooLarge(_)) => continue,
                    Err(error) => return Err(error.into()),
                },
            };
            if let Ok(object) = Calendar::parse_busy(&body) {
                call(&object).map_err(exceeded)?;
            }
        }
        if !results.more || count == 0 {
            return Ok(());
        }
        query.offset = query.offset.saturating_add(count);
    }
}

/// Writes the answer as what is published: RFC 5546 §3.3.1.
fn write(question: &Question, busy: &Busy, organizer: Option<&str>) -> String {
    let object_uid = object_uid(question);
    let calendar = busy.to_calendar(&Answer {
        product: PRODID,
        stamp: question.asked,
        object_uid: Some(&object_uid),
        organizer,
        url: Some(&question.url),
        method: Some("PUBLISH"),
        ..Answer::default()
    });
    match question.format {
        Format::ICalendar => String::from_utf8_lossy(&calendar.to_bytes()).into_owned(),
        Format::JCal => calendar.to_jcal(),
    }
}

/// The same for the same question: a name for the answer, which nobody keeps.
fn object_uid(question: &Question) -> String {
    let asked = format!("{} {} {}", question.url, question.start, question.end);
    // FNV-1a.
    let hash = asked.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("freebusy-{hash:016x}")
}

fn exceeded(exceeded: Exceeded) -> Problem {
    Problem::Exceeded(exceeded.to_string())
}
