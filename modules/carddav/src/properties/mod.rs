//! The live properties of address books, one file for each standard or maker.

pub(crate) mod calendarserver;
pub(crate) mod rfc6352;

use dav::property::{plain_text, rfc4918};
use dav::{Live, On, Read, Write};

use crate::address_data;
use crate::profile::{BOOK, HOME};

/// All of them.
pub(crate) static ALL: &[&Live] = &[
    &DISPLAYNAME,
    &rfc6352::ADDRESSBOOK_DESCRIPTION,
    &rfc6352::SUPPORTED_ADDRESS_DATA,
    &rfc6352::MAX_RESOURCE_SIZE,
    &rfc6352::SUPPORTED_COLLATION_SET,
    &address_data::ADDRESS_DATA,
    &calendarserver::GETCTAG,
];

/// What live properties have in common.
pub(crate) const BASE: Live = Live {
    on: On::kinds(&[BOOK]),
    ..Live::PLAIN
};

/// What people call an address book: sharees each call it what they like.
static DISPLAYNAME: Live = Live {
    name: &rfc4918::DISPLAYNAME_NAME,
    on: On::ALL,
    in_allprop: true,
    uses: &[rfc4918::DISPLAYNAME_NAME],
    read: Read::With(rfc4918::read_displayname),
    write: Write::Personal(plain_text),
    ..BASE
};

/// Homes and address books: what clients watch.
pub(crate) const WATCHED: On = On::kinds(&[BOOK, HOME]);
