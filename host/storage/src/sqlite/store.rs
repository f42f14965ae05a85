//! The trait, call by call: where each is implemented.

use super::batch::{Body, Prepared, Scene, apply};
use super::queue::{DELIVERIES, SUBMISSIONS};
use super::rights::{access, grants};
use super::{SMALL_MAX, SqliteStore};
use crate::endpoint::{Endpoint, NewEndpoint, Posted, QueuedEndpoint};
use crate::feed::Changed;
use crate::model::*;
use crate::stats::StoreStats;
use crate::store::{Batch, ByteStream, CheckReport, Error, Failure, Store};
use bytes::Bytes;
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::broadcast;

const CHANGES_MAX: usize = 10_000;

impl SqliteStore {
    async fn commit_batch(&self, actor: &Actor, batch: Batch) -> Result<Vec<Outcome>, Failure> {
        let failed = |change: usize, error| Failure {
            change: u32::try_from(change).unwrap_or(u32::MAX),
            error,
        };
        if batch.changes.len() > CHANGES_MAX {
            return Err(failed(CHANGES_MAX, Error::TooMany(CHANGES_MAX as u64)));
        }
        let mut prepared = Prepared {
            tokens: batch.tokens,
            changes: Vec::with_capacity(batch.changes.len()),
        };
        // What was taken in here lives until the batch is committed.
        let mut alive = Vec::new();
        for (number, change) in batch.changes.into_iter().enumerate() {
            let body = match &change {
                Change::Put { put, .. } | Change::PutAsOf { put, .. } => Some(
                    self.body(&put.content, &mut alive)
                        .await
                        .map_err(|error| failed(number, error))?,
                ),
                _ => None,
            };
            prepared.changes.push((change, body));
        }
        let big = prepared.big();
        let mut settled = Vec::new();
        for digest in big {
            let moved = self.bodies.settle(digest).await;
            if moved.map_err(|error| failed(0, error))? {
                settled.push(digest);
            }
        }
        let actor = actor.clone();
        let bytes = prepared.bytes();
        let (limits, bodies, faults) = (
            self.limits.clone(),
            self.bodies.clone(),
            self.faults.clone(),
        );
        let feed = self.feed.clone();
        let work = move |db: &Connection| {
            let scene = Scene {
                actor: &actor,
                limits: &limits,
                bodies: &bodies,
                faults: &faults,
            };
            apply(db, &scene, &prepared)
        };
        let tell = move |(outcomes, changed)| {
            feed.tell(changed);
            outcomes
        };
        let result = self.writer.submit_then(bytes, work, tell).await;
        if result.is_err() && !settled.is_empty() {
            self.disown(settled).await;
        }
        result
    }

    /// Brings a body to where it can be linked.
    async fn body(&self, content: &Content, alive: &mut Vec<Blob>) -> Result<Body, Error> {
        let blob = match content {
            Content::Bytes(bytes) => {
                let size_max = self.limits.message_size_max;
                if bytes.len() as u64 > size_max {
                    return Err(Error::TooLarge(size_max));
                }
                self.take_in_bytes(bytes.clone()).await?
            }
            Content::Blob(blob) => self.content_blob(blob).await?,
        };
        let body = match &blob.inline {
            Some(bytes) => Body::Small(bytes.clone(), blob.digest),
            None => Body::Big(blob.digest, blob.size),
        };
        alive.push(blob);
        Ok(body)
    }

    /// A blob with a digest: parts of messages that are no bodies have none, and are copied.
    async fn content_blob(&self, blob: &Blob) -> Result<Blob, Error> {
        if blob.digest != Digest::default()
            && (blob.inline.is_some() || blob.size > SMALL_MAX as u64)
        {
            return Ok(blob.clone());
        }
        match &blob.inline {
            Some(bytes) => self.take_in_bytes(bytes.clone()).await,
            None => {
                let bytes = blob.source.clone().stream(0, blob.size);
                self.take_in(&Actor::default(), bytes, u64::MAX).await
            }
        }
    }
}

#[async_trait::async_trait]
impl Store for SqliteStore {
    async fn open(&self, actor: &Actor, path: &Path) -> Result<Status, Error> {
        self.read_open(actor, path)
    }

    async fn status(&self, actor: &Actor, mailbox: MailboxId) -> Result<Status, Error> {
        self.read_status_of(actor, mailbox)
    }

    async fn list_mailboxes(
        &self,
        actor: &Actor,
        scope: &ListScope,
        mailbox_type: Option<&str>,
        after: Option<&Path>,
        limit: u32,
    ) -> Result<Vec<Status>, Error> {
        self.read_mailboxes(actor, scope, mailbox_type, after, limit)
    }

