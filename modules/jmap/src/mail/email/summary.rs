//! What lists of Emails show of their bodies: it never changes, and clients ask for it again each time
//! they draw a list, so an instance remembers it while it lives.

use crate::id::EmailId;
use crate::json::Object;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The properties that make a summary.
pub const PROPERTIES: [&str; 2] = ["hasAttachment", "preview"];

/// How many an instance remembers: some hundred bytes each.
const COUNT_MAX: usize = 4096;

#[derive(Debug, Clone)]
struct Summary {
    has_attachment: bool,
    preview: String,
}

thread_local! {
    static KNOWN: RefCell<BTreeMap<EmailId, Summary>> = const { RefCell::new(BTreeMap::new()) };
}

/// Drops what is remembered.
pub fn forget() {
    KNOWN.take();
}

/// Tells what is remembered of an Email; says whether anything is.
pub fn tell(id: EmailId, wanted: &[&str], object: &mut Object) -> bool {
    KNOWN.with_borrow(|known| {
        let Some(summary) = known.get(&id) else {
            return false;
        };
        for name in wanted {
            let value = match *name {
                "preview" => summary.preview.as_str().into(),
                _ => summary.has_attachment.into(),
            };
            object.insert((*name).to_owned(), value);
        }
        true
    })
}

/// Remembers what was told of an Email, if it was all.
pub fn keep(id: EmailId, object: &Object) {
    let has_attachment = object
        .get("hasAttachment")
        .and_then(|value| value.as_bool());
    let preview = object.get("preview").and_then(|value| value.as_str());
    let (Some(has_attachment), Some(preview)) = (has_attachment, preview) else {
        return;
    };
    let summary = Summary {
        has_attachment,
        preview: preview.to_owned(),
    };
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= COUNT_MAX {
            known.clear();
        }
        known.insert(id, summary);
    });
}
