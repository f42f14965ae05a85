//! What a module remembers for the principal that it serves, from one instance to the next:
//! `wit/memory.wit`.

use crate::backend::memory as raw;

/// Returns what was remembered last under this name, if it still is. Whether it is true is for the
/// caller to say.
pub fn recall(name: &str) -> Option<Vec<u8>> {
    raw::recall(name)
}

/// Remembers this, in the place of what was remembered under this name; nothing if it is empty. What
/// has more than 24 MiB is not remembered, and all of it may be gone at any time.
pub fn remember(name: &str, bytes: &[u8]) {
    raw::remember(name, bytes);
}
