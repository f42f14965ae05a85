//! What is attached to messages, for podcasts and whatever else takes enclosures.

use mail::{Body, Message, decoded_len};

/// Something that is attached.
#[derive(Debug)]
pub(crate) struct Enclosure {
    /// The number of its part.
    pub(crate) section: String,
    pub(crate) type_: String,
    pub(crate) name: Option<String>,
    /// How many octets it has: nearly so, where the message is too big to be looked at as a whole.
    pub(crate) len: u64,
}

/// Most enclosures of a message.
const ENCLOSURES_MAX: usize = 50;

/// The enclosures of a message, which has so many octets in all. What HTML shows is none.
pub(crate) fn of(message: &Message<'_>, body: &Body, size: u64) -> Vec<Enclosure> {
    let bytes = message.bytes().len();
    let unseen = size.saturating_sub(bytes as u64);
    let parts = body
        .attachments
        .iter()
        .filter_map(|at| message.parts().get(*at));
    let attached = parts.filter(|part| {
        let is_shown = part.cid().is_some() && part.disposition() != Some("attachment");
        !(part.is_media() && is_shown)
    });
    let enclosures = attached.take(ENCLOSURES_MAX).map(|part| {
        let mut len = part.size() as u64;
        if part.range.end >= bytes && unseen > 0 && !part.range.is_empty() {
            // The part goes on beyond what is seen, and is encoded there as here.
            let here = part.range.len() as u64;
            let contents = message.bytes().get(part.range.clone()).unwrap_or_default();
            let decoded = decoded_len(contents, part.encoding) as u64;
            len = decoded.saturating_add(unseen.saturating_mul(decoded) / here);
        }
        Enclosure {
            section: part.section.clone(),
            type_: part.type_.clone(),
            name: part.name().map(str::to_owned),
            len,
        }
    });
    enclosures.collect()
}
