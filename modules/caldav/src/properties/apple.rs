//! How a calendar looks in a list: properties of Apple's clients, which most others took over. Each
//! sharee has their own.

use dav::property::plain_text;
use dav::{Live, Write};
use xml::Name;

use super::BASE;
use crate::namespace::APPLE;

/// The colour of a calendar: `#RRGGBB`, `#RRGGBBAA` or a name of CSS. What else clients write is
/// kept, too: other clients ignore what they do not know.
pub(crate) static CALENDAR_COLOR: Live = Live {
    name: &Name::new(APPLE, "calendar-color"),
    write: Write::Personal(plain_text),
    ..BASE
};

/// The place of a calendar in a list.
pub(crate) static CALENDAR_ORDER: Live = Live {
    name: &Name::new(APPLE, "calendar-order"),
    write: Write::Personal(plain_text),
    ..BASE
};
