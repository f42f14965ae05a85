//! The VTIMEZONEs that were read last: the objects of a calendar have the same one each, which is
//! half of their lines.

use std::cell::RefCell;
use std::rc::Rc;

use crate::component::Component;

thread_local! {
    static RECENT: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// How many are remembered.
const KNOWN_MAX: usize = 8;

/// The longest that is remembered, in bytes.
const BYTES_MAX: usize = 32 << 10;

/// A component of which the bytes are known.
#[derive(Clone)]
pub(crate) struct Known {
    bytes: Rc<[u8]>,
    pub(crate) component: Rc<Component<'static>>,
    /// How many components and properties it has, itself included.
    pub(crate) components: usize,
    pub(crate) properties: usize,
}

impl Known {
    /// What some bytes begin with.
    pub(crate) fn find(bytes: &[u8]) -> Option<Self> {
        RECENT.with_borrow_mut(|recent| {
            let is_it = |known: &Known| match bytes.strip_prefix(&*known.bytes) {
                // What begins with white space goes on with the last line.
                Some([next, ..]) => !next.is_ascii_whitespace(),
                Some([]) | None => false,
            };
            let at = recent.iter().position(is_it)?;
            recent.swap(0, at);
            recent.first().cloned()
        })
    }

    /// Remembers a component that was read from these bytes.
    pub(crate) fn keep(bytes: &[u8], component: &Component<'_>) {
        // What ends without a line end could go on in another stream.
        if bytes.len() > BYTES_MAX || !bytes.ends_with(b"\n") {
            return;
        }
        let is_known = |recent: &Vec<Self>| recent.iter().any(|known| *known.bytes == *bytes);
        if RECENT.with_borrow(is_known) {
            return;
        }
        let (components, properties) = count(component);
        let known = Self {
            bytes: bytes.into(),
            component: Rc::new(component.clone().into_owned()),
            components,
            properties,
        };
        RECENT.with_borrow_mut(|recent| {
            recent.truncate(KNOWN_MAX - 1);
            recent.insert(0, known);
        });
    }

    /// How many bytes and lines it has.
    pub(crate) fn extent(&self) -> (usize, u32) {
        let lines = memchr::memchr_iter(b'\n', &self.bytes).count();
        (self.bytes.len(), u32::try_from(lines).unwrap_or(u32::MAX))
    }
}

fn count(component: &Component<'_>) -> (usize, usize) {
    let inner = component.components().map(count);
    let own = (1, component.properties().count());
    inner.fold(own, |all, inner| (all.0 + inner.0, all.1 + inner.1))
}
