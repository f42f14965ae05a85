//! The VTIMEZONEs that were read last: the objects of a calendar have the same one each, which is
//! half of their lines.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use crate::component::Component;
use crate::zone::Zone;

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
    /// What it describes, once somebody has asked.
    zone: Rc<OnceCell<Option<Zone>>>,
    /// How many lines, components and properties it has, itself included.
    pub(crate) lines: u32,
    pub(crate) components: usize,
    pub(crate) properties: usize,
}

impl Known {
    /// What some bytes begin with.
    pub(crate) fn find(bytes: &[u8]) -> Option<Self> {
        RECENT.with_borrow_mut(|recent| {
            let is_it = |known: &Known| match bytes.split_at_checked(known.bytes.len()) {
                // What begins with white space goes on with the last line.
                Some((begin, [next, ..])) => {
                    !next.is_ascii_whitespace() && is_same(begin, &known.bytes)
                }
                Some((_, [])) | None => false,
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
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        let known = Self {
            lines: u32::try_from(lines).unwrap_or(u32::MAX),
            bytes: bytes.into(),
            component: Rc::new(component.clone().into_owned()),
            zone: Rc::default(),
            components,
            properties,
        };
        RECENT.with_borrow_mut(|recent| {
            recent.truncate(KNOWN_MAX - 1);
            recent.insert(0, known);
        });
    }

    /// The zone that a component describes: found out once, if it is one of those remembered.
    pub(crate) fn zone(
        component: &Component<'_>,
        read: impl FnOnce() -> Option<Zone>,
    ) -> Option<Zone> {
        let asked = std::ptr::from_ref(component).cast::<()>();
        let known = RECENT.with_borrow(|recent| {
            let is_it = |known: &&Self| Rc::as_ptr(&known.component).cast::<()>() == asked;
            recent.iter().find(is_it).map(|known| known.zone.clone())
        });
        match known {
            Some(zone) => zone.get_or_init(read).clone(),
            None => read(),
        }
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len()
    }
}

/// Whether two texts of the same length are the same: by 16 bytes at once, where the comparison of
/// slices in wasm goes byte by byte.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let (ones, one) = one.as_chunks::<16>();
    let (others, other) = other.as_chunks::<16>();
    let mut pairs = ones.iter().zip(others);
    one == other
        && pairs.all(|(one, other)| u128::from_ne_bytes(*one) == u128::from_ne_bytes(*other))
}

fn count(component: &Component<'_>) -> (usize, usize) {
    let inner = component.components().map(count);
    let own = (1, component.properties().count());
    inner.fold(own, |all, inner| (all.0 + inner.0, all.1 + inner.1))
}
