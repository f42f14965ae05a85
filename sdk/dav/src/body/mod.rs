//! The XML bodies of requests and answers, one file each. RFC 4918 §14.
//!
//! Named `body` and not `xml`, which is the crate that these are written with.

pub mod acl;
pub mod lockinfo;
pub mod mkcol;
pub mod multistatus;
pub mod plan;
pub mod propfind;
pub mod proppatch;
