//! What a principal has from the first moment: an address book, which must stay.

use dav::property::rfc4918::DISPLAYNAME_NAME;
use dav::store::mailbox::text_annotation;
use dav::{Collection, Context, Error};
use module::Batch;

use crate::options;
use crate::profile::BOOK;

/// The address book that everyone has.
const DEFAULT: &str = "Default";

/// Adds what lies in a new home.
pub(crate) fn provision(batch: &Batch, home: &[String]) {
    let parts = home.iter().cloned();
    let path: Vec<String> = parts.chain([DEFAULT.to_owned()]).collect();
    let made = batch.create_mailbox(&path, BOOK, None);
    let name = options::default_displayname();
    batch.annotate_outcome(made, &text_annotation(&DISPLAYNAME_NAME, &name));
}

/// Refuses to part with what a principal always has: clients that find no address book give up.
pub(crate) fn part(_: &Context<'_>, collection: &Collection) -> Result<(), Error> {
    let is_default = collection.kind == BOOK && collection.path.name() == Some(DEFAULT);
    match is_default && collection.path.parts().len() == 3 {
        true => Err(Error::Forbidden(
            "the first address book of a principal cannot be removed or moved".to_owned(),
        )),
        false => Ok(()),
    }
}
