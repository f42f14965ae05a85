//! Things found by key, within bounds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Things found by key, within bounds. When there are too many, that goes which has lain longest
/// of the owner who has most: nobody pushes out all of another's.
pub(crate) struct Shelf<T> {
    /// By a number that rises: what has lain longest first.
    places: BTreeMap<u64, (Tag, T)>,
    keys: HashMap<u64, Vec<u64>>,
    owners: HashMap<usize, BTreeSet<u64>>,
    memory: usize,
    serial: u64,
    count_max: usize,
    memory_max: usize,
}

/// What a thing is found and counted by.
#[derive(Clone, Copy)]
pub(crate) struct Tag {
    /// Of what it is for; others may have the same.
    pub(crate) key: u64,
    pub(crate) owner: usize,
    pub(crate) memory: usize,
}

impl<T> Shelf<T> {
    /// Nothing yet; room for so many, of so much memory.
    pub(crate) fn new(count_max: usize, memory_max: usize) -> Self {
        Self {
            places: BTreeMap::new(),
            keys: HashMap::new(),
            owners: HashMap::new(),
            memory: 0,
            serial: 0,
            count_max,
            memory_max,
        }
    }

    /// Takes what was put last of those that fit: its memory is the likeliest to be in the caches.
    pub(crate) fn take(&mut self, key: u64, fits: impl Fn(&T) -> bool) -> Option<T> {
        let serials = self.keys.get(&key)?;
        let fitting = serials.iter().rev().find(|serial| {
            let place = self.places.get(serial);
            place.is_some_and(|(_, thing)| fits(thing))
        });
        self.remove(*fitting?)
    }

    /// Puts a thing there; returns what must go.
    pub(crate) fn put(&mut self, tag: Tag, thing: T) -> Vec<T> {
        if tag.memory > self.memory_max {
            return vec![thing];
        }
        self.serial += 1;
        self.memory += tag.memory;
        self.places.insert(self.serial, (tag, thing));
        self.keys.entry(tag.key).or_default().push(self.serial);
        self.owners
            .entry(tag.owner)
            .or_default()
            .insert(self.serial);
        let mut gone = Vec::new();
        while self.is_too_full() {
            let Some(one) = self.take_of_most() else {
                break;
            };
            gone.push(one);
        }
        gone
    }

    fn is_too_full(&self) -> bool {
        self.places.len() > self.count_max || self.memory > self.memory_max
    }

    /// Takes what has lain longest of the owner who has most.
    pub(crate) fn take_of_most(&mut self) -> Option<T> {
        let most = self.owners.values().max_by_key(|serials| serials.len())?;
        let serial = *most.first()?;
        self.remove(serial)
    }

    /// What has lain longest.
    pub(crate) fn oldest(&self) -> Option<&T> {
        self.places.values().next().map(|(_, thing)| thing)
    }

    /// Each of them that was put after the one with this number, in that order, with its own.
    pub(crate) fn after(&mut self, serial: u64) -> impl Iterator<Item = (u64, &mut T)> {
        let places = self.places.range_mut(serial.saturating_add(1)..);
        places.map(|(serial, (_, thing))| (*serial, thing))
    }

    /// Takes what has lain longest.
    pub(crate) fn take_oldest(&mut self) -> Option<T> {
        let serial = *self.places.keys().next()?;
        self.remove(serial)
    }

    /// Takes all of which this is true.
    pub(crate) fn take_all(&mut self, which: impl Fn(&T) -> bool) -> Vec<T> {
        let places = self.places.iter();
        let serials: Vec<u64> = places
            .filter(|(_, (_, thing))| which(thing))
            .map(|(serial, _)| *serial)
            .collect();
        let taken = serials.into_iter().map(|serial| self.remove(serial));
        taken.flatten().collect()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.places.len()
    }

    /// Keeps so many, of so much memory, from now on; returns those that must go.
    pub(crate) fn resize(&mut self, count_max: usize, memory_max: usize) -> Vec<T> {
        self.count_max = count_max;
        self.memory_max = memory_max;
        let mut gone = Vec::new();
        while self.is_too_full()
            && let Some(one) = self.take_of_most()
        {
            gone.push(one);
        }
        gone
    }

    /// Each of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.places.values().map(|(_, thing)| thing)
    }

    fn remove(&mut self, serial: u64) -> Option<T> {
        let (tag, thing) = self.places.remove(&serial)?;
        self.memory -= tag.memory;
        if let Some(serials) = self.keys.get_mut(&tag.key) {
            serials.retain(|other| *other != serial);
            if serials.is_empty() {
                self.keys.remove(&tag.key);
            }
        }
        if let Some(serials) = self.owners.get_mut(&tag.owner) {
            serials.remove(&serial);
            if serials.is_empty() {
                self.owners.remove(&tag.owner);
            }
        }
        Some(thing)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tag(key: u64, owner: usize) -> Tag {
        Tag {
            key,
            owner,
            memory: 10,
        }
    }

    #[test]
    fn what_was_put_last_is_taken_and_what_does_not_fit_is_not() {
        let mut shelf = Shelf::new(9, 1000);
        for thing in 1..=3 {
            assert!(shelf.put(tag(7, 1), thing).is_empty());
        }
        // The same key for something else.
        shelf.put(tag(7, 2), 9);
        assert_eq!(shelf.take(7, |thing| *thing < 9), Some(3));
        assert_eq!(shelf.take(7, |thing| *thing < 9), Some(2));
        assert_eq!(shelf.take(8, |_| true), None);
        assert_eq!(shelf.oldest(), Some(&1));
        assert_eq!(shelf.take_all(|_| true), [1, 9]);
        assert!(shelf.keys.is_empty() && shelf.owners.is_empty() && shelf.memory == 0);
    }

    #[test]
    fn who_has_most_makes_room() {
        let mut shelf = Shelf::new(4, 1000);
        assert!(shelf.put(tag(0, 1), 0).is_empty());
        let mut gone = Vec::new();
        for thing in 1..=9 {
            gone.extend(shelf.put(tag(thing, 2), thing));
        }
        assert_eq!(gone, [1, 2, 3, 4, 5, 6], "all of the one who has most");
        assert_eq!(shelf.oldest(), Some(&0));
    }

    #[test]
    fn what_came_after_is_found_in_its_order() {
        let mut shelf = Shelf::new(9, 1000);
        for thing in 1..=4 {
            shelf.put(tag(thing, 1), thing);
        }
        let (first, _) = shelf.after(0).next().unwrap();
        assert_eq!(shelf.take(2, |_| true), Some(2));
        let rest: Vec<u64> = shelf.after(first).map(|(_, thing)| *thing).collect();
        assert_eq!(rest, [3, 4]);
    }

    #[test]
    fn memory_is_bounded_as_well() {
        let mut shelf = Shelf::new(100, 35);
        let gone: usize = (0..5).map(|n| shelf.put(tag(n, 1), n).len()).sum();
        assert_eq!((gone, shelf.places.len(), shelf.memory), (2, 3, 30));
        let big = Tag {
            memory: 50,
            ..tag(9, 2)
        };
        assert_eq!(shelf.put(big, 9), [9], "for what is too big nobody goes");
        assert_eq!(shelf.memory, 30);
    }
}
