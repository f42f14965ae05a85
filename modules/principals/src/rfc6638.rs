//! What calendar clients want to know of a principal, from the directory: RFC 6638 §2.4. Where the
//! inbox and the outbox are, the module says that has them.

use dav::{Error, Live, On, Read, Reading, Subject, Value};
use xml::{Name, Writer};

pub(crate) const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";

pub(crate) const CALENDAR_USER_ADDRESS_SET_NAME: Name =
    Name::new(CALDAV, "calendar-user-address-set");

pub(crate) const CALENDAR_USER_TYPE_NAME: Name = Name::new(CALDAV, "calendar-user-type");

/// Under which addresses the principal takes part in events: RFC 6638 §2.4.1.
pub(crate) static CALENDAR_USER_ADDRESS_SET: Live = Live {
    name: &CALENDAR_USER_ADDRESS_SET_NAME,
    on: On::PRINCIPALS,
    read: Read::With(read_addresses),
    ..Live::PLAIN
};

fn read_addresses(reading: &Reading<'_, '_>, out: &mut Writer) -> Result<Value, Error> {
    let Subject::Principal(principal) = reading.subject else {
        return Ok(Value::Missing);
    };
    let addresses = principal.alternate_uris.iter().map(String::as_str);
    for (number, address) in addresses.chain([principal.href.as_str()]).enumerate() {
        out.start(&Name::dav("href"));
        // Apple's clients take the address that prefers itself, and else any.
        if number == 0 {
            out.attribute("preferred", "1");
        }
        out.text(address);
        out.end(&Name::dav("href"));
    }
    Ok(Value::Written)
}

/// The mail address in a calendar address that is searched for, or in a part of one; none in any
/// other URI.
pub(crate) fn address_in(text: &str) -> Option<&str> {
    const MAILTO: &str = "mailto:";
    let address = match text.get(..MAILTO.len()) {
        Some(scheme) if scheme.eq_ignore_ascii_case(MAILTO) => text.get(MAILTO.len()..)?,
        _ => text,
    };
    // What is left of the scheme, or a path, is in no address.
    let only_in_addresses = address.contains('@') && !address.contains([':', '/']);
    only_in_addresses.then_some(address)
}

/// What the principal is, as `CUTYPE` says it: RFC 6638 §2.4.2, RFC 5545 §3.2.3.
pub(crate) static CALENDAR_USER_TYPE: Live = Live {
    name: &CALENDAR_USER_TYPE_NAME,
    on: On::PRINCIPALS,
    read: Read::With(read_type),
    ..Live::PLAIN
};

fn read_type(reading: &Reading<'_, '_>, out: &mut Writer) -> Result<Value, Error> {
    let Subject::Principal(principal) = reading.subject else {
        return Ok(Value::Missing);
    };
    out.text(match principal.kind.as_str() {
        "individual" => "INDIVIDUAL",
        "group" => "GROUP",
        "room" => "ROOM",
        "resource" => "RESOURCE",
        _ => "UNKNOWN",
    });
    Ok(Value::Written)
}
