//! Places of rows by a hash of theirs: what is found by an id, without an order to be kept.

/// Places by hash, in slots of which at least half are free.
#[derive(Debug)]
pub struct Slots {
    /// A place and one, or 0.
    slots: Vec<u32>,
}

impl Slots {
    /// None yet, with room for so many.
    pub fn new(count: usize) -> Self {
        let len = count.saturating_mul(2).max(16).next_power_of_two();
        Self {
            slots: vec![0; len],
        }
    }

    /// Notes a place, unless there is one already of which `is_same` says that it is the same; then
    /// that one is told.
    pub fn note(&mut self, hash: u64, at: u32, is_same: impl Fn(u32) -> bool) -> Option<u32> {
        for number in self.probe(hash) {
            let slot = self.slots.get_mut(number)?;
            match slot.checked_sub(1) {
                None => {
                    *slot = at + 1;
                    return None;
                }
                Some(other) if is_same(other) => return Some(other),
                Some(_) => {}
            }
        }
        None
    }

    /// The place of which `is_same` says that it is meant.
    pub fn find(&self, hash: u64, is_same: impl Fn(u32) -> bool) -> Option<u32> {
        let slots = self.probe(hash).map(|number| self.slots.get(number));
        let taken = slots.map_while(|slot| slot?.checked_sub(1));
        taken.into_iter().find(|at| is_same(*at))
    }

    /// The slots in which a hash may be, in order.
    fn probe(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len() - 1;
        // Uids follow one another, and a product has the best of its bits on top.
        let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let start = usize::try_from(mixed).unwrap_or_default();
        (0..=mask).map(move |step| start.wrapping_add(step) & mask)
    }
}
