//! Any engine, with errors and delays in front of it.

use crate::endpoint::{Endpoint, NewEndpoint, Posted, QueuedEndpoint};
use crate::feed::Changed;
use crate::model::*;
use crate::stats::StoreStats;
use crate::store::{Batch, ByteStream, CheckReport, Error, Failure, Store};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;

/// A store that fails now and then, and may be slow. What fails did not happen, except that a
/// commit may also have happened when its answer is lost, as with a broken connection.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    /// Of a thousand calls, so many fail.
    fail_per_mille: u64,
    delay: Duration,
    seed: AtomicU64,
}

impl FaultyStore {
    /// Stands before an engine; the same seed gives the same faults to the same calls.
    pub fn new(
        inner: Arc<dyn Store>,
        seed: u64,
        fail_per_mille: u64,
        delay: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            inner,
            fail_per_mille,
            delay,
            seed: AtomicU64::new(seed),
        })
    }

    /// Whether this call fails, and a bit to choose how.
    async fn draw(&self) -> (bool, bool) {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        // SplitMix64: each call moves the seed by the golden ratio.
        let mut z = self
            .seed
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 1) % 1000 < self.fail_per_mille, z & 1 == 1)
    }

    async fn fault(&self) -> Result<(), Error> {
        match self.draw().await {
            (true, _) => Err(fault()),
            (false, _) => Ok(()),
        }
    }
}

fn fault() -> Error {
    Error::Unavailable("a fault on purpose".into())
}

#[async_trait::async_trait]
impl Store for FaultyStore {
    async fn open(&self, actor: &Actor, path: &Path) -> Result<Status, Error> {
        self.fault().await?;
        self.inner.open(actor, path).await
    }

    async fn status(&self, actor: &Actor, mailbox: MailboxId) -> Result<Status, Error> {
        self.fault().await?;
        self.inner.status(actor, mailbox).await
    }

    async fn list_mailboxes(
        &self,
        actor: &Actor,
        scope: &ListScope,
        mailbox_type: Option<&str>,
        after: Option<&Path>,
        limit: u32,
    ) -> Result<Vec<Status>, Error> {
        self.fault().await?;
        self.inner
            .list_mailboxes(actor, scope, mailbox_type, after, limit)
            .await
    }

    async fn mailbox_changes(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        since: Modseq,
        deep: bool,
        limit: u32,
    ) -> Result<Vec<MailboxChange>, Error> {
        self.fault().await?;
        self.inner
            .mailbox_changes(actor, mailbox, since, deep, limit)
            .await
    }

