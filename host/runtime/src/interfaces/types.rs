//! `wit/types.wit`: values that the other interfaces share.

use super::error::Error;
use crate::bindings::chapar::host::types;
use crate::state::State;
use storage::Digest;

impl types::Host for State {
    fn convert_error(&mut self, error: Error) -> wasmtime::Result<types::Error> {
        error.split()
    }
}

impl From<Digest> for types::Digest {
    fn from(digest: Digest) -> Self {
        let mut words = digest.0.chunks_exact(8).map(|word| {
            word.iter()
                .fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte))
        });
        let mut next = || words.next().unwrap_or_default();
        Self {
            a: next(),
            b: next(),
            c: next(),
            d: next(),
        }
    }
}

impl From<types::Digest> for Digest {
    fn from(digest: types::Digest) -> Self {
        let words = [digest.a, digest.b, digest.c, digest.d];
        let mut bytes = [0; 32];
        for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
            to.copy_from_slice(&word.to_be_bytes());
        }
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_survives_the_border() {
        let mut bytes = [0; 32];
        for (value, byte) in (0u8..).zip(bytes.iter_mut()) {
            *byte = value;
        }
        let words = types::Digest::from(Digest(bytes));
        assert_eq!(words.a, 0x0001_0203_0405_0607);
        assert_eq!(Digest::from(words), Digest(bytes));
    }
}
