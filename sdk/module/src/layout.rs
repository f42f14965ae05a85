//! Where in its memory a module writes.

use std::sync::atomic::AtomicU8;

/// How much memory a host's system gives at a time.
const PAGE: usize = 4096;

/// A page that nothing uses. The linker puts variables behind constants, and the heap behind
/// variables; behind this one, which is the first, they begin on a page of their own. Instances
/// share constants, and each has a copy of any page that it writes: what a small request writes
/// would else be spread over one more.
#[used]
static UNUSED: Page = Page([const { AtomicU8::new(0) }; PAGE]);

#[repr(C, align(4096))]
struct Page([AtomicU8; PAGE]);
