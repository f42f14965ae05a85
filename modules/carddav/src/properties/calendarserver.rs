//! The properties of Apple's server that clients came to need.

use dav::property::rfc6578::sync_token;
use dav::{Live, Read, Subject, Value};
use xml::Name;

use super::{BASE, WATCHED};
use crate::namespace::CALENDARSERVER;

/// Changes whenever anything in an address book or home does (caldav-ctag §4.1). It is the sync
/// token, so that the two can never disagree.
pub(crate) static GETCTAG: Live = Live {
    name: &Name::new(CALENDARSERVER, "getctag"),
    on: WATCHED,
    read: Read::With(|reading, out| match reading.subject {
        Subject::Collection(collection) => {
            out.text(&sync_token(collection));
            Ok(Value::Written)
        }
        Subject::Member(..) | Subject::Principal(_) => Ok(Value::Missing),
    }),
    ..BASE
};
