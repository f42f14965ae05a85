//! One pass over what is to be indexed of one type.

use crate::metrics::Indexed as Counts;
use futures_util::{StreamExt, stream};
use runtime::{HandleError, Runtime, Tenant};
use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use storage::{Error, Indexed, MailboxId, Store, Uid, Unindexed, Wanted};

/// Messages that are written together.
const PAGE: u32 = 64;
/// Instances of a tenant that index at once.
const AT_ONCE: usize = 4;
/// Messages of one owner that an instance indexes.
const TOGETHER: usize = 16;
/// Bytes of them, unless one alone has more.
const TOGETHER_BYTES: usize = 1 << 20;
/// What a module gets of a message: more would need more memory than it may have.
const MESSAGE_LEN_MAX: usize = 16 << 20;
/// How often it is tried to have a message indexed.
const ATTEMPTS: u32 = 3;
/// How long a message waits that could not be.
const RETRY: Duration = Duration::from_secs(2);

/// What a pass has left over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// Something, to be tried after so long.
    After(Duration),
}

impl Rest {
    pub fn or_sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, rest) | (rest, Self::Nothing) => rest,
            (Self::After(one), Self::After(other)) => Self::After(one.min(other)),
        }
    }
}

/// A pass.
pub struct Pass<'a> {
    pub runtime: &'a Runtime,
    pub counts: &'a Counts,
    pub tenant: &'a Tenant,
    pub store: &'a dyn Store,
    pub module: String,
    pub wanted: Wanted,
    /// How far keys are to reach that are made because somebody has looked so far.
    pub reach: Option<i64>,
    /// How often messages could not be indexed.
    pub failed: &'a mut HashMap<(MailboxId, Uid), u32>,
}

/// What has become of a page.
struct Done {
    made: Vec<Indexed>,
    /// What is left without keys.
    given_up: Vec<Indexed>,
    rest: Rest,
}

/// What becomes of a message.
enum Fate {
    Made(Indexed),
    /// It is there no more.
    Gone,
    /// The module can't be asked now.
    Later(Duration),
    /// The module has failed.
    Failed(String),
}

