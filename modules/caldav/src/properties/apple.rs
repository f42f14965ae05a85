//! How a calendar looks in a list, and the alarms that new events get: properties of Apple's clients,
//! some of which most others took over. Each sharee has their own.

use dav::property::plain_text;
use dav::{Context, Error, Live, On, Write};
use icalendar::{Calendar, Limits};
use xml::{Element, Name};

use super::BASE;
use crate::namespace::{APPLE, CALDAV};
use crate::precondition::VALID_CALENDAR_DATA;
use crate::profile::{CALENDAR, HOME};

/// The colour of a calendar: `#RRGGBB`, `#RRGGBBAA` or a name of CSS. What else clients write is
/// kept, too: other clients ignore what they do not know.
pub(crate) static CALENDAR_COLOR: Live = Live {
    name: &Name::new(APPLE, "calendar-color"),
    write: Write::Personal(plain_text),
    ..BASE
};

/// The place of a calendar in a list.
pub(crate) static CALENDAR_ORDER: Live = Live {
    name: &Name::new(APPLE, "calendar-order"),
    write: Write::Personal(plain_text),
    ..BASE
};

macro_rules! default_alarms {
    ($($constant:ident $local:literal $kind:literal;)*) => {
        $(
            #[doc = concat!("The alarm of ", $kind)]
            pub(crate) static $constant: Live = Live {
                name: &Name::new(CALDAV, $local),
                on: On::kinds(&[CALENDAR, HOME]),
                write: Write::Personal(check_alarm),
                ..BASE
            };
        )*
    };
}

default_alarms! {
    DEFAULT_ALARM_VEVENT_DATETIME "default-alarm-vevent-datetime" "events at a time.";
    DEFAULT_ALARM_VEVENT_DATE "default-alarm-vevent-date" "events of whole days.";
    DEFAULT_ALARM_VTODO_DATETIME "default-alarm-vtodo-datetime" "tasks due at a time.";
    DEFAULT_ALARM_VTODO_DATE "default-alarm-vtodo-date" "tasks due on a day.";
}

/// A VALARM and nothing else, or nothing at all. Clients set it; nobody but them puts it into events.
fn check_alarm(ctx: &Context<'_>, element: &Element) -> Result<(), Error> {
    plain_text(ctx, element)?;
    let text = element.text();
    let text = text.trim();
    if text.is_empty() {
        return Ok(());
    }
    let whole = format!("BEGIN:VCALENDAR\r\n{text}\r\nEND:VCALENDAR\r\n");
    let calendar = Calendar::parse(whole.as_bytes(), &Limits::default());
    let is_alarm = calendar.is_ok_and(|calendar| {
        let mut components = calendar.components();
        components.all(|component| component.is("VALARM"))
            && calendar.root().properties().next().is_none()
    });
    match is_alarm {
        true => Ok(()),
        false => Err(VALID_CALENDAR_DATA.error()),
    }
}
