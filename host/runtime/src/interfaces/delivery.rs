//! `wit/delivery.wit`: handing a message to another principal. What is delivered goes through a
//! batch into the store's queue.
//!
//! # Not supported
//!
//! Waiting for results and asking questions: nothing takes deliveries out of the queue yet.

use super::Error;
use crate::bindings::chapar::host::{delivery as wit, types};
use crate::state::State;

/// Most recipients of one question.
const RECIPIENTS_MAX: usize = 200;

impl wit::Host for State {
    async fn results(&mut self, _wait_ms: u32) -> Result<Vec<wit::Report>, Error> {
        self.unsupported("the results of deliveries can't be waited for yet")
    }

    async fn ask(
        &mut self,
        recipients: Vec<String>,
        _question: Vec<u8>,
        _wait_ms: u32,
    ) -> Result<Vec<wit::Report>, Error> {
        if recipients.len() > RECIPIENTS_MAX {
            return Err(types::Error::TooMany(RECIPIENTS_MAX as u64).into());
        }
        self.unsupported("principals can't be asked yet")
    }
}

impl State {
    fn unsupported(&self, what: &str) -> Result<Vec<wit::Report>, Error> {
        let module = &self.serving()?.module;
        let reason = if module.receives {
            what.to_owned()
        } else {
            format!("module {} exports no receiver", module.name)
        };
        Err(types::Error::Unsupported(reason).into())
    }
}
