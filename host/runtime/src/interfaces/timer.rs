//! `wit/timer.wit`: durable timers of the principal.

use super::Error;
use crate::bindings::chapar::host::timer as wit;
use crate::bindings::chapar::host::types;
use crate::state::State;

/// Most timers that one call lists.
const LIST_MAX: u32 = 1000;

impl wit::Host for State {
    async fn list(&mut self, limit: u32) -> Result<Vec<wit::Timer>, Error> {
        let serving = self.serving()?;
        if limit > LIST_MAX {
            return Err(types::Error::TooMany(LIST_MAX.into()).into());
        }
        let Some(principal) = serving.actor().principal.as_deref() else {
            return Ok(Vec::new());
        };
        let timers = serving
            .store()
            .timers(principal, &serving.module.name, limit)
            .await?;
        Ok(timers
            .into_iter()
            .map(|timer| wit::Timer {
                name: timer.name,
                due: timer.due,
                token: timer.token.into(),
            })
            .collect())
    }
}
