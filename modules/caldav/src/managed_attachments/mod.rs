//! Managed attachments: files that belong to calendar objects and lie on the server. RFC 8607.
//!
//! An attachment is a message without a name in the mailbox of the calendar, so that whoever may read
//! the calendar may read it, and nobody else. Each calendar with an object that refers to it has one of
//! its own: it goes along when objects are copied or moved, its bytes shared, and is removed with the
//! last object there that refers to it. It is found by its managed id, at
//! `…/Default/?attachment=<managed id>`, there even when the object or the calendar has moved.

mod advertise;
mod edit;
mod find;
mod post;
mod store;

pub(crate) use advertise::{TOKEN, advertise};
pub(crate) use edit::managed_ids;
pub(crate) use find::{get, get_moved};
pub(crate) use post::post;
pub(crate) use store::{bring, key_of, release_dropped};

/// The largest attachment in bytes. RFC 8607 §6.2.
pub(crate) const ATTACHMENT_LEN_MAX: u64 = 10 << 20;

/// The most attachments of an object. RFC 8607 §6.3.
pub(crate) const ATTACHMENTS_MAX: usize = 100;
