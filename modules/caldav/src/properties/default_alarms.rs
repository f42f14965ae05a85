//! The alarms that new events and tasks get: properties that Apple's clients brought
//! (`CALDAV:default-alarm-vevent-datetime` and its kin). There is no specification of them.
//!
//! Clients put what they find there into objects that they make, and write `X-APPLE-DEFAULT-ALARM`
//! into it; nobody else does. Each principal has their own, for each calendar or for all in the home: a
//! calendar for which nothing is said has what is said for the home of whoever asks. A value that is
//! empty says that there is to be no alarm, and holds as any other.

use dav::property::plain_text;
use dav::{
    Context, Error, Fields, Live, On, Path, Read, Resource, Stored, Subject, Value, Want, Write,
};
use icalendar::{Calendar, Component, Limits};
use xml::{Element, Name};

use super::BASE;
use crate::namespace::CALDAV;
use crate::precondition::VALID_CALENDAR_DATA;
use crate::profile::{CALENDAR, HOME};

/// The most alarms for one kind of objects: a new one gets them all.
const ALARMS_MAX: usize = 10;

macro_rules! default_alarms {
    ($($constant:ident $local:literal $kind:literal;)*) => {
        $(
            #[doc = concat!("The alarms of ", $kind)]
            pub(crate) static $constant: Live = Live {
                name: &Name::new(CALDAV, $local),
                on: On::kinds(&[CALENDAR, HOME]),
                fields: Fields::OWNER,
                uses: &[Name::new(CALDAV, $local)],
                read: Read::With(|reading, out| {
                    let name = Name::new(CALDAV, $local);
                    match find(reading.ctx, reading.subject, &name)? {
                        Some(alarms) => {
                            out.text(&alarms);
                            Ok(Value::Written)
                        }
                        None => Ok(Value::Missing),
                    }
                }),
                write: Write::Personal(check),
                ..BASE
            };
        )*
    };
}

default_alarms! {
    VEVENT_DATETIME "default-alarm-vevent-datetime" "events at a time.";
    VEVENT_DATE "default-alarm-vevent-date" "events of whole days.";
    VTODO_DATETIME "default-alarm-vtodo-datetime" "tasks due at a time.";
    VTODO_DATE "default-alarm-vtodo-date" "tasks due on a day.";
}

/// What is said for a calendar or a home, or for the home that a calendar is seen in.
fn find(ctx: &Context<'_>, subject: Subject<'_>, name: &Name) -> Result<Option<String>, Error> {
    let Subject::Collection(calendar) = subject else {
        return Ok(None);
    };
    // The owner's alarms are the owner's alone.
    let is_others = calendar.owner.is_some() && calendar.owner.as_deref() != ctx.user_id();
    let stored = subject.find_stored(name);
    if let Some(stored) = stored.filter(|stored| stored.is_own || !is_others) {
        let element = xml::parse(&stored.xml, &xml::Limits::default())?;
        return Ok(Some(element.text()));
    }
    let Some(home) = home(ctx, &calendar.path).filter(|_| calendar.kind == CALENDAR) else {
        return Ok(None);
    };
    let names = [name.clone()];
    let want = Want {
        fields: Fields::OWNER,
        stored: Stored::Names(&names),
    };
    match ctx.store.find(&home, &want)? {
        Some(Resource::Collection(found)) if found.kind == HOME => {
            find(ctx, Subject::Collection(&found), name)
        }
        _ => Ok(None),
    }
}

/// The home of whoever asks.
fn home(ctx: &Context<'_>, calendar: &Path) -> Option<Path> {
    let kind = calendar.parts().first()?;
    let user = ctx.store.user()?;
    Some(Path::new([kind.as_str(), user.id.as_str()]))
}

/// VALARMs and nothing else, or nothing at all.
///
/// Fails with `CALDAV:valid-calendar-data`, and says why, and as all properties if it is too long.
fn check(ctx: &Context<'_>, element: &Element) -> Result<(), Error> {
    plain_text(ctx, element)?;
    let text = element.text();
    let text = text.trim();
    if text.is_empty() {
        return Ok(());
    }
    let wrong = |why: &str| Err(VALID_CALENDAR_DATA.error_with(|out| out.text(why)));
    let whole = format!("BEGIN:VCALENDAR\r\n{text}\r\nEND:VCALENDAR\r\n");
    let calendar = match Calendar::parse(whole.as_bytes(), &Limits::default()) {
        Ok(calendar) => calendar,
        Err(error) => return wrong(&error.to_string()),
    };
    if calendar.root().properties().next().is_some() {
        return wrong("there is more than VALARMs in it");
    }
    if calendar.components().count() > ALARMS_MAX {
        return wrong(&format!("it has more than {ALARMS_MAX} alarms"));
    }
    match calendar.components().find_map(fault) {
        Some(fault) => wrong(fault),
        None => Ok(()),
    }
}

/// What is wrong with an alarm. RFC 5545 §3.6.6: ACTION and TRIGGER must be there, once.
fn fault(alarm: &Component<'_>) -> Option<&'static str> {
    let once = |name| alarm.properties_named(name).count() == 1;
    if !alarm.is("VALARM") {
        return Some("there is more than VALARMs in it");
    }
    if !once("ACTION") || !once("TRIGGER") {
        return Some("an alarm has one ACTION and one TRIGGER");
    }
    let trigger = alarm.property("TRIGGER")?;
    (trigger.duration().is_err() && trigger.time().is_err())
        .then_some("TRIGGER is neither a duration nor a time")
}