    async fn list(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        after: Uid,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error> {
        self.fault().await?;
        self.inner.list(actor, mailbox, after, limit, fields).await
    }

    async fn changes(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        since: Modseq,
        limit: u32,
        fields: Fields,
    ) -> Result<Page, Error> {
        self.fault().await?;
        self.inner
            .changes(actor, mailbox, since, limit, fields)
            .await
    }

    async fn find(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        names: &[String],
    ) -> Result<Vec<Option<Message>>, Error> {
        self.fault().await?;
        self.inner.find(actor, mailbox, names).await
    }

    async fn get(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
    ) -> Result<Vec<Message>, Error> {
        self.fault().await?;
        self.inner.get(actor, mailbox, uids).await
    }

    async fn open_message(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uid: Uid,
        part: Part,
    ) -> Result<Blob, Error> {
        self.fault().await?;
        self.inner.open_message(actor, mailbox, uid, part).await
    }

    async fn read(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        part: Part,
    ) -> Result<Vec<Bytes>, Error> {
        self.fault().await?;
        self.inner.read(actor, mailbox, uids, part).await
    }

    async fn search(
        &self,
        actor: &Actor,
        scope: SearchScope,
        query: &Query,
    ) -> Result<Results, Error> {
        self.fault().await?;
        self.inner.search(actor, scope, query).await
    }

    async fn extend_keys(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        reach: i64,
    ) -> Result<(), Error> {
        self.fault().await?;
        self.inner.extend_keys(actor, mailbox, uids, reach).await
    }

    async fn mailbox_annotations(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        prefix: &str,
    ) -> Result<Vec<Annotation>, Error> {
        self.fault().await?;
        self.inner.mailbox_annotations(actor, mailbox, prefix).await
    }

    async fn message_annotations(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        uids: &[Uid],
        prefix: &str,
    ) -> Result<Vec<MessageAnnotation>, Error> {
        self.fault().await?;
        self.inner
            .message_annotations(actor, mailbox, uids, prefix)
            .await
    }

    async fn grants(&self, actor: &Actor, mailbox: MailboxId) -> Result<Vec<Grant>, Error> {
        self.fault().await?;
        self.inner.grants(actor, mailbox).await
    }

    async fn locks(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        name: Option<&str>,
        below: bool,
    ) -> Result<Vec<Lock>, Error> {
        self.fault().await?;
        self.inner.locks(actor, mailbox, name, below).await
    }

    async fn usage(&self, actor: &Actor, mailbox: MailboxId) -> Result<Usage, Error> {
        self.fault().await?;
        self.inner.usage(actor, mailbox).await
    }

    async fn timers(&self, principal: &str, module: &str, limit: u32) -> Result<Vec<Timer>, Error> {
        self.fault().await?;
        self.inner.timers(principal, module, limit).await
    }

    async fn ingest(&self, actor: &Actor, bytes: ByteStream, size_max: u64) -> Result<Blob, Error> {
        self.fault().await?;
        self.inner.ingest(actor, bytes, size_max).await
    }

    async fn keep(&self, actor: &Actor, blob: &Blob) -> Result<(), Error> {
        self.fault().await?;
        self.inner.keep(actor, blob).await
    }

    async fn open_blob(&self, actor: &Actor, digest: Digest) -> Result<Blob, Error> {
        self.fault().await?;
        self.inner.open_blob(actor, digest).await
    }

    async fn commit(&self, actor: &Actor, batch: Batch) -> Result<Vec<Outcome>, Failure> {
        match self.draw().await {
            (false, _) => self.inner.commit(actor, batch).await,
            (true, true) => Err(fault().into()),
            (true, false) => {
                self.inner.commit(actor, batch).await?;
                Err(fault().into())
            }
        }
    }

    async fn principal(&self, id: &str) -> Result<Principal, Error> {
        self.fault().await?;
        self.inner.principal(id).await
    }

    async fn principal_by_address(&self, address: &str) -> Result<Principal, Error> {
        self.fault().await?;
        self.inner.principal_by_address(address).await
    }

    async fn search_principals(
        &self,
        text: &str,
        kind: Option<Kind>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Principal>, Error> {
        self.fault().await?;
        self.inner.search_principals(text, kind, after, limit).await
    }

    async fn put_principal(&self, principal: &Principal) -> Result<(), Error> {
        self.fault().await?;
        self.inner.put_principal(principal).await
    }

    async fn remove_principal(&self, id: &str) -> Result<(), Error> {
        self.fault().await?;
        self.inner.remove_principal(id).await
    }

    async fn credentials(&self, id: &str) -> Result<Credentials, Error> {
        self.fault().await?;
        self.inner.credentials(id).await
    }

    async fn set_credentials(&self, id: &str, credentials: &Credentials) -> Result<(), Error> {
        self.fault().await?;
        self.inner.set_credentials(id, credentials).await
    }

    async fn members(&self, group: &str) -> Result<Vec<String>, Error> {
        self.fault().await?;
        self.inner.members(group).await
    }

    async fn set_members(&self, group: &str, members: &[String]) -> Result<(), Error> {
        self.fault().await?;
        self.inner.set_members(group, members).await
    }

    async fn groups(&self, id: &str) -> Result<Vec<String>, Error> {
        self.fault().await?;
        self.inner.groups(id).await
    }

    async fn set_quota(
        &self,
        owner: &str,
        bytes: Option<u64>,
        messages: Option<u64>,
    ) -> Result<(), Error> {
        self.fault().await?;
        self.inner.set_quota(owner, bytes, messages).await
    }

    async fn usages(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Usage)>, Error> {
        self.fault().await?;
        self.inner.usages(after, limit).await
    }

    async fn recount(&self, owner: &str) -> Result<(Usage, Usage), Error> {
        self.fault().await?;
        self.inner.recount(owner).await
    }

    async fn due_deliveries(&self, now: Instant, limit: u32) -> Result<Vec<QueuedDelivery>, Error> {
        self.fault().await?;
        self.inner.due_deliveries(now, limit).await
    }

    async fn finish_delivery(&self, id: i64, retry: Option<Instant>) -> Result<(), Error> {
        self.fault().await?;
        self.inner.finish_delivery(id, retry).await
    }

    async fn due_timers(&self, now: Instant, limit: u32) -> Result<Vec<Timer>, Error> {
        self.fault().await?;
        self.inner.due_timers(now, limit).await
    }

    async fn finish_timer(&self, timer: &Timer, retry: Option<Instant>) -> Result<(), Error> {
        self.fault().await?;
        self.inner.finish_timer(timer, retry).await
    }

    async fn submit(&self, letter: Letter) -> Result<String, Error> {
        self.fault().await?;
        self.inner.submit(letter).await
    }

    async fn cancel_submission(&self, principal: &str, name: &str) -> Result<bool, Error> {
        self.fault().await?;
        self.inner.cancel_submission(principal, name).await
    }

    async fn due_submissions(&self, now: Instant, limit: u32) -> Result<Vec<Submission>, Error> {
        self.fault().await?;
        self.inner.due_submissions(now, limit).await
    }

    async fn letter(&self, letter: i64) -> Result<Bytes, Error> {
        self.fault().await?;
        self.inner.letter(letter).await
    }

    async fn finish_submission(&self, id: i64, retry: Option<Instant>) -> Result<(), Error> {
        self.fault().await?;
        self.inner.finish_submission(id, retry).await
    }

    async fn create_endpoint(&self, new: NewEndpoint) -> Result<(), Error> {
        self.fault().await?;
        self.inner.create_endpoint(new).await
    }

    async fn update_endpoint(
        &self,
        principal: &str,
        module: &str,
        endpoint: &Endpoint,
    ) -> Result<(), Error> {
        self.fault().await?;
        self.inner
            .update_endpoint(principal, module, endpoint)
            .await
    }

    async fn remove_endpoint(
        &self,
        principal: &str,
        module: &str,
        name: &str,
    ) -> Result<bool, Error> {
        self.fault().await?;
        self.inner.remove_endpoint(principal, module, name).await
    }

    async fn endpoints(&self, principal: &str, module: &str) -> Result<Vec<Endpoint>, Error> {
        self.fault().await?;
        self.inner.endpoints(principal, module).await
    }

    async fn endpoints_behind(
        &self,
        owners: Option<&[String]>,
    ) -> Result<Vec<(i64, Instant)>, Error> {
        self.fault().await?;
        self.inner.endpoints_behind(owners).await
    }

    async fn endpoint(&self, id: i64) -> Result<QueuedEndpoint, Error> {
        self.fault().await?;
        self.inner.endpoint(id).await
    }

    async fn finish_endpoint(&self, id: i64, posted: Posted) -> Result<(), Error> {
        self.fault().await?;
        self.inner.finish_endpoint(id, posted).await
    }

    async fn retain_endpoints(&self, server_key: Bytes) -> Result<(), Error> {
        self.fault().await?;
        self.inner.retain_endpoints(server_key).await
    }

    async fn unindexed(
        &self,
        wanted: &Wanted,
        after: (MailboxId, Uid),
        limit: u32,
    ) -> Result<Vec<Unindexed>, Error> {
        self.fault().await?;
        self.inner.unindexed(wanted, after, limit).await
    }

    async fn read_to_index(
        &self,
        mailbox: MailboxId,
        uid: Uid,
        len_max: usize,
    ) -> Result<Bytes, Error> {
        self.fault().await?;
        self.inner.read_to_index(mailbox, uid, len_max).await
    }

    async fn set_indexed(&self, made: Vec<Indexed>) -> Result<(), Error> {
        self.fault().await?;
        self.inner.set_indexed(made).await
    }

    async fn all_indexed(&self, mailbox_type: &str, keys_version: u32) -> Result<(), Error> {
        self.fault().await?;
        self.inner.all_indexed(mailbox_type, keys_version).await
    }

    fn feed(&self) -> broadcast::Receiver<Arc<Changed>> {
        self.inner.feed()
    }

    async fn expire(&self) -> Result<(), Error> {
        self.fault().await?;
        self.inner.expire().await
    }

    async fn check(&self, repair: bool) -> Result<CheckReport, Error> {
        self.fault().await?;
        self.inner.check(repair).await
    }

    fn stats(&self) -> StoreStats {
        self.inner.stats()
    }

    async fn close(&self) {
        self.inner.close().await
    }
}
