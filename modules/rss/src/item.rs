//! Messages as entries of a feed.

use crate::enclosure::{self, Enclosure};
use crate::options::Options;
use crate::problem::Problem;
use mail::{Body, Limits, Message, synopsis};
use module::{Instant, Mailbox, Part, Uid};

/// An entry.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) uid: Uid,
    pub(crate) title: String,
    /// Who has written it: a name, and an address.
    pub(crate) author: Option<(String, String)>,
    /// When it came.
    pub(crate) updated: Instant,
    /// When it was written, as its sender says.
    pub(crate) published: Option<mail::Date>,
    pub(crate) synopsis: String,
    pub(crate) enclosures: Vec<Enclosure>,
}

/// What a listing knows of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) uid: Uid,
    pub(crate) arrived: Instant,
    pub(crate) size: u64,
}

/// What a read of messages may have in bytes.
const READ_MAX: u64 = 4 << 20;

/// A message that is bigger than this is looked at up to there.
const BIG: u64 = 512 << 10;

/// How much of a big message is looked at.
const PREFIX: u32 = 128 << 10;

/// Pages are small: a mailbox is listed in steps back from its end, which grow.
const STEP_MIN: u32 = 64;

/// The newest messages below a uid that are young enough, newest first; one more than there is room
/// for says that there are more.
pub(crate) fn newest(
    mailbox: &Mailbox,
    below: Uid,
    count: usize,
    since: Option<Instant>,
) -> Result<Vec<Listed>, Problem> {
    let mut found: Vec<Listed> = Vec::new();
    let mut end = below;
    let mut step = STEP_MIN.max(u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1));
    while end > 1 && found.len() <= count {
        // The step is a page at most, so that a page has all up to the end.
        let after = end.saturating_sub(1).saturating_sub(step.min(2000));
        let page = mailbox.list(after, 2000, module::Fields::empty())?;
        let listed = page.iter().filter(|entry| entry.uid() < end);
        let listed = listed.map(|entry| Listed {
            uid: entry.uid(),
            arrived: entry.modified(),
            size: entry.size() + u64::from(entry.header_size()),
        });
        let mut listed: Vec<Listed> = listed.collect();
        let is_old = |listed: &Listed| since.is_some_and(|since| listed.arrived < since);
        // Messages come in the order of their uids, or nearly so.
        let ends = !listed.is_empty() && listed.iter().all(is_old);
        listed.retain(|listed| !is_old(listed));
        found.extend(listed.into_iter().rev());
        if ends {
            break;
        }
        end = after + 1;
        step = step.saturating_mul(2);
    }
    found.truncate(count + 1);
    Ok(found)
}

/// Reads messages. Those that are gone since they were listed are left out.
pub(crate) fn read(
    mailbox: &Mailbox,
    listed: &[Listed],
    options: &Options,
) -> Result<Vec<Item>, Problem> {
    let mut items = Vec::with_capacity(listed.len());
    let mut rest = listed;
    while let Some(first) = rest.first() {
        if first.size > BIG {
            let blob = mailbox.open_message(first.uid, Part::Whole);
            match blob.and_then(|blob| blob.read(0, PREFIX)) {
                Ok(bytes) => items.push(item(*first, &bytes, options)),
                Err(module::Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let mut bytes = 0;
        let fits = |listed: &&Listed| {
            bytes += listed.size;
            listed.size <= BIG && bytes <= READ_MAX
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (some, after) = rest.split_at(count);
        rest = after;
        let uids: Vec<Uid> = some.iter().map(|listed| listed.uid).collect();
        for (listed, bytes) in some.iter().zip(mailbox.read(&uids, Part::Whole)?) {
            if !bytes.is_empty() {
                items.push(item(*listed, &bytes, options));
            }
        }
    }
    Ok(items)
}

fn item(listed: Listed, bytes: &[u8], options: &Options) -> Item {
    let message = Message::parse(bytes, &Limits::default());
    let body = Body::of(&message);
    let header = message.header();
    let title = header.last("Subject").map(|field| field.text());
    let title = title.filter(|title| !title.trim().is_empty());
    let author = header.last("From").map(|field| field.addresses());
    let author = author.and_then(|addresses| addresses.into_iter().next());
    let author = author.map(|address| {
        let name = address.name.unwrap_or_else(|| address.email.clone());
        (name, address.email)
    });
    Item {
        uid: listed.uid,
        title: title.unwrap_or_else(|| "(no subject)".to_owned()),
        author,
        updated: listed.arrived,
        published: header.last("Date").and_then(|field| field.date()),
        synopsis: synopsis(&message, &body, options.synopsis),
        enclosures: enclosure::of(&message, &body, listed.size),
    }
}
