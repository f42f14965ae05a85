//! The calendars that a question is about, and what their owner says of them.

use crate::problem::Problem;
use crate::query::Question;
use icalendar::zone::Zone;
use icalendar::{Calendar, Limits};
use module::{Mailbox, MailboxScope, Visibility};
use xml::Name;

/// The type of the mailboxes that hold calendar objects.
const CALENDAR: &str = "calendar";

/// What calendars lie in, below what belongs to their owner; Cyrus's name.
const HOME: &str = "#calendars";

/// Where invitations come to, in the home.
const INBOX: &str = "Inbox";

/// RFC 4791 §4.
const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";

/// What Apple's server added.
const CALENDARSERVER: &str = "http://calendarserver.org/ns/";

/// Most calendars that are looked at.
const CALENDARS_MAX: u32 = 2000;

/// The calendars that a question is about, of those that may be asked: the one that it names, or all
/// that make their owner busy. RFC 6638 §9.1.
pub(crate) fn find(
    question: &Question,
    may_ask: impl Fn(&Mailbox) -> Result<bool, module::Error>,
) -> Result<Vec<Mailbox>, Problem> {
    let home = ["user", &question.owner, HOME].map(str::to_owned).to_vec();
    let mut calendars = Vec::new();
    let mut any = false;
    match &question.calendar {
        Some(name) => {
            let path = [home, vec![name.clone()]].concat();
            let mailbox = Mailbox::open(&path)?;
            if mailbox.status()?.type_ == CALENDAR && may_ask(&mailbox)? {
                any = true;
                calendars.push(mailbox);
            }
        }
        None => {
            let scope = MailboxScope::Children(home);
            for status in Mailbox::list_all(&scope, Some(CALENDAR), None, CALENDARS_MAX)? {
                // One that was deleted since is not there.
                let Ok(mailbox) = Mailbox::open(&status.path) else {
                    continue;
                };
                if may_ask(&mailbox)? {
                    any = true;
                    if !is_transparent(&mailbox)? {
                        calendars.push(mailbox);
                    }
                }
            }
        }
    }
    match any {
        true => Ok(calendars),
        false => Err(Problem::NotFound),
    }
}

/// When the owner can be reached at all, as a VAVAILABILITY, and the zone of its floating times: what
/// is kept on the Inbox; none where it can't be seen. RFC 7953 §7.2.2.
pub(crate) fn availability(owner: &str) -> Option<(String, Zone)> {
    let inbox = ["user", owner, HOME, INBOX].map(str::to_owned);
    let inbox = Mailbox::open(&inbox).ok()?;
    let kept = |namespace| {
        property(&inbox, namespace, "calendar-availability")
            .ok()
            .flatten()
    };
    // Apple's clients had it first.
    let kept = kept(CALDAV).or_else(|| kept(CALENDARSERVER))?;
    Some((kept.text(), zone(&inbox).unwrap_or(Zone::Utc)))
}

/// The zone in which times without one are: RFC 4791 §5.2.2, RFC 7809 §5.2; UTC if none is set.
pub(crate) fn zone(calendar: &Mailbox) -> Result<Zone, module::Error> {
    if let Some(whole) = property(calendar, CALDAV, "calendar-timezone")? {
        let text = whole.text();
        let parsed = Calendar::parse(text.trim().as_bytes(), &Limits::default()).ok();
        let zone = parsed.and_then(|calendar| Zone::of_calendar(&calendar));
        return Ok(zone.unwrap_or(Zone::Utc));
    }
    let name = property(calendar, CALDAV, "calendar-timezone-id")?;
    let zone = name.and_then(|name| Zone::named(&name.trimmed_text()));
    Ok(zone.unwrap_or(Zone::Utc))
}

fn is_transparent(calendar: &Mailbox) -> Result<bool, module::Error> {
    let transparency = property(calendar, CALDAV, "schedule-calendar-transp")?;
    Ok(transparency.is_some_and(|value| value.find(CALDAV, "transparent").is_some()))
}

/// A property of a calendar, as the WebDAV engine keeps it: XML in an annotation. What is private to
/// somebody else than the owner says nothing here.
fn property(
    calendar: &Mailbox,
    namespace: &'static str,
    name: &'static str,
) -> Result<Option<xml::Element>, module::Error> {
    let name = format!("dav:{}", Name::new(namespace, name));
    let annotations = calendar.annotations(&name)?.into_iter();
    let mut named: Vec<_> = annotations
        .filter(|annotation| annotation.name == name)
        .collect();
    let status = calendar.status()?;
    let is_own = status.owner.is_some() && status.owner == module::Identity::current().principal;
    named.retain(|annotation| is_own || annotation.visibility == Visibility::Shared);
    // The owner's private one first.
    named.sort_by_key(|annotation| annotation.visibility == Visibility::Shared);
    let value = named
        .into_iter()
        .next()
        .and_then(|annotation| annotation.value);
    Ok(value.and_then(|value| xml::parse(&value, &xml::Limits::default()).ok()))
}
