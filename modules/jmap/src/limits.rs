//! What a client may ask for at most: RFC 8620 §2, as the operator has set it.

use crate::call::Result;
use crate::error::MethodError;
use module::{option_duration, option_size};

/// The limits in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an upload.
    pub max_size_upload: u64,
    /// Bytes of an API request.
    pub max_size_request: u64,
    /// Method calls in a request.
    pub max_calls_in_request: u64,
    /// Objects that one `/get` may ask for, and one `/query` returns.
    pub max_objects_in_get: u64,
    /// Objects that one `/set` may create, update and destroy together.
    pub max_objects_in_set: u64,
    /// Bytes that all attachments of a message may have. RFC 8621 §1.3.1.
    pub max_size_attachments_per_email: u64,
    /// Bytes that one `Blob/upload` may create. RFC 9404 §3.1.
    pub max_size_blob_set: u64,
    /// Pieces that one blob may be made of. RFC 9404 §3.1.
    pub max_data_sources: u64,
    /// Seconds that a message may wait to be sent. RFC 8621 §1.3.2.
    pub max_delayed_send: u64,
}

/// Requests of one client at a time: advertised; the host has its own bounds for each tenant.
pub const CONCURRENT: u64 = 5;

/// The options, and what they are for.
pub const OPTIONS: [(&str, &str); 9] = [
    (
        "jmap_max_size_upload",
        "Bytes of an upload over JMAP; 250 MB without it.",
    ),
    (
        "jmap_max_size_request",
        "Bytes of a JMAP request; 10 MB without it.",
    ),
    (
        "jmap_max_calls_in_request",
        "Method calls in a JMAP request; 50 without it.",
    ),
    (
        "jmap_max_objects_in_get",
        "Objects that a JMAP method returns; 4096 without it.",
    ),
    (
        "jmap_max_objects_in_set",
        "Objects that a JMAP method changes; 4096 without it.",
    ),
    (
        "jmap_mail_max_size_attachments_per_email",
        "Bytes of all attachments of a message made over JMAP; 10 MB without it.",
    ),
    (
        "jmap_max_size_blob_set",
        "Bytes of a blob made in a JMAP request; 4 MB without it.",
    ),
    (
        "jmap_max_catenate_items",
        "Pieces of a blob made in a JMAP request; 100 without it.",
    ),
    (
        "jmap_max_delayed_send",
        "How long a message may wait to be sent; 512d without it.",
    ),
];

impl Limits {
    /// Reads the options; what is not set, or makes no sense, has the default.
    pub fn load() -> Self {
        Self {
            max_size_upload: size("jmap_max_size_upload", 250 << 20),
            max_size_request: size("jmap_max_size_request", 10_000_000),
            max_calls_in_request: size("jmap_max_calls_in_request", 50),
            max_objects_in_get: size("jmap_max_objects_in_get", 4096),
            max_objects_in_set: size("jmap_max_objects_in_set", 4096),
            max_size_attachments_per_email: size(
                "jmap_mail_max_size_attachments_per_email",
                10 << 20,
            ),
            max_size_blob_set: size("jmap_max_size_blob_set", 4 << 20),
            max_data_sources: size("jmap_max_catenate_items", 100),
            max_delayed_send: option_duration("jmap_max_delayed_send", 1).unwrap_or(512 * 86_400),
        }
    }

    /// Refuses to look at so many objects in one call.
    ///
    /// Fails with `requestTooLarge`. RFC 8620 §5.1.
    pub fn check_get(&self, count: usize) -> Result<()> {
        check("maxObjectsInGet", count, self.max_objects_in_get)
    }

    /// Refuses to change so many objects in one call.
    ///
    /// Fails with `requestTooLarge`. RFC 8620 §5.3.
    pub fn check_set(&self, count: usize) -> Result<()> {
        check("maxObjectsInSet", count, self.max_objects_in_set)
    }
}

fn check(name: &str, count: usize, max: u64) -> Result<()> {
    match count as u64 <= max {
        true => Ok(()),
        false => Err(MethodError::described(
            "requestTooLarge",
            format!("{count} are more than {name}, {max}: ask in several calls"),
        )),
    }
}

fn size(name: &str, default: u64) -> u64 {
    option_size(name).unwrap_or(default)
}