    async fn mailbox_changes(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        since: Modseq,
        deep: bool,
        limit: u32,
    ) -> Result<Vec<MailboxChange>, Error> {
        self.read_mailbox_changes(actor, mailbox, since, deep, limit)
    }

    async fn list(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        after: Uid,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error> {
        self.read_list(actor, mailbox, after, limit, fields)
    }

    async fn changes(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        since: Modseq,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error> {
        self.read_changes(actor, mailbox, since, limit, fields)
    }

    async fn find(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        names: &[String],
    ) -> Result<Vec<Option<Message>>, Error> {
        self.read_find(actor, mailbox, names)
    }

    async fn get(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
    ) -> Result<Vec<Message>, Error> {
        self.read_get(actor, mailbox, uids)
    }

    async fn open_message(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uid: Uid,
        part: Part,
    ) -> Result<Blob, Error> {
        self.read_message(actor, mailbox, uid, part).await
    }

    async fn read(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        part: Part,
    ) -> Result<Vec<Bytes>, Error> {
        self.read_bodies(actor, mailbox, uids, part).await
    }

    async fn search(
        &self,
        actor: &Actor,
        scope: SearchScope,
        query: &Query,
    ) -> Result<Results, Error> {
        self.read_search(actor, scope, query).await
    }

    async fn extend_keys(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        reach: i64,
    ) -> Result<(), Error> {
        self.tell_outreached(actor, mailbox, uids, reach)
    }

    async fn mailbox_annotations(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        prefix: &str,
    ) -> Result<Vec<Annotation>, Error> {
        self.read_mailbox_annotations(actor, mailbox, prefix)
    }

    async fn message_annotations(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        prefix: &str,
    ) -> Result<Vec<MessageAnnotation>, Error> {
        self.read_message_annotations(actor, mailbox, uids, prefix)
    }

    async fn grants(&self, actor: &Actor, mailbox: MailboxId) -> Result<Vec<Grant>, Error> {
        self.readers.read(|db| {
            access(db, actor, mailbox, Rights::ADMINISTER)?;
            grants(db, mailbox)
        })
    }

    async fn locks(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        name: Option<&str>,
        below: bool,
    ) -> Result<Vec<Lock>, Error> {
        self.read_locks(actor, mailbox, name, below)
    }

    async fn usage(&self, actor: &Actor, mailbox: MailboxId) -> Result<Usage, Error> {
        self.read_usage(actor, mailbox)
    }

    async fn timers(&self, principal: &str, module: &str, limit: u32) -> Result<Vec<Timer>, Error> {
        self.read_timers(principal, module, limit)
    }

    async fn ingest(&self, actor: &Actor, bytes: ByteStream, size_max: u64) -> Result<Blob, Error> {
        self.take_in(actor, bytes, size_max).await
    }

    async fn keep(&self, actor: &Actor, blob: &Blob) -> Result<(), Error> {
        self.write_kept(actor, blob).await
    }

    async fn open_blob(&self, actor: &Actor, digest: Digest) -> Result<Blob, Error> {
        self.read_blob(actor, digest).await
    }

    async fn commit(&self, actor: &Actor, batch: Batch) -> Result<Vec<Outcome>, Failure> {
        self.commit_batch(actor, batch).await
    }

    async fn principal(&self, id: &str) -> Result<Principal, Error> {
        self.read_principal(id)
    }

    async fn principal_by_address(&self, address: &str) -> Result<Principal, Error> {
        self.read_principal_by_address(address)
    }

    async fn search_principals(
        &self,
        text: &str,
        kind: Option<Kind>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Principal>, Error> {
        self.read_principals(text, kind, after, limit)
    }

    async fn put_principal(&self, principal: &Principal) -> Result<(), Error> {
        self.write_principal(principal).await
    }

    async fn remove_principal(&self, id: &str) -> Result<(), Error> {
        self.erase_principal(id).await
    }

    async fn credentials(&self, id: &str) -> Result<Credentials, Error> {
        self.read_credentials(id)
    }

    async fn set_credentials(&self, id: &str, credentials: &Credentials) -> Result<(), Error> {
        self.write_credentials(id, credentials).await
    }

    async fn members(&self, group: &str) -> Result<Vec<String>, Error> {
        self.read_members(group)
    }

    async fn set_members(&self, group: &str, members: &[String]) -> Result<(), Error> {
        self.write_members(group, members).await
    }

    async fn groups(&self, id: &str) -> Result<Vec<String>, Error> {
        self.read_groups(id)
    }

    async fn set_quota(
        &self,
        owner: &str,
        bytes: Option<u64>,
        messages: Option<u64>,
    ) -> Result<(), Error> {
        self.write_quota(owner, bytes, messages).await
    }

    async fn usages(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Usage)>, Error> {
        self.read_usages(after, limit)
    }

    async fn recount(&self, owner: &str) -> Result<(Usage, Usage), Error> {
        self.count_usage(owner).await
    }

    async fn due_deliveries(&self, now: Instant, limit: u32) -> Result<Vec<QueuedDelivery>, Error> {
        self.read_due_deliveries(now, limit)
    }

    async fn finish_delivery(&self, id: i64, retry: Option<Instant>) -> Result<(), Error> {
        self.settle(&DELIVERIES, id, retry).await
    }

    async fn due_timers(&self, now: Instant, limit: u32) -> Result<Vec<Timer>, Error> {
        self.read_due_timers(now, limit)
    }

    async fn finish_timer(&self, timer: &Timer, retry: Option<Instant>) -> Result<(), Error> {
        self.write_timer(timer, retry).await
    }

    async fn submit(&self, letter: Letter) -> Result<String, Error> {
        self.write_letter(letter).await
    }

    async fn cancel_submission(&self, principal: &str, name: &str) -> Result<bool, Error> {
        self.erase_letter(principal, name).await
    }

    async fn due_submissions(&self, now: Instant, limit: u32) -> Result<Vec<Submission>, Error> {
        self.read_due_submissions(now, limit)
    }

    async fn letter(&self, letter: i64) -> Result<Bytes, Error> {
        self.read_letter(letter)
    }

    async fn finish_submission(&self, id: i64, retry: Option<Instant>) -> Result<(), Error> {
        self.settle(&SUBMISSIONS, id, retry).await
    }

    async fn create_endpoint(&self, new: NewEndpoint) -> Result<(), Error> {
        self.write_endpoint(new).await
    }

    async fn update_endpoint(
        &self,
        principal: &str,
        module: &str,
        endpoint: &Endpoint,
    ) -> Result<(), Error> {
        self.rewrite_endpoint(principal, module, endpoint).await
    }

    async fn remove_endpoint(
        &self,
        principal: &str,
        module: &str,
        name: &str,
    ) -> Result<bool, Error> {
        self.erase_endpoint(principal, module, name).await
    }

    async fn endpoints(&self, principal: &str, module: &str) -> Result<Vec<Endpoint>, Error> {
        self.read_endpoints(principal, module)
    }

    async fn endpoints_behind(
        &self,
        owners: Option<&[String]>,
    ) -> Result<Vec<(i64, Instant)>, Error> {
        self.read_endpoints_behind(owners)
    }

    async fn endpoint(&self, id: i64) -> Result<QueuedEndpoint, Error> {
        self.read_endpoint(id)
    }

    async fn finish_endpoint(&self, id: i64, posted: Posted) -> Result<(), Error> {
        self.write_posted(id, posted).await
    }

    async fn retain_endpoints(&self, server_key: Bytes) -> Result<(), Error> {
        self.erase_endpoints_of_others(server_key).await
    }

    async fn unindexed(
        &self,
        wanted: &Wanted,
        after: (MailboxId, Uid),
        limit: u32,
    ) -> Result<Vec<Unindexed>, Error> {
        self.read_unindexed(wanted, after, limit)
    }

    async fn read_to_index(
        &self,
        mailbox: MailboxId,
        uid: Uid,
        len_max: usize,
    ) -> Result<Bytes, Error> {
        self.read_beginning(mailbox, uid, len_max).await
    }

    async fn set_indexed(&self, made: Vec<Indexed>) -> Result<(), Error> {
        self.write_indexed(made).await
    }

    async fn all_indexed(&self, mailbox_type: &str, keys_version: u32) -> Result<(), Error> {
        self.write_done(mailbox_type, keys_version).await
    }

    fn feed(&self) -> broadcast::Receiver<Arc<Changed>> {
        self.feed.listen()
    }

    async fn expire(&self) -> Result<(), Error> {
        self.expire_all().await
    }

    async fn check(&self, repair: bool) -> Result<CheckReport, Error> {
        self.check_all(repair).await
    }

    fn stats(&self) -> StoreStats {
        self.count()
    }

    async fn close(&self) {
        self.shut();
    }
}

impl AsRef<Error> for Error {
    fn as_ref(&self) -> &Error {
        self
    }
}

impl AsRef<Error> for Failure {
    fn as_ref(&self) -> &Error {
        &self.error
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { change: 0, error }
    }
}
