//! Rows as they lie in memory: packed one behind the other, so that those of a hundred thousand
//! messages fit into an instance that is kept, and are handed over and taken back as they are.

use crate::id::{EmailId, ThreadId};
use crate::mail::keywords::Keywords;
use module::{Instant, Modseq, Uid};
use std::collections::BTreeMap;

/// Bytes of a row.
pub const WIDTH: usize = 60;

/// A row, packed.
pub type Packed = [u8; WIDTH];

/// A message.
#[derive(Debug, Clone, Copy)]
pub struct Row<'t> {
    /// Its number in the mailbox.
    pub uid: Uid,
    /// Its last change.
    pub modseq: Modseq,
    /// The Email that it is.
    pub id: EmailId,
    /// The Thread that the Email is in.
    pub thread: ThreadId,
    /// When it was received.
    pub received: Instant,
    /// Bytes, header section included.
    pub size: u64,
    /// Bytes of the header section.
    pub header_size: u32,
    /// Its keywords.
    pub keywords: &'t Keywords,
}

/// Rows by uid, and the sets of keywords that they have: a hundred thousand messages have a few.
#[derive(Debug, Default)]
pub struct Rows {
    /// Whole rows.
    pub bytes: Vec<u8>,
    sets: Vec<Keywords>,
    known: BTreeMap<Keywords, u32>,
}

impl Rows {
    /// None yet, with room for so many.
    pub fn with_capacity(count: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(count.saturating_mul(WIDTH)),
            ..Self::default()
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.packed().len()
    }

    /// The sets of keywords, by number.
    pub fn sets(&self) -> &[Keywords] {
        &self.sets
    }

    /// The number of a set of keywords.
    pub fn set(&mut self, keywords: Keywords) -> u32 {
        if let Some(known) = self.known.get(&keywords) {
            return *known;
        }
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.known.insert(keywords.clone(), number);
        self.sets.push(keywords);
        number
    }

    /// The row at a place.
    pub fn get(&self, at: usize) -> Option<Row<'_>> {
        self.packed().get(at).map(|packed| self.unpack(packed))
    }

    /// All rows.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Row<'_>> + ExactSizeIterator {
        self.packed().iter().map(|packed| self.unpack(packed))
    }

    /// Where the message of a uid is; if it is not there, where it would be.
    pub fn position(&self, uid: Uid) -> Result<usize, usize> {
        let uid_of = |packed: &Packed| u32::from_le_bytes(field(packed, 0));
        self.packed().binary_search_by_key(&uid, uid_of)
    }

    /// Adds one, of a uid above all others.
    pub fn push(&mut self, packed: &Packed) {
        self.bytes.extend_from_slice(packed);
    }

    /// Puts in what has changed, takes out what is gone, and adds what is new. `latest` has the last
    /// uid of each Email that has a name and has changed: no other row of it is left.
    pub fn change(
        &mut self,
        changed: BTreeMap<Uid, Option<Packed>>,
        latest: &BTreeMap<EmailId, Uid>,
    ) {
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for (uid, packed) in changed {
            match (self.position(uid), packed) {
                (Ok(at), Some(packed)) => {
                    let (rows, _) = self.bytes.as_chunks_mut();
                    if let Some(row) = rows.get_mut(at) {
                        *row = packed;
                    }
                }
                (Ok(at), None) => gone.push(at),
                (Err(_), Some(packed)) => new.push(packed),
                (Err(_), None) => {}
            }
        }
        self.remove(&gone);
        let is_last = match (new.first(), self.packed().last()) {
            (Some(new), Some(last)) => {
                u32::from_le_bytes(field(new, 0)) > u32::from_le_bytes(field(last, 0))
            }
            _ => true,
        };
        // No more than it takes: an instance that has grown too much is not kept.
        self.bytes.reserve_exact(new.len() * WIDTH);
        new.iter().for_each(|packed| self.push(packed));
        if !is_last {
            let (rows, _) = self.bytes.as_chunks_mut::<WIDTH>();
            rows.sort_by_key(|packed| u32::from_le_bytes(field(packed, 0)));
        }
        let is_older = |row: Row<'_>| latest.get(&row.id).is_some_and(|uid| *uid != row.uid);
        let rows = self.iter().enumerate();
        let older: Vec<usize> = rows
            .filter(|(_, row)| is_older(*row))
            .map(|(at, _)| at)
            .collect();
        self.remove(&older);
    }

    /// Takes out rows, given by their places in order.
    fn remove(&mut self, gone: &[usize]) {
        let Some(first) = gone.first() else {
            return;
        };
        let mut to = first * WIDTH;
        for (number, at) in gone.iter().enumerate() {
            let from = (at + 1) * WIDTH;
            let end = gone
                .get(number + 1)
                .map_or(self.bytes.len(), |at| at * WIDTH);
            self.bytes.copy_within(from..end, to);
            to += end - from;
        }
        self.bytes.truncate(to);
    }

    fn packed(&self) -> &[Packed] {
        self.bytes.as_chunks().0
    }

    fn unpack(&self, packed: &Packed) -> Row<'_> {
        static NONE: Keywords = Keywords::none();
        let set = u32::from_le_bytes(field(packed, 56));
        Row {
            uid: u32::from_le_bytes(field(packed, 0)),
            header_size: u32::from_le_bytes(field(packed, 4)),
            modseq: u64::from_le_bytes(field(packed, 8)),
            id: EmailId(u128::from_le_bytes(field(packed, 16))),
            thread: ThreadId(u64::from_le_bytes(field(packed, 32))),
            received: i64::from_le_bytes(field(packed, 40)),
            size: u64::from_le_bytes(field(packed, 48)),
            keywords: self.sets.get(set as usize).unwrap_or(&NONE),
        }
    }
}

/// Packs a row; its keywords are the set of this number.
pub fn pack(row: &Row<'_>, set: u32) -> Packed {
    let mut packed = [0; WIDTH];
    let fields: [&[u8]; 8] = [
        &row.uid.to_le_bytes(),
        &row.header_size.to_le_bytes(),
        &row.modseq.to_le_bytes(),
        &row.id.0.to_le_bytes(),
        &row.thread.0.to_le_bytes(),
        &row.received.to_le_bytes(),
        &row.size.to_le_bytes(),
        &set.to_le_bytes(),
    ];
    let bytes = fields.into_iter().flatten();
    packed
        .iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = *from);
    packed
}

fn field<const N: usize>(packed: &Packed, at: usize) -> [u8; N] {
    let rest = packed.get(at..).and_then(|rest| rest.first_chunk());
    rest.copied().unwrap_or([0; N])
}
