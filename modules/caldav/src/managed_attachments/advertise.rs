//! Telling clients that there are attachments, if the operator wants any. RFC 8607 §3.2.

use crate::options;

/// What stands in the DAV header field. RFC 8607 §3.2.
pub(crate) const TOKEN: &str = "calendar-managed-attachments";

/// Takes the capability back where the operator wants no attachments.
pub(crate) fn advertise(response: &mut module::Response) {
    if let (false, Some(dav)) = (options::allows_attachments(), response.headers.get("dav")) {
        let dav = dav.replace(&format!(", {TOKEN}"), "");
        response.headers.set("dav", dav);
    }
}
