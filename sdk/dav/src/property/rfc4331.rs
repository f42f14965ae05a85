//! How much room there is. RFC 4331 §3, §4.
//!
//! Not in `DAV:allprop`: §2 says that they SHOULD NOT be, since finding out can be costly.

use xml::{Name, Writer};

use super::{Live, Read, Reading, Subject, Value};
use crate::Error;
use crate::profile::On;
use crate::store::Quota;

/// All of them.
pub static ALL: &[&Live] = &[&QUOTA_AVAILABLE_BYTES, &QUOTA_USED_BYTES];

const BASE: Live = Live {
    name: &Name::dav(""),
    on: On::COLLECTIONS,
    ..Live::PLAIN
};

/// RFC 4331 §3.
pub static QUOTA_AVAILABLE_BYTES: Live = Live {
    name: &Name::dav("quota-available-bytes"),
    read: Read::With(|reading, out| write(reading, out, |quota| quota.available_bytes)),
    ..BASE
};

/// RFC 4331 §4.
pub static QUOTA_USED_BYTES: Live = Live {
    name: &Name::dav("quota-used-bytes"),
    read: Read::With(|reading, out| write(reading, out, |quota| quota.used_bytes)),
    ..BASE
};

fn write(
    reading: &Reading<'_, '_>,
    out: &mut Writer,
    which: fn(&Quota) -> u64,
) -> Result<Value, Error> {
    let Subject::Collection(collection) = reading.subject else {
        return Ok(Value::Missing);
    };
    match reading.ctx.store.quota(collection)? {
        Some(quota) => {
            out.number(which(&quota));
            Ok(Value::Written)
        }
        None => Ok(Value::Missing),
    }
}
