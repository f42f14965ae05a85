//! jCal, the JSON form of iCalendar: RFC 7265.
//!
//! Our own and not ical-rs's, which writes rules in lower case ("case preserved", §3.6.10), gives
//! GEO a type of its own (§3.4.1.1), and takes apart values of unknown types (§5.1).

mod read;
mod value_type;
mod write;

pub use read::{JcalError, from_jcal};
