//! `chapar check`.

use super::SqliteStore;
use crate::store::{CheckReport, Error};

impl SqliteStore {
    pub(super) async fn check_all(&self, repair: bool) -> Result<CheckReport, Error> {
        let _ = repair;
        Ok(CheckReport::default())
    }
}
