//! iCalendar and jCal: which of the two a client wants, and what it sent. RFC 5545 §8.1, RFC 7265
//! §7.1, RFC 9110 §12.5.1.

use dav::request::ResponseBody;
use dav::{Context, Error, Response};
use icalendar::Calendar;

/// The type of iCalendar.
pub(crate) const ICALENDAR: &str = "text/calendar";

/// The type of jCal.
pub(crate) const JCAL: &str = "application/calendar+json";

/// A form in which a calendar can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Lines of text.
    ICalendar,
    /// JSON.
    JCal,
}

impl Form {
    /// What the client wants most; iCalendar among equals.
    ///
    /// Fails with 406 if it wants neither.
    pub(crate) fn wanted(ctx: &Context<'_>) -> Result<Self, Error> {
        let Some(accept) = ctx.header("Accept") else {
            return Ok(Form::ICalendar);
        };
        match wanted(&accept) {
            Some(form) => Ok(form),
            None => Err(Error::NotAcceptable(format!(
                "a calendar is {ICALENDAR} or {JCAL}"
            ))),
        }
    }

    /// The media type with its parameters.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Form::ICalendar => "text/calendar; charset=utf-8",
            Form::JCal => "application/calendar+json; charset=utf-8",
        }
    }

    /// The one that a media type names, parameters left aside.
    pub(crate) fn named(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case(ICALENDAR) {
            return Some(Form::ICalendar);
        }
        essence.eq_ignore_ascii_case(JCAL).then_some(Form::JCal)
    }
}

fn wanted(accept: &str) -> Option<Form> {
    let quality = |media_type: &str| {
        let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
        let whole_kind = format!("{kind}/*");
        // The most specific range says it. RFC 9110 §12.5.1.
        let mut found: Option<(u8, u16)> = None;
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let rank = match name.as_str() {
                "*/*" | "*" => 0,
                name if name == whole_kind => 1,
                name if name == media_type => 2,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight = weight.map_or(Some(1.0), |weight| weight.parse::<f32>().ok());
            let weight = (weight.unwrap_or(0.0).clamp(0.0, 1.0) * 1000.0) as u16;
            if found.is_none_or(|(known, _)| rank >= known) {
                found = Some((rank, weight));
            }
        }
        found.map_or(0, |(_, weight)| weight)
    };
    match (quality(ICALENDAR), quality(JCAL)) {
        (0, 0) => None,
        (icalendar, jcal) if jcal > icalendar => Some(Form::JCal),
        _ => Some(Form::ICalendar),
    }
}

/// Gives an answer a calendar as its body, in the form that the client wants.
pub(crate) fn set_calendar(
    ctx: &Context<'_>,
    response: &mut Response,
    calendar: &Calendar<'_>,
) -> Result<(), Error> {
    let form = Form::wanted(ctx)?;
    let bytes = match form {
        Form::ICalendar => calendar.to_bytes(),
        Form::JCal => calendar.to_jcal().into_bytes(),
    };
    response.set("Content-Type", form.content_type());
    response.set("Vary", "Accept");
    response.body = ResponseBody::Bytes(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_12_5_1_the_most_specific_range_counts() {
        for (accept, form) in [
            ("*/*", Some(Form::ICalendar)),
            ("text/html, */*;q=0.1", Some(Form::ICalendar)),
            ("application/calendar+json", Some(Form::JCal)),
            (
                "application/calendar+json, text/calendar",
                Some(Form::ICalendar),
            ),
            (
                "application/calendar+json, text/calendar;q=0.9",
                Some(Form::JCal),
            ),
            ("application/*, text/calendar;q=0.5", Some(Form::JCal)),
            ("*/*, text/calendar;q=0", Some(Form::JCal)),
            ("text/html", None),
            ("text/calendar;q=0", None),
        ] {
            assert_eq!(wanted(accept), form, "{accept}");
        }
    }
}
