//! Entries of a feed, as they are written. A message never changes: what was written of it is remembered
//! for the next time that the feed is asked for, when only what is new is read.

use crate::document::Document;
use crate::item::{self, Item, Listed};
use crate::options::Options;
use crate::problem::Problem;
use module::memory::{recall, remember};
use module::{Instant, Mailbox, Uid};
use std::collections::HashMap;

/// Entries, newest first.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// As they are written, one behind the other.
    pub(crate) bytes: Vec<u8>,
    /// When the last of them came.
    pub(crate) updated: Option<Instant>,
}

/// Fewer entries are made as fast as they are recalled.
const KEPT_MIN: usize = 10;

/// Makes entries of messages, by `write`. They are remembered under `name`, if there is one, with
/// `form`: all that they depend on besides the messages. Those that are gone since they were listed are
/// left out.
pub(crate) fn of(
    mailbox: &Mailbox,
    listed: &[Listed],
    options: &Options,
    (name, form): (Option<&str>, &str),
    write: impl Fn(&mut Document, &Item),
) -> Result<Entries, Problem> {
    let remembered = name.and_then(recall).unwrap_or_default();
    let known = read(&remembered, form).unwrap_or_default();
    let is_new = |listed: &&Listed| !known.contains_key(&listed.uid);
    let new: Vec<Listed> = listed.iter().filter(is_new).copied().collect();
    let made = item::read(mailbox, &new, options)?.into_iter().map(|item| {
        let mut out = Document::default();
        write(&mut out, &item);
        (item.uid, out.into_bytes())
    });
    let made: HashMap<Uid, Vec<u8>> = made.collect();
    let mut entries = Entries::default();
    entries.bytes.reserve(remembered.len());
    let mut lengths = Vec::with_capacity(listed.len());
    for one in listed {
        let known = known.get(&one.uid).copied();
        let Some(bytes) = known.or_else(|| made.get(&one.uid).map(Vec::as_slice)) else {
            continue;
        };
        entries.bytes.extend_from_slice(bytes);
        entries.updated = entries.updated.max(Some(one.arrived));
        lengths.push((one.uid, bytes.len()));
    }
    if let Some(name) = name
        && !made.is_empty()
        && lengths.len() >= KEPT_MIN
    {
        remember(name, &pack(form, &lengths, &entries.bytes));
    }
    Ok(entries)
}

/// What is remembered: the form, how many there are, their numbers and lengths, and all of them.
fn pack(form: &str, lengths: &[(Uid, usize)], bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes.len() + 8 * lengths.len() + form.len() + 8);
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    packed.extend(number(form.len()));
    packed.extend_from_slice(form.as_bytes());
    packed.extend(number(lengths.len()));
    for (uid, len) in lengths {
        packed.extend(uid.to_le_bytes());
        packed.extend(number(*len));
    }
    packed.extend_from_slice(bytes);
    packed
}

/// The entries that are remembered; none if they are of another form.
fn read<'r>(packed: &'r [u8], form: &str) -> Option<HashMap<Uid, &'r [u8]>> {
    let mut rest = packed;
    let mut take = |len: usize| -> Option<&'r [u8]> {
        let (taken, after) = rest.split_at_checked(len)?;
        rest = after;
        Some(taken)
    };
    let number = |bytes: &[u8]| Some(u32::from_le_bytes(*bytes.first_chunk()?));
    let len = number(take(4)?)?;
    if take(len as usize)? != form.as_bytes() {
        return None;
    }
    let count = number(take(4)?)? as usize;
    let (lengths, _) = take(count.checked_mul(8)?)?.as_chunks::<8>();
    let mut known = HashMap::with_capacity(count);
    for pair in lengths {
        let (uid, len) = (number(pair)?, number(pair.get(4..)?)?);
        known.insert(uid, take(len as usize)?);
    }
    Some(known)
}
