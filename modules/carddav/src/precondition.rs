//! The conditions that address books add to those of WebDAV.

use dav::{Error, Precondition};

use crate::namespace::CARDDAV;

macro_rules! preconditions {
    ($($(#[$doc:meta])* $constant:ident = $make:ident $local:literal;)*) => {
        $($(#[$doc])* pub const $constant: Precondition = Precondition::$make(CARDDAV, $local);)*
    };
}

preconditions! {
    /// An address book can be neither here nor inside of another. RFC 6352 §6.3.1.1, §6.3.2.1.
    ADDRESSBOOK_COLLECTION_LOCATION_OK = forbidden "addressbook-collection-location-ok";
    /// The media type, or its version, is none that address books have. RFC 6352 §6.3.2.1, §8.6.
    SUPPORTED_ADDRESS_DATA = forbidden "supported-address-data";
    /// It is no vCard, or one that cannot be stored. RFC 6352 §6.3.2.1.
    VALID_ADDRESS_DATA = forbidden "valid-address-data";
    /// Another object of the address book has the UID, or this one has another. RFC 6352 §6.3.2.1.
    NO_UID_CONFLICT = forbidden "no-uid-conflict";
    /// The object is too large. RFC 6352 §6.3.2.1.
    MAX_RESOURCE_SIZE = forbidden "max-resource-size";
    /// The filter makes no sense, or asks for what cannot be searched. RFC 6352 §8.6.
    SUPPORTED_FILTER = forbidden "supported-filter";
    /// The collation is none of ours. RFC 6352 §8.3.1.
    SUPPORTED_COLLATION = forbidden "supported-collation";
}

/// A condition with a text for people inside of it.
pub(crate) fn because(condition: &Precondition, why: &str) -> Error {
    condition.error_with(|out| out.text(why))
}
