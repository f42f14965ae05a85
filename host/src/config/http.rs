//! Options of HTTP itself: what it adds to answers, and allows in requests.

use super::Values;

/// What HTTP may do beyond the plain.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Answers are compressed for clients that like it.
    pub compress: bool,
}

impl HttpOptions {
    pub(super) fn read(values: &Values) -> Self {
        Self {
            compress: values.switch("httpallowcompress"),
        }
    }
}
