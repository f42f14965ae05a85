//! Threads. RFC 8621 §3.
//!
//! A Thread is a hash of the message id that the Emails in it go back to, and of their subject without
//! what replying adds: what RFC 8621 §3 suggests, but for an Email that names only the one that it
//! answers, where that one answers another. In return a Thread is known from an Email alone, and is
//! the same for ever, whichever Emails come and go.

use super::passed;
use super::world::World;
use crate::account::Account;
use crate::call::Result;
use crate::context::Context;
use crate::error::MethodError;
use crate::id::{EmailId, ThreadId, first_bits};
use crate::json::{object, strings};
use crate::standard::{Change, Changes, DataType, Get, Kind, Listed, Log, Properties};
use crate::state::State;
use mail::{Header, Limits, base_subject};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The Thread of the message with this header section.
pub fn thread_of(header: &[u8]) -> ThreadId {
    let fields = Header::parse(header, &Limits::default());
    let ids = |name: &str| fields.last(name).and_then(|field| field.message_ids());
    let first = ["References", "In-Reply-To", "Message-ID"]
        .into_iter()
        .find_map(|name| ids(name)?.into_iter().next());
    let mut hash = Sha256::new();
    match first {
        Some(id) => {
            let subject = fields.last("Subject").map(|field| field.text());
            let subject = base_subject(&subject.unwrap_or_default()).to_lowercase();
            hash.update(id.as_bytes());
            hash.update([0]);
            hash.update(subject.split_whitespace().collect::<String>().as_bytes());
        }
        // It belongs to nothing else.
        None => hash.update(header),
    }
    ThreadId(first_bits(hash))
}

/// The data type.
pub struct Threads;

impl DataType for Threads {
    const NAME: &'static str = "Thread";

    fn state(_: &mut Context, account: &Rc<Account>) -> Result<String> {
        Ok(State::of(account)?.write())
    }
}

impl Get for Threads {
    type Extra = ();

    const PROPERTIES: &'static [&'static str] = &["id", "emailIds"];

    fn load(
        _: &mut Context,
        account: &Rc<Account>,
        ids: Option<Vec<String>>,
        properties: &Properties,
        (): (),
        limit: usize,
    ) -> Result<Listed> {
        let world = World::load(account)?;
        let ids = match ids {
            Some(ids) => ids,
            None => {
                let rows = world.shelves().iter().flat_map(|shelf| shelf.table.rows());
                let mut threads: Vec<ThreadId> = rows.map(|row| row.thread).collect();
                threads.sort_unstable();
                threads.dedup();
                if threads.len() > limit {
                    return Err(MethodError::new("requestTooLarge"));
                }
                threads.iter().map(ThreadId::to_string).collect()
            }
        };
        let wanted: Vec<ThreadId> = ids.iter().filter_map(|id| ThreadId::parse(id)).collect();
        let mut threads = world.threads(&wanted);
        let mut listed = Listed::default();
        for id in ids {
            match ThreadId::parse(&id).and_then(|thread| threads.remove(&thread)) {
                None => listed.not_found.push(id),
                Some(emails) => {
                    let emails = emails.iter().map(EmailId::to_string);
                    let object = object! { "id": id, "emailIds": strings(emails) };
                    listed.list.push(properties.keep(object));
                }
            }
        }
        Ok(listed)
    }
}

impl Changes for Threads {
    fn log(_: &mut Context, account: &Rc<Account>, since: &State) -> Result<Log> {
        let world = World::load(account)?;
        let mut history = super::history::History::since(&world, since)?;
        passed::add(&mut history, &world, since)?;
        let mut touched: BTreeMap<ThreadId, (u64, bool)> = BTreeMap::new();
        for fate in history.fates.values() {
            // Only which Emails there are is a Thread's matter.
            if fate.kind == Kind::Updated {
                continue;
            }
            // Of one that is gone and left no name, it is not known what it was in.
            let thread = fate
                .thread
                .ok_or_else(|| MethodError::new("cannotCalculateChanges"))?;
            let entry = touched.entry(thread).or_default();
            entry.0 = entry.0.max(fate.modseq);
            entry.1 |= fate.kind == Kind::Destroyed && fate.existed;
        }
        let wanted: Vec<ThreadId> = touched.keys().copied().collect();
        let now = world.threads(&wanted);
        let mut log = Log::default();
        for (thread, (modseq, lost)) in touched {
            let emails = now.get(&thread);
            let had_others = emails.into_iter().flatten().any(|id| {
                let fate = history.fates.get(id);
                fate.is_none_or(|fate| fate.kind == Kind::Updated)
            });
            let kind = match (emails, had_others || lost) {
                (None, _) => Kind::Destroyed,
                (Some(_), true) => Kind::Updated,
                (Some(_), false) => Kind::Created,
            };
            log.changes.push(Change {
                id: thread.to_string(),
                modseq,
                kind,
            });
        }
        Ok(log)
    }

    fn learn(account: &Account, state: &mut State, _: &[Change]) {
        passed::mark(account, state);
    }
}
