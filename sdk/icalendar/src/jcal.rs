//! jCal, the JSON form of iCalendar: RFC 7265. By ical-rs.

use ical::ical::Ical;
use ical::tree::cst::IcalCst;

use crate::component::Calendar;
use crate::parse::{Limits, ParseError};

/// Why a text is no jCal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JcalError {
    /// Not JSON, or nested deeper than jCal is.
    #[error("the jCal is not JSON: {0}")]
    Json(String),
    /// JSON of another shape.
    #[error("the JSON is not jCal: {0}")]
    Shape(String),
    /// Something that iCalendar can't express, such as a line break in a name.
    #[error("the jCal is no calendar: {0}")]
    Calendar(ParseError),
    /// The calendar is no jCal. Nothing that [`Calendar::parse`] accepts is known to be so.
    #[error("the calendar can't be written as jCal: {0}")]
    Source(String),
}

impl Calendar<'_> {
    /// The calendar as jCal: RFC 7265 §3.
    pub fn to_jcal(&self) -> Result<String, JcalError> {
        let bytes = self.to_bytes();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let tree = IcalCst::parse(bytes).map_err(|error| JcalError::Source(error.to_string()))?;
        Ok(tree.decode().to_jcal().to_string())
    }
}

/// The calendar that a jCal text is, as iCalendar: RFC 7265 §4.
///
/// Fails if the text is no jCal, or what it says is beyond the limits.
pub fn from_jcal(text: &str, limits: &Limits) -> Result<Vec<u8>, JcalError> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| JcalError::Json(error.to_string()))?;
    let ical = Ical::from_jcal(&value).map_err(|error| JcalError::Shape(error.to_string()))?;
    let bytes = IcalCst::from(ical).to_bytes();
    // What was read as JSON has not been checked as iCalendar.
    Calendar::parse(&bytes, limits).map_err(JcalError::Calendar)?;
    Ok(bytes)
}
