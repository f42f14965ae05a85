//! When a principal is available at all. RFC 7953 §7.2.

use dav::{Context, Error, Live, On, Write};
use icalendar::{Calendar, Limits};
use xml::{Element, Name};

use super::BASE;
use crate::namespace::CALDAV;
use crate::precondition::VALID_CALENDAR_DATA;
use crate::profile::INBOX;

/// The name of it.
pub(crate) const AVAILABILITY: Name = Name::new(CALDAV, "calendar-availability");

/// RFC 7953 §7.2.1: an iCalendar object with VAVAILABILITY components. It counts for all free-busy
/// information about its owner.
pub(crate) static CALENDAR_AVAILABILITY: Live = Live {
    name: &AVAILABILITY,
    on: On::kinds(&[INBOX]),
    write: Write::Stored(check),
    ..BASE
};

fn check(_: &Context<'_>, element: &Element) -> Result<(), Error> {
    let text = element.text();
    let invalid = || VALID_CALENDAR_DATA.error();
    let calendar = Calendar::parse(text.trim().as_bytes(), &Limits::default());
    let calendar = calendar.map_err(|_| invalid())?;
    let mut components = calendar.calendar_components().peekable();
    match components.peek().is_some() && components.all(|component| component.is("VAVAILABILITY")) {
        true => Ok(()),
        false => Err(invalid()),
    }
}
