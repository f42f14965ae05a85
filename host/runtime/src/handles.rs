//! The handles that a module holds. All of them die with the request; their numbers are never used
//! again by the instance, so that a stale one can't be taken for another.

use crate::interfaces::{Batch, Blob, Body, Mailbox, Writer};
use wasmtime::component::Resource;

/// Most handles that may live at once: as many as a number has low bits for.
const LIVE_MAX: u32 = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 11;
/// How many handles may be leaked before the instance is not kept: its own table grows with each.
const LEAKED_MAX: usize = 64;

/// What a handle stands for.
pub(crate) enum Held {
    Body(Body),
    Writer(Writer),
    Blob(Blob),
    Mailbox(Mailbox),
    Batch(Batch),
}

/// What can be held.
pub(crate) trait Holdable: Sized + 'static {
    fn hold(self) -> Held;
    fn seen(held: &Held) -> Option<&Self>;
    fn seen_mut(held: &mut Held) -> Option<&mut Self>;
    fn release(held: Held) -> Option<Self>;
}

macro_rules! holdable {
    ($type:ident) => {
        impl Holdable for $type {
            fn hold(self) -> Held {
                Held::$type(self)
            }
            fn seen(held: &Held) -> Option<&Self> {
                match held {
                    Held::$type(it) => Some(it),
                    _ => None,
                }
            }
            fn seen_mut(held: &mut Held) -> Option<&mut Self> {
                match held {
                    Held::$type(it) => Some(it),
                    _ => None,
                }
            }
            fn release(held: Held) -> Option<Self> {
                match held {
                    Held::$type(it) => Some(it),
                    _ => None,
                }
            }
        }
    };
}

holdable!(Body);
holdable!(Writer);
holdable!(Blob);
holdable!(Mailbox);
holdable!(Batch);

/// The handles of an instance. A number is a slot below a serial that only ever rises.
#[derive(Default)]
pub(crate) struct Handles {
    slots: Vec<Option<(u32, Held)>>,
    free: Vec<u32>,
    serial: u32,
    leaked: usize,
}

impl Handles {
    /// Gives out a handle.
    pub(crate) fn push<T: Holdable>(&mut self, value: T) -> wasmtime::Result<Resource<T>> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = self.slots.len() as u32;
                if slot >= LIVE_MAX {
                    wasmtime::bail!("more than {LIVE_MAX} handles");
                }
                self.slots.push(None);
                slot
            }
        };
        self.serial += 1;
        if self.serial >= 1 << (32 - SLOT_BITS) {
            wasmtime::bail!("the instance has used up its handles");
        }
        let number = (self.serial << SLOT_BITS) | slot;
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some((number, value.hold()));
        }
        Ok(Resource::new_own(number))
    }

    /// What a handle stands for; a stale one is a trap.
    pub(crate) fn get<T: Holdable>(&self, handle: &Resource<T>) -> wasmtime::Result<&T> {
        self.slots
            .get(slot(handle))
            .and_then(Option::as_ref)
            .filter(|(number, _)| *number == handle.rep())
            .and_then(|(_, held)| T::seen(held))
            .ok_or_else(stale)
    }

    /// Likewise, to change it.
    pub(crate) fn get_mut<T: Holdable>(
        &mut self,
        handle: &Resource<T>,
    ) -> wasmtime::Result<&mut T> {
        self.slots
            .get_mut(slot(handle))
            .and_then(Option::as_mut)
            .filter(|(number, _)| *number == handle.rep())
            .and_then(|(_, held)| T::seen_mut(held))
            .ok_or_else(stale)
    }

    /// Takes back what the module gives up.
    pub(crate) fn take<T: Holdable>(&mut self, handle: &Resource<T>) -> wasmtime::Result<T> {
        self.remove(handle).and_then(T::release).ok_or_else(stale)
    }

    /// The module dropped it. A stale one may be dropped: collectors of garbage are late.
    pub(crate) fn forget<T: Holdable>(&mut self, handle: &Resource<T>) {
        self.remove(handle);
    }

    fn remove<T: Holdable>(&mut self, handle: &Resource<T>) -> Option<Held> {
        let place = self.slots.get_mut(slot(handle))?;
        let (_, held) = place.take_if(|(number, _)| *number == handle.rep())?;
        self.free.push(slot(handle) as u32);
        Some(held)
    }

    /// Takes the writer that is still held, if there is one.
    pub(crate) fn take_writer(&mut self) -> Option<Writer> {
        let place = self
            .slots
            .iter_mut()
            .find(|place| matches!(place, Some((_, Held::Writer(_)))))?;
        place.take().and_then(|(_, held)| Writer::release(held))
    }

    /// The request has ended. Says whether the instance may be kept.
    pub(crate) fn clear(&mut self) -> bool {
        self.leaked += self.slots.iter().flatten().count();
        self.slots.clear();
        self.free.clear();
        // Serials rise slowly enough for many uses, but not for ever.
        self.leaked <= LEAKED_MAX && self.serial < 1 << (31 - SLOT_BITS)
    }
}

fn slot<T: 'static>(handle: &Resource<T>) -> usize {
    (handle.rep() & (LIVE_MAX - 1)) as usize
}

fn stale() -> wasmtime::Error {
    wasmtime::format_err!("a handle was used that is gone, or of another kind")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_not_taken_for_a_later_one() {
        let mut handles = Handles::default();
        let old = handles
            .push(Mailbox {
                id: 1,
                status: None,
            })
            .unwrap();
        assert!(handles.clear());
        let new = handles
            .push(Mailbox {
                id: 2,
                status: None,
            })
            .unwrap();
        assert!(handles.get(&old).is_err());
        assert_eq!(handles.get(&new).unwrap().id, 2);
        handles.forget(&old);
        assert_eq!(handles.take(&new).unwrap().id, 2);
        assert!(handles.get(&new).is_err());
    }

    #[test]
    fn handles_are_bounded() {
        let mut handles = Handles::default();
        for id in 0..i64::from(LIVE_MAX) {
            handles.push(Mailbox { id, status: None }).unwrap();
        }
        assert!(
            handles
                .push(Mailbox {
                    id: 0,
                    status: None
                })
                .is_err()
        );
        assert!(!handles.clear(), "so many leaked handles must not be kept");
    }
}
