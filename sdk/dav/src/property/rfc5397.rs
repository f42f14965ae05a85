//! Who is asking. RFC 5397 §3.

use xml::Name;

use super::{Live, Read, Value};
use crate::error::HREF;
use crate::profile::On;

/// All of them.
pub static ALL: &[&Live] = &[&CURRENT_USER_PRINCIPAL];

/// RFC 5397 §3.
pub static CURRENT_USER_PRINCIPAL: Live = Live {
    name: &Name::dav("current-user-principal"),
    on: On::ALL,
    read: Read::With(|reading, out| {
        match &reading.ctx.user {
            Some(user) => out.leaf(&HREF, &user.href),
            None => out.empty(&Name::dav("unauthenticated")),
        }
        Ok(Value::Written)
    }),
    ..Live::PLAIN
};
