//! Reading many messages at once: a question to the host for each mailbox and each few megabytes,
//! not for each message.

use crate::account::Account;
use crate::blob;
use crate::mail::world::Place;
use module::{Part, Result, Uid};
use std::collections::BTreeMap;

/// Bytes that are asked for at once.
const BYTES_MAX: u64 = 4 << 20;
/// Messages that are asked for at once.
const COUNT_MAX: usize = 500;

/// Reads messages, or their header sections only. Each is given to `each` with its place among
/// `places`; one that is gone is not.
pub fn each(
    account: &Account,
    places: &[Place<'_>],
    headers_only: bool,
    mut each: impl FnMut(usize, &[u8]),
) -> Result<()> {
    let mut shelves: BTreeMap<usize, Vec<(usize, Uid, u64)>> = BTreeMap::new();
    for (number, place) in places.iter().enumerate() {
        let size = match headers_only {
            true => u64::from(place.row.header_size),
            false => place.row.size,
        };
        let wanted = shelves.entry(place.shelf.at).or_default();
        wanted.push((number, place.uid(), size));
    }
    let part = match headers_only {
        true => Part::Header,
        false => Part::Whole,
    };
    for (at, wanted) in shelves {
        let mailbox = account.open(at)?;
        let mut rest = wanted.as_slice();
        while let Some((first, others)) = rest.split_first() {
            if first.2 > BYTES_MAX {
                let open = mailbox.open_message(first.1, part)?;
                let bytes = blob::read(&open, 0, open.size().min(blob::SIZE_MAX))?;
                each(first.0, &bytes);
                rest = others;
                continue;
            }
            let mut bytes = 0;
            let fits = |(_, _, size): &&(usize, Uid, u64)| {
                bytes += size;
                bytes <= BYTES_MAX
            };
            let count = rest.iter().take(COUNT_MAX).take_while(fits).count();
            let (chunk, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            let uids: Vec<Uid> = chunk.iter().map(|(_, uid, _)| *uid).collect();
            let messages = mailbox.read(&uids, part)?;
            for ((number, ..), message) in chunk.iter().zip(messages) {
                if !message.is_empty() {
                    each(*number, &message);
                }
            }
            rest = later;
        }
    }
    Ok(())
}
