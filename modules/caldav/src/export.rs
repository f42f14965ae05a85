//! GET of a whole calendar: one stream of all that is in it, as other programs subscribe to.
//! RFC 5545 §3.4; what it says of itself is RFC 7986 §5, and what came before it.

use std::collections::HashSet;

use dav::error::NUMBER_OF_MATCHES_WITHIN_LIMITS;
use dav::property::Subject;
use dav::property::rfc4918::DISPLAYNAME_NAME;
use dav::request::{ResponseBody, Status};
use dav::store::Listing;
use dav::{
    Collection, Context, Error, Etag, Fields, Resource, Response, Stored, Want, percent_encode,
};
use icalendar::{Calendar, Limits, Property};
use xml::Name;

use crate::media_type::Form;
use crate::namespace::{APPLE, CALDAV};
use crate::{managed_attachments, object_rules, privacy};

/// Answers up to this length are sent at once, longer ones in pieces.
const PIECE_LEN: usize = 256 << 10;

/// The longest calendar that is written as a whole, in bytes.
const WHOLE_LEN_MAX: usize = 16 << 20;

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
    let etag = etag(calendar, form);
    let mut response = Response::new(Status::OK);
    response.set("Content-Type", form.content_type());
    response.set("Vary", "Accept");
    response.set("ETag", etag.quoted());
    response.set("Content-Disposition", disposition(calendar, form));
    // Whoever subscribes asks again and again: the answer is known before anything is read.
    if let Some(known) = ctx.header("If-None-Match")
        && known.split(',').any(|tag| etag.matches(tag))
    {
        response.status = Status::NOT_MODIFIED;
        return Ok(Some(response));
    }
    let mut export = Export {
        ctx,
        form,
        head: &response,
        out: Vec::new(),
        zones: HashSet::new(),
    };
    export.begin(calendar)?;
    export.members(calendar)?;
    export.out.extend_from_slice(END);
    let out = export.out;
    response.body = match ctx.is_streaming() {
        true => {
            ctx.send(&out)?;
            ResponseBody::Streamed
        }
        false if form == Form::JCal => ResponseBody::Bytes(as_jcal(&out)?),
        false => ResponseBody::Bytes(out),
    };
    Ok(Some(response))
}

/// The tag of all that is in a calendar: of its state, which no two contents share.
fn etag(calendar: &Collection, form: Form) -> Etag {
    let mark = match form {
        Form::ICalendar => 'i',
        Form::JCal => 'j',
    };
    Etag::new(&format!("{}-{}{mark}", calendar.id, calendar.state)).unwrap_or_default()
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

/// RFC 6266 §4.1; the name is encoded (§4.3), so that it can hold anything.
fn disposition(calendar: &Collection, form: Form) -> String {
    let mut out = String::from("attachment; filename*=utf-8''");
    percent_encode(&mut out, calendar.path.name().unwrap_or("calendar"));
    out.push_str(match form {
        Form::ICalendar => ".ics",
        Form::JCal => ".jcs",
    });
    out
}

struct Export<'e, 'c> {
    ctx: &'e Context<'c>,
    form: Form,
    head: &'e Response,
    out: Vec<u8>,
    /// The time zones that are there already.
    zones: HashSet<String>,
}

impl Export<'_, '_> {
    /// What the stream says of the calendar.
    fn begin(&mut self, calendar: &Collection) -> Result<(), Error> {
        let names = [DISPLAYNAME_NAME, DESCRIPTION, COLOR];
        let want = Want {
            fields: Fields::NONE,
            stored: Stored::Names(&names),
        };
        let found = self.ctx.find(&calendar.path, &want)?;
        let text = |name: &Name| -> Result<Option<String>, Error> {
            let Some(Resource::Collection(found)) = &found else {
                return Ok(None);
            };
            let Some(stored) = Subject::Collection(found).find_stored(name) else {
                return Ok(None);
            };
            let element = xml::parse(&stored.xml, &xml::Limits::default())?;
            Ok(Some(element.trimmed_text()).filter(|text| !text.is_empty()))
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
        self.out.extend_from_slice(open);
        Ok(())
    }

    fn members(&mut self, calendar: &Collection) -> Result<(), Error> {
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                want: Want {
                    fields: Fields::BODY.and(Fields::LENGTH),
                    stored: Stored::None,
                },
                members: true,
                after: after.as_deref(),
                limit: self.ctx.profile.limits.page,
                ..Listing::default()
            };
            let page = self.ctx.store.children(calendar, &listing)?;
            for member in &page.members {
                let body = member.body.as_deref().unwrap_or_default();
                self.member(&privacy::visible(self.ctx, calendar, body))?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Adds what is in one object: its components, byte by byte, and time zones not there yet.
    fn member(&mut self, body: &[u8]) -> Result<(), Error> {
        // What was stored by others and cannot be read would break the stream for all the rest.
        let Ok(calendar) = Calendar::parse(body, &Limits::default()) else {
            return Ok(());
        };
        for component in calendar.components() {
            if component.is("VTIMEZONE") {
                let zone = component.text("TZID").unwrap_or_default().into_owned();
                if !self.zones.insert(zone) {
                    continue;
                }
            }
            let bytes = component.to_bytes();
            self.out.extend_from_slice(&bytes);
            if !bytes.ends_with(b"\n") {
                self.out.extend_from_slice(b"\r\n");
            }
        }
        if self.form == Form::JCal {
            return match self.out.len() > WHOLE_LEN_MAX {
                true => Err(NUMBER_OF_MATCHES_WITHIN_LIMITS.error()),
                false => Ok(()),
            };
        }
        if self.out.len() >= PIECE_LEN {
            if !self.ctx.is_streaming() {
                self.ctx.send_head(Status::OK, &self.head.headers)?;
            }
            self.ctx.send(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }
}
