//! Properties of address books. RFC 6352 §6.2, §8.3.1.
//!
//! None of them is in `DAV:allprop`: each section says that it SHOULD NOT be.

use dav::property::plain_text;
use dav::{Live, On, Read, Value, Write, collation};
use xml::Name;

use super::BASE;
use crate::namespace::CARDDAV;
use crate::options::len_max;
use crate::profile::BOOKS;
use crate::representation::{JCARD, VCARD};

/// RFC 6352 §6.2.1.
pub(crate) static ADDRESSBOOK_DESCRIPTION: Live = Live {
    name: &Name::new(CARDDAV, "addressbook-description"),
    write: Write::Personal(plain_text),
    ..BASE
};

/// RFC 6352 §6.2.2, and RFC 7095 for the last.
pub(crate) static SUPPORTED_ADDRESS_DATA: Live = Live {
    name: &Name::new(CARDDAV, "supported-address-data"),
    on: On::kinds(BOOKS),
    read: Read::With(|_, out| {
        let element = Name::new(CARDDAV, "address-data-type");
        for (media_type, version) in [(VCARD, "3.0"), (VCARD, "4.0"), (JCARD, "4.0")] {
            out.start(&element);
            out.attribute("content-type", media_type);
            out.attribute("version", version);
            out.end(&element);
        }
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 6352 §6.2.3.
pub(crate) static MAX_RESOURCE_SIZE: Live = Live {
    name: &Name::new(CARDDAV, "max-resource-size"),
    on: On::kinds(BOOKS),
    read: Read::With(|_, out| {
        out.number(len_max());
        Ok(Value::Written)
    }),
    ..BASE
};

/// RFC 6352 §8.3.1.
pub(crate) static SUPPORTED_COLLATION_SET: Live = Live {
    name: &Name::new(CARDDAV, "supported-collation-set"),
    on: On::kinds(BOOKS),
    read: Read::With(|_, out| {
        collation::write_supported(out, &Name::new(CARDDAV, "supported-collation"));
        Ok(Value::Written)
    }),
    ..BASE
};
