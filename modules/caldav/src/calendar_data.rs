//! `CALDAV:calendar-data`: what of an object a report returns. RFC 4791 §9.6.

use std::borrow::Cow;
use std::rc::Rc;

use dav::{Context, Error, Fields, Live, On, Read, Reading, Subject, Value, Write};
use icalendar::data::{Components, Output, Properties, Recurrences, Selection};
use icalendar::series::Range;
use icalendar::{Calendar, Limits};
use xml::{DAV, Element, Name, Writer};

use crate::media_type::{self, Form, ICALENDAR};
use crate::namespace::CALDAV;
use crate::precondition::SUPPORTED_CALENDAR_DATA;
use crate::properties::{BASE, CALENDARS};
use crate::{floating, object_rules, personal, time_range, timezones_by_reference};

/// "Not a WebDAV property and, as such, not returned in PROPFIND": reports alone have it.
pub(crate) static CALENDAR_DATA: Live = Live {
    name: &Name::new(CALDAV, "calendar-data"),
    on: On::members_of(CALENDARS),
    fields: Fields::BODY,
    read: Read::With(read),
    write: Write::Protected,
    ..BASE
};

/// What a client asks of objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct DataRequest {
    output: Output,
    /// As jCal, and not as iCalendar.
    as_jcal: bool,
}

impl DataRequest {
    /// Reads the element of the report.
    ///
    /// Fails with `CALDAV:supported-calendar-data` if it asks for a media type that we do not have.
    pub(crate) fn parse(element: &Element) -> Result<Self, Error> {
        let media_type = element.attribute("content-type").unwrap_or(ICALENDAR);
        let version = element.attribute("version").unwrap_or("2.0");
        let form = Form::named(media_type).filter(|_| version.trim() == "2.0");
        let form = form.ok_or_else(|| SUPPORTED_CALENDAR_DATA.error())?;
        let expand = range_in(element, "expand")?;
        let limit = range_in(element, "limit-recurrence-set")?;
        let recurrences = match (expand, limit) {
            (Some(range), None) => Recurrences::Expand(range),
            (None, Some(range)) => Recurrences::Limit(range),
            (None, None) => Recurrences::Stored,
            (Some(_), Some(_)) => {
                return Err(Error::BadRequest(
                    "one of expand and limit-recurrence-set".to_owned(),
                ));
            }
        };
        let comp = element.find(CALDAV, "comp");
        Ok(Self {
            as_jcal: form == Form::JCal,
            output: Output {
                recurrences,
                limit_freebusy_set: range_in(element, "limit-freebusy-set")?,
                selection: comp.map(select).transpose()?.flatten(),
            },
        })
    }

    /// The request in `DAV:prop` of a report, if there is one.
    pub(crate) fn find(root: &Element) -> Result<Option<Self>, Error> {
        let prop = root.find(DAV, "prop");
        let element = prop.and_then(|prop| prop.find(CALDAV, "calendar-data"));
        element.map(Self::parse).transpose()
    }
}

fn range_in(element: &Element, name: &str) -> Result<Option<Range>, Error> {
    let Some(element) = element.find(CALDAV, name) else {
        return Ok(None);
    };
    match time_range::parse_closed(element) {
        Some(range) => Ok(Some(range)),
        None => Err(Error::BadRequest(format!(
            "{name} has a start and a later end in UTC"
        ))),
    }
}

/// What `CALDAV:comp` leaves of a component; none if that is all of it, as where it names nothing:
/// the example of §7.8.1 shows that.
fn select(comp: &Element) -> Result<Option<Selection>, Error> {
    let name = name_of(comp)?;
    let mut named: Vec<(String, bool)> = Vec::new();
    for prop in comp.find_all(CALDAV, "prop") {
        let novalue = prop.attribute("novalue") == Some("yes");
        named.push((name_of(prop)?, novalue));
    }
    let mut inner: Vec<Selection> = Vec::new();
    for comp in comp.find_all(CALDAV, "comp") {
        inner.push(match select(comp)? {
            Some(selection) => selection,
            None => Selection {
                name: name_of(comp)?,
                properties: Properties::All,
                components: Components::All,
            },
        });
    }
    let all_props = comp.find(CALDAV, "allprop").is_some();
    let all_comps = comp.find(CALDAV, "allcomp").is_some();
    let names_nothing = named.is_empty() && inner.is_empty() && !all_props && !all_comps;
    if names_nothing || (all_props && all_comps) {
        return Ok(None);
    }
    Ok(Some(Selection {
        name,
        properties: match all_props {
            true => Properties::All,
            false => Properties::Named(named),
        },
        components: match all_comps {
            true => Components::All,
            false => Components::Named(inner),
        },
    }))
}

fn name_of(element: &Element) -> Result<String, Error> {
    let name = element.attribute("name").map(str::to_owned);
    name.ok_or_else(|| Error::BadRequest(format!("a {} has no name", element.name.local())))
}

fn read(reading: &Reading<'_, '_>, out: &mut Writer) -> Result<Value, Error> {
    let Subject::Member(calendar, member) = reading.subject else {
        return Ok(Value::Missing);
    };
    let ctx = reading.ctx;
    if ctx.method != "REPORT" {
        return Ok(Value::Missing);
    }
    let body = member.body.as_deref().unwrap_or_default();
    let body = personal::view(ctx, calendar, member, body);
    let data = match reading.request {
        None => None,
        Some(element) => Some(request(ctx, element)?),
    };
    let bytes = match data {
        Some(data) if data.as_jcal || !data.output.is_stored() => {
            match Calendar::parse_stored(&body) {
                Ok(parsed) => {
                    if data.as_jcal {
                        out.attribute("content-type", media_type::JCAL);
                        out.attribute("version", "2.0");
                    }
                    let notes = floating::notes(ctx);
                    let zone = notes.zone(ctx, calendar)?;
                    let mut budget = notes.budget.borrow_mut();
                    let written =
                        budget.share(u64::MAX, |budget| data.output.write(&parsed, &zone, budget));
                    let written = written.map_err(floating::exceeded)?;
                    // What would take too long to expand is given as it is: its client can go on
                    // from there, and the others are given as they were asked for.
                    let written = written.unwrap_or_else(|| parsed.to_bytes());
                    let written = timezones_by_reference::fit(ctx, Cow::Owned(written));
                    Cow::Owned(match data.as_jcal {
                        true => as_jcal(&written)?,
                        false => written.into_owned(),
                    })
                }
                // What cannot be read is given as it is.
                Err(_) => body,
            }
        }
        _ => timezones_by_reference::fit(ctx, body),
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => out.text(text),
        Err(_) => out.text(&String::from_utf8_lossy(&bytes)),
    }
    Ok(Value::Written)
}

/// What was left of an object, as jCal.
fn as_jcal(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let parsed = Calendar::parse(bytes, &Limits::default());
    Ok(parsed
        .map_err(object_rules::unreadable)?
        .to_jcal()
        .into_bytes())
}

/// What was asked for, read once for all objects of a report.
fn request(ctx: &Context<'_>, element: &Element) -> Result<Rc<DataRequest>, Error> {
    match &floating::notes(ctx).data {
        Some(data) => Ok(data.clone()),
        None => DataRequest::parse(element).map(Rc::new),
    }
}
