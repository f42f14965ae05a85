//! Durable timers of the principal: `wit/timer.wit`. They are set through a batch.

use crate::{Instant, Result};

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Its name, unique for this principal and module.
    pub name: String,
    /// When it is due.
    pub due: Instant,
    /// What was given with it.
    pub token: Vec<u8>,
}

impl Timer {
    /// Lists the timers of this principal and module, by due time; at most 1000.
    pub fn list(limit: u32) -> Result<Vec<Self>> {
        crate::backend::timer::list(limit)
    }
}
