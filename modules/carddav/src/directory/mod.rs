//! The directory of the tenant as an address book that nobody can change: everyone who is signed in
//! finds the others in it. draft-daboo-carddav-directory-gateway; Apple's Contacts look for it.

mod card;
mod store;

pub(crate) use store::DirectoryStore;

/// The kind of that address book.
pub(crate) const DIRECTORY: &str = "directory";

/// Its name, below the mount.
pub(crate) const NAME: &str = "directory";
