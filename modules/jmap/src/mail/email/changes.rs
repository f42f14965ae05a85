//! `Email/changes`. RFC 8621 §4.3.

use super::Emails;
use crate::account::Account;
use crate::call::Result;
use crate::context::Context;
use crate::mail::history::History;
use crate::mail::passed;
use crate::mail::world::World;
use crate::standard::{Change, Changes, Log};
use crate::state::State;
use std::rc::Rc;

impl Changes for Emails {
    fn log(_: &mut Context, account: &Rc<Account>, since: &State) -> Result<Log> {
        let world = World::load(account)?;
        let mut history = History::since(&world, since)?;
        passed::add(&mut history, &world, since)?;
        let changes = history.fates.into_iter().map(|(id, fate)| Change {
            id: id.to_string(),
            modseq: fate.modseq,
            kind: fate.kind,
        });
        Ok(Log {
            changes: changes.collect(),
            ..Log::default()
        })
    }

    fn learn(account: &Account, state: &mut State, _: &[Change]) {
        passed::mark(account, state);
    }
}
