//! GET of a whole calendar: one stream of all that is in it, as other programs subscribe to.
//! RFC 5545 §3.4; what it says of itself is RFC 7986 §5, and what came before it.

use dav::method::export::{self, WHOLE_LEN_MAX};
use dav::property::Subject;
use dav::property::rfc4918::DISPLAYNAME_NAME;
use dav::{Collection, Context, Error, Fields, Resource, Response, Stored, Want};
use icalendar::{Calendar, Limits, Property};
use xml::Name;

use crate::export_zones::ExportZones;
use crate::media_type::Form;
use crate::namespace::{APPLE, CALDAV};
use crate::{managed_attachments, object_rules, personal};

/// Who made what we make.
pub(crate) const PRODUCT: &str = "-//Chapar//Calendars//EN";

const END: &[u8] = b"END:VCALENDAR\r\n";

const DESCRIPTION: Name = Name::new(CALDAV, "calendar-description");
const COLOR: Name = Name::new(APPLE, "calendar-color");

/// Answers GET and HEAD of a calendar.
pub(crate) fn get(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Collection(calendar) = resource else {
        return Ok(None);
    };
    if let Some(attachment) = managed_attachments::get(ctx, calendar)? {
        return Ok(Some(attachment));
    }
    let form = Form::wanted(ctx)?;
    let is_jcal = form == Form::JCal;
    let export = export::Export {
        content_type: form.content_type(),
        variant: if is_jcal { "j" } else { "i" },
        extension: if is_jcal { ".jcs" } else { ".ics" },
        begin: &|out| begin(ctx, calendar, out),
        end: END,
        convert: is_jcal.then_some(&|whole: Vec<u8>| as_jcal(&whole)),
    };
    let mut zones = ExportZones::default();
    let response = export::run(ctx, calendar, &export, |member, out| {
        let stored = member.body.as_deref().unwrap_or_default();
        let body = personal::view(ctx, calendar, member, stored);
        // What was stored by others and cannot be read would break the stream for all the rest.
        if let Ok(object) = Calendar::parse(&body, &Limits::default()) {
            zones.add(object, out);
        }
        Ok(())
    })?;
    Ok(Some(response))
}

/// All of a calendar as jCal, which is not written piece by piece.
fn as_jcal(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let limits = Limits {
        bytes: WHOLE_LEN_MAX,
        components: 200_000,
        properties: 2_000_000,
        ..Limits::default()
    };
    let parsed = Calendar::parse(bytes, &limits);
    Ok(parsed
        .map_err(object_rules::unreadable)?
        .to_jcal()
        .into_bytes())
}

/// Adds what the stream says of the calendar.
fn begin(ctx: &Context<'_>, calendar: &Collection, out: &mut Vec<u8>) -> Result<(), Error> {
    let names = [DISPLAYNAME_NAME, DESCRIPTION, COLOR];
    let want = Want {
        fields: Fields::NONE,
        stored: Stored::Names(&names),
    };
    let found = ctx.find(&calendar.path, &want)?;
    let text = |name: &Name| -> Result<Option<String>, Error> {
        match &found {
            Some(Resource::Collection(found)) => Subject::Collection(found).stored_text(name),
            _ => Ok(None),
        }
    };
    let mut said = Calendar::new(PRODUCT);
    let root = said.root_mut();
    if let Some(name) = text(&DISPLAYNAME_NAME)? {
        root.add(Property::text_valued("NAME", &name));
        root.add(Property::text_valued("X-WR-CALNAME", &name));
    }
    if let Some(description) = text(&DESCRIPTION)? {
        root.add(Property::text_valued("DESCRIPTION", &description));
        root.add(Property::text_valued("X-WR-CALDESC", &description));
    }
    if let Some(color) = text(&COLOR)? {
        // COLOR has names of CSS alone: RFC 7986 §5.9.
        if color.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            root.add(Property::text_valued("COLOR", &color));
        }
        root.add(Property::text_valued("X-APPLE-CALENDAR-COLOR", &color));
    }
    let bytes = said.to_bytes();
    let open = bytes.strip_suffix(END).unwrap_or(&bytes);
    out.extend_from_slice(open);
    Ok(())
}
