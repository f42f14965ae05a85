//! The stack that an instance's calls run on, while no call runs: the engine keeps it for the next
//! one, with all the memory that it ever used. What lies below a call that does nothing is given
//! back to the system, which gives zeroes for it when it is used again.

use crate::engine::FIBER_STACK;
use futures_util::FutureExt;
use rustix::mm::{Advice, madvise};
use rustix::param::page_size;
use wasmtime::{Func, Store, Val};

/// What a function that calls the system, and nothing else, may need of the stack itself.
const OWN: usize = 2 << 10;
/// What the engine may have used of a stack before it calls a function of the host.
const ABOVE: usize = 64 << 10;

/// A function of the host that can be called in a store, once it was needed.
#[derive(Default)]
pub(crate) struct Trimmer(Option<Func>);

impl Trimmer {
    /// Gives back what calls into this store have used of their stack.
    pub(crate) fn trim<T: Send + 'static>(&mut self, store: &mut Store<T>) {
        let func = *self
            .0
            .get_or_insert_with(|| Func::wrap(&mut *store, give_back));
        let here = [Val::I64(address() as i64)];
        // It waits for nothing, and there is nothing to do about an error.
        let _ = func.call_async(store, &here, &mut []).now_or_never();
    }
}

/// Gives back the stack below this function. `caller` lies on the stack of who made the call.
#[inline(never)]
fn give_back(caller: i64) {
    let here = address();
    // On the caller's own stack there may be less below than on one of the engine's.
    if here.abs_diff(caller as usize) <= FIBER_STACK {
        return;
    }
    let page = page_size();
    let end = (here - OWN) / page * page;
    let start = (here - (FIBER_STACK - ABOVE)).next_multiple_of(page);
    // SAFETY: the engine makes calls of async functions on a stack of `FIBER_STACK` bytes, of which
    // no more than `ABOVE` can be in use above this function, because no guest runs in this call.
    // So what lies between `start` and `end` belongs to the same stack. This thread runs on it, so
    // nobody else does; a stack grows down, so nothing below this function is in use, but for what
    // `madvise` itself needs, which is far less than `OWN`. The pages are private and anonymous:
    // afterwards they are there as before, and empty.
    #[allow(unsafe_code)]
    let given = unsafe {
        madvise(
            std::ptr::with_exposed_provenance_mut(start),
            end - start,
            Advice::LinuxDontNeed,
        )
    };
    if let Err(error) = given {
        tracing::debug!("the stack of an instance is kept as it is: {error}");
    }
}

/// Where the stack is, here.
#[inline(always)]
fn address() -> usize {
    let local = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&local)).addr()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::RuntimeConfig;
    use std::fs::File;
    use std::hint::black_box;
    use std::os::unix::fs::FileExt;
    use std::time::Duration;

    /// More than a page of any system.
    const DEEP: usize = 128 << 10;

    /// Whether there is memory at an address: the top bit of its entry.
    fn is_resident(address: usize) -> bool {
        let mut entry = [0; 8];
        let place = (address / page_size() * 8) as u64;
        let pagemap = File::open("/proc/self/pagemap").unwrap();
        pagemap.read_exact_at(&mut entry, place).unwrap();
        u64::from_ne_bytes(entry) >> 63 == 1
    }

    /// Uses much of the stack; says how far down.
    #[inline(never)]
    fn dive() -> i64 {
        let mut bytes = [1_u8; DEEP];
        black_box(&mut bytes).as_ptr().addr() as i64
    }

    fn dive_in(store: &mut Store<()>) -> usize {
        let func = Func::wrap(&mut *store, dive);
        let mut lowest = [Val::I64(0)];
        let called = func.call_async(store, &[], &mut lowest).now_or_never();
        called.unwrap().unwrap();
        usize::try_from(lowest[0].unwrap_i64()).unwrap()
    }

    #[test]
    fn what_a_call_has_used_is_given_back_and_other_stacks_are_left_alone() {
        let config = RuntimeConfig {
            cachedir: std::path::PathBuf::new(),
            memory_max: 1 << 20,
            cpu_max: Duration::from_secs(1),
            instances_max: 1,
            warm_max: 1,
            threads: 1,
        };
        let engine = crate::engine::engine(Some(&config)).unwrap();
        let stores = [(); 3].map(|()| Store::new(&engine, ()));
        let [mut before, mut store, mut after] = stores;
        let mut trimmer = Trimmer::default();
        for _ in 0..2 {
            let neighbours = [dive_in(&mut before), dive_in(&mut after)];
            let lowest = dive_in(&mut store);
            assert!(is_resident(lowest));
            trimmer.trim(&mut store);
            assert!(!is_resident(lowest));
            assert!(neighbours.into_iter().all(is_resident));
        }
    }

    #[test]
    fn the_stack_of_who_calls_is_left_alone() {
        let lowest = usize::try_from(dive()).unwrap();
        give_back(address() as i64);
        assert!(is_resident(lowest));
    }
}
