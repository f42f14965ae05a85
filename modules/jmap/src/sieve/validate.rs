//! `SieveScript/validate`. RFC 9661 §2.6.

use super::SieveScripts;
use crate::account::Account;
use crate::blob::{self, BlobId};
use crate::call::{Arguments, Result, required};
use crate::context::Context;
use crate::error::{SetError, SetResult};
use crate::json::{Object, object};
use crate::standard::supported;
use ::sieve::{SIZE_MAX, Script};
use module::Error;
use serde_json::Value;
use std::rc::Rc;

/// Answers the call.
pub fn validate(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = supported::<SieveScripts>(context.account(&mut arguments)?)?;
    let blob = required("blobId", arguments.id("blobId")?)?;
    arguments.finish()?;
    let error = match text(&account, context.blob_id(&blob).as_ref()) {
        Ok(_) => Value::Null,
        Err(error) => error.into_value(),
    };
    Ok(object! { "accountId": account.id.clone(), "error": error })
}

/// The text that a blob is, if it is a script without a mistake.
pub fn text(account: &Rc<Account>, blob: Option<&BlobId>) -> SetResult<Vec<u8>> {
    let missing = |error| match error {
        Error::NotFound | Error::Forbidden(_) => SetError::new("blobNotFound"),
        error => error.into(),
    };
    let blob = blob.ok_or_else(|| SetError::new("blobNotFound"))?;
    let too_large = || {
        let description = format!("a script has at most {SIZE_MAX} bytes");
        SetError::described("tooLarge", description)
    };
    // What is too big is not read.
    if blob.parts.is_empty() {
        let open = blob::open(account, blob.whole).map_err(missing)?;
        if open.size() > SIZE_MAX as u64 {
            return Err(too_large());
        }
    }
    let text = blob::bytes(account, blob).map_err(missing)?;
    if text.len() > SIZE_MAX {
        return Err(too_large());
    }
    match Script::parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(SetError::described("invalidSieve", error.to_string())),
    }
}
