//! What attachments may be like. RFC 8607 §6.

use dav::{Live, On, Read, Value};
use xml::Name;

use super::BASE;
use crate::managed_attachments::{ATTACHMENT_LEN_MAX, ATTACHMENTS_MAX};
use crate::namespace::CALDAV;
use crate::options;
use crate::profile::HOME;

/// RFC 8607 §6.1: it is empty, because attachments are where calendars are.
pub(crate) static MANAGED_ATTACHMENTS_SERVER_URL: Live = Live {
    name: &Name::new(CALDAV, "managed-attachments-server-URL"),
    on: On::kinds(&[HOME]),
    read: Read::With(|_, _| Ok(if_allowed())),
    ..BASE
};

/// RFC 8607 §6.2.
pub(crate) static MAX_ATTACHMENT_SIZE: Live = Live {
    name: &Name::new(CALDAV, "max-attachment-size"),
    read: Read::With(|_, out| {
        if options::allows_attachments() {
            out.number(ATTACHMENT_LEN_MAX);
        }
        Ok(if_allowed())
    }),
    ..BASE
};

/// RFC 8607 §6.3.
pub(crate) static MAX_ATTACHMENTS_PER_RESOURCE: Live = Live {
    name: &Name::new(CALDAV, "max-attachments-per-resource"),
    read: Read::With(|_, out| {
        if options::allows_attachments() {
            out.number(ATTACHMENTS_MAX as u64);
        }
        Ok(if_allowed())
    }),
    ..BASE
};

fn if_allowed() -> Value {
    match options::allows_attachments() {
        true => Value::Written,
        false => Value::Missing,
    }
}
