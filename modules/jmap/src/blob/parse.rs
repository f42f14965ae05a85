//! Methods that read blobs as something and keep nothing: `Email/parse`, `MDN/parse`. RFC 8621 §4.9,
//! RFC 9007 §2.2.

use super::{BlobId, bytes};
use crate::account::Account;
use crate::api::ids_or_null;
use crate::call::{Arguments, Result, required};
use crate::context::Context;
use crate::json::{Object, object};
use crate::standard::map_or_null;
use module::Error;
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Takes `blobIds`.
pub fn blob_ids(context: &Context, arguments: &mut Arguments) -> Result<Vec<String>> {
    let ids = required("blobIds", arguments.strings("blobIds")?)?;
    context.limits.check_get(ids.len())?;
    Ok(ids)
}

/// The answer: what `parse` makes of each blob, by its id as the client gives it. What it makes
/// nothing of can't be parsed.
pub fn parse_each(
    context: &Context,
    account: &Rc<Account>,
    ids: Vec<String>,
    mut parse: impl FnMut(&str, BlobId, &[u8]) -> Result<Option<Value>>,
) -> Result<Object> {
    let mut parsed = Object::new();
    let (mut not_parsable, mut not_found) = (Vec::new(), Vec::new());
    for id in ids.into_iter().collect::<BTreeSet<_>>() {
        let Some(blob) = context.blob_id(&id) else {
            not_found.push(id);
            continue;
        };
        let made = match bytes(account, &blob) {
            Ok(bytes) => parse(&id, blob, &bytes)?,
            Err(Error::TooLarge(_)) => None,
            Err(Error::NotFound | Error::Forbidden(_)) => {
                not_found.push(id);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match made {
            Some(value) => {
                parsed.insert(id, value);
            }
            None => not_parsable.push(id),
        }
    }
    Ok(object! {
        "accountId": account.id.clone(),
        "parsed": map_or_null(parsed),
        "notParsable": ids_or_null(not_parsable),
        "notFound": ids_or_null(not_found),
    })
}
