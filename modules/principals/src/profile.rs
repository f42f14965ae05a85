//! What principals add to the engine.

use dav::{CollectionKind, Error, Live, On, Profile, Read, Reading, Searchable, Subject, Value};
use xml::{Name, Writer};

use crate::rfc6638::{
    CALDAV, CALENDAR_USER_ADDRESS_SET, CALENDAR_USER_ADDRESS_SET_NAME, CALENDAR_USER_TYPE,
    CALENDAR_USER_TYPE_NAME, address_in,
};

/// The kind of `/` and `/dav/`.
pub(crate) const ROOT: &str = "root";

/// The kind of the collections of principals.
pub(crate) const COLLECTION: &str = "principals";

const CALENDARSERVER: &str = "http://calendarserver.org/ns/";

const EMAIL_ADDRESS_SET_NAME: Name = Name::new(CALENDARSERVER, "email-address-set");

/// The protocol.
pub static PROFILE: Profile = Profile {
    prefixes: &[(CALENDARSERVER, "CS"), (CALDAV, "C")],
    kinds: &[
        CollectionKind {
            name: ROOT,
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: COLLECTION,
            ..CollectionKind::PLAIN
        },
    ],
    properties: &[
        &EMAIL_ADDRESS_SET,
        &CALENDAR_USER_ADDRESS_SET,
        &CALENDAR_USER_TYPE,
    ],
    searchable: &[
        Searchable {
            name: EMAIL_ADDRESS_SET_NAME,
            description: "E-mail address",
            hint: |text| Some(text),
        },
        Searchable {
            name: CALENDAR_USER_ADDRESS_SET_NAME,
            description: "Calendar address",
            hint: address_in,
        },
        Searchable {
            name: CALENDAR_USER_TYPE_NAME,
            description: "Kind: individual, group, room or resource",
            hint: |_| None,
        },
    ],
    ..Profile::PLAIN
};

/// The e-mail addresses of a principal: what Apple's clients search for when they invite somebody.
static EMAIL_ADDRESS_SET: Live = Live {
    name: &EMAIL_ADDRESS_SET_NAME,
    on: On::PRINCIPALS,
    read: Read::With(read_addresses),
    ..Live::PLAIN
};

fn read_addresses(reading: &Reading<'_, '_>, out: &mut Writer) -> Result<Value, Error> {
    let Subject::Principal(principal) = reading.subject else {
        return Ok(Value::Missing);
    };
    let address = Name::new(CALENDARSERVER, "email-address");
    let uris = principal.alternate_uris.iter();
    for mail in uris.filter_map(|uri| uri.strip_prefix("mailto:")) {
        out.leaf(&address, mail);
    }
    Ok(Value::Written)
}