impl Pass<'_> {
    /// Goes through all that is wanted once.
    pub async fn run(&mut self) -> Result<Rest, Error> {
        let mut rest = Rest::Nothing;
        let mut after = (0, 0);
        loop {
            let page = self.store.unindexed(&self.wanted, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = (last.mailbox, last.uid);
            let is_last = page.len() < PAGE as usize;
            let done = self.page(page).await;
            rest = rest.or_sooner(done.rest);
            let (made, given_up) = (done.made.len(), done.given_up.len());
            if made + given_up > 0 {
                self.store
                    .set_indexed([done.made, done.given_up].concat())
                    .await?;
                // What is counted is found by its keys.
                self.counts.indexed.fetch_add(made as u64, Relaxed);
                self.counts.failed.fetch_add(given_up as u64, Relaxed);
            }
            if let Rest::After(wait) = done.rest
                && wait > RETRY
            {
                // Nobody else would fare better now.
                return Ok(rest);
            }
            if is_last {
                break;
            }
        }
        if rest == Rest::Nothing && self.wanted.mailbox.is_none() {
            let (mailbox_type, version) = (&self.wanted.mailbox_type, self.wanted.keys_version);
            self.store.all_indexed(mailbox_type, version).await?;
        }
        Ok(rest)
    }

    async fn page(&mut self, page: Vec<Unindexed>) -> Done {
        let same_owner = |one: &Unindexed, next: &Unindexed| one.owner == next.owner;
        let mut groups: Vec<Vec<Unindexed>> = Vec::new();
        for of_owner in page.chunk_by(same_owner) {
            groups.extend(of_owner.chunks(TOGETHER).map(<[Unindexed]>::to_vec));
        }
        let fates: Vec<Vec<(MailboxId, Uid, Fate)>> = stream::iter(groups)
            .map(|group| self.group(group))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut done = Done {
            made: Vec::new(),
            given_up: Vec::new(),
            rest: Rest::Nothing,
        };
        for (mailbox, uid, fate) in fates.into_iter().flatten() {
            match fate {
                Fate::Made(indexed) => done.made.push(indexed),
                Fate::Gone => {}
                Fate::Later(wait) => done.rest = done.rest.or_sooner(Rest::After(wait)),
                // It has keys, which are as good as they were.
                Fate::Failed(_) if self.reach.is_some() => {}
                Fate::Failed(reason) => match self.give_up(mailbox, uid, &reason) {
                    Some(without) => done.given_up.push(without),
                    None => done.rest = done.rest.or_sooner(Rest::After(RETRY)),
                },
            }
        }
        done
    }

    /// Has messages of one owner indexed, one after the other.
    async fn group(&self, group: Vec<Unindexed>) -> Vec<(MailboxId, Uid, Fate)> {
        let mut fates = Vec::with_capacity(group.len());
        let mut rest = group.as_slice();
        while let Some(first) = rest.first() {
            let (mut messages, mut bytes) = (Vec::new(), 0);
            let mut fate = None;
            for message in rest {
                match self.read(message).await {
                    Ok(read) => {
                        bytes += read.message.len();
                        if bytes > TOGETHER_BYTES && !messages.is_empty() {
                            break;
                        }
                        messages.push(read);
                    }
                    Err(why) => {
                        fate = messages.is_empty().then_some(why);
                        break;
                    }
                }
            }
            let fate = match fate {
                Some(fate) => fate,
                None => match self.keys(messages).await {
                    Ok(made) if !made.keys.is_empty() => {
                        let (done, others) = rest.split_at(made.keys.len().min(rest.len()));
                        for (message, keys) in done.iter().zip(made.keys) {
                            let indexed = Indexed {
                                mailbox: message.mailbox,
                                uid: message.uid,
                                keys,
                                keys_version: made.version.max(1),
                            };
                            fates.push((message.mailbox, message.uid, Fate::Made(indexed)));
                        }
                        rest = others;
                        continue;
                    }
                    Ok(_) => Fate::Later(RETRY),
                    Err(fate) => fate,
                },
            };
            fates.push((first.mailbox, first.uid, fate));
            rest = rest.get(1..).unwrap_or_default();
        }
        fates
    }

    async fn read(&self, message: &Unindexed) -> Result<runtime::Unindexed, Fate> {
        let (mailbox, uid) = (message.mailbox, message.uid);
        let bytes = self.store.read_to_index(mailbox, uid, MESSAGE_LEN_MAX);
        match bytes.await {
            Ok(bytes) => Ok(runtime::Unindexed {
                mailbox_type: self.wanted.mailbox_type.clone(),
                content_type: message.content_type.clone(),
                created: message.created,
                reach: self.reach,
                message: bytes,
            }),
            Err(Error::NotFound) => Err(Fate::Gone),
            Err(error) => {
                let tenant = &self.tenant.name;
                tracing::warn!(%tenant, mailbox, uid, "can't read what is to be indexed: {error}");
                Err(Fate::Later(RETRY))
            }
        }
    }

    /// The keys of messages, or what becomes of the first.
    async fn keys(&self, messages: Vec<runtime::Unindexed>) -> Result<runtime::Made, Fate> {
        let keys = self.runtime.keys(&self.module, self.tenant, messages);
        match keys.await {
            Ok(made) => made.ok_or(Fate::Later(RETRY)),
            Err(error) => Err(match error {
                HandleError::Trapped { .. }
                | HandleError::Deadline { .. }
                | HandleError::Memory { .. } => Fate::Failed(error.to_string()),
                HandleError::Busy { .. } => Fate::Later(RETRY),
                HandleError::OverRate { wait, .. }
                | HandleError::OverCpu { wait, .. }
                | HandleError::BackedOff { wait, .. } => Fate::Later(wait),
            }),
        }
    }

    /// A message that can't be indexed is not tried for ever: it stays where it is, is found by no
    /// key, and is tried again with the next version of the rule.
    fn give_up(&mut self, mailbox: MailboxId, uid: Uid, reason: &str) -> Option<Indexed> {
        let attempts = self.failed.entry((mailbox, uid)).or_default();
        *attempts += 1;
        if *attempts < ATTEMPTS {
            return None;
        }
        self.failed.remove(&(mailbox, uid));
        let (tenant, module) = (&self.tenant.name, &self.module);
        tracing::error!(%tenant, %module, mailbox, uid, "a message can't be indexed: {reason}");
        Some(Indexed {
            mailbox,
            uid,
            keys: Vec::new(),
            keys_version: self.wanted.keys_version,
        })
    }
}
