//! A store that knows blobs and nothing else: enough for a runtime.

use bytes::Bytes;
use futures_util::StreamExt;
use std::sync::Arc;
use storage::*;

pub struct Empty;

struct Held(Bytes);

#[async_trait::async_trait]
impl BlobSource for Held {
    async fn read(&self, offset: u64, len: usize) -> Result<Bytes, Error> {
        let start = self.0.len().min(offset as usize);
        let end = self.0.len().min(start + len);
        Ok(self.0.slice(start..end))
    }

    fn stream(self: Arc<Self>, offset: u64, end: u64) -> ByteStream {
        let bytes = self.0.slice(offset as usize..end as usize);
        Box::pin(futures_util::stream::once(async move { Ok(bytes) }))
    }
}

fn nothing<T>() -> Result<T, Error> {
    Err(Error::NotFound)
}

#[async_trait::async_trait]
impl Store for Empty {
    async fn open(&self, _: &Actor, _: &Path) -> Result<Status, Error> {
        nothing()
    }
    async fn status(&self, _: &Actor, _: MailboxId) -> Result<Status, Error> {
        nothing()
    }
    async fn list_mailboxes(
        &self,
        _: &Actor,
        _: &ListScope,
        _: Option<&str>,
        _: Option<&Path>,
        _: u32,
    ) -> Result<Vec<Status>, Error> {
        nothing()
    }
    async fn mailbox_changes(
        &self,
        _: &Actor,
        _: MailboxId,
        _: Modseq,
        _: bool,
        _: u32,
    ) -> Result<Vec<MailboxChange>, Error> {
        nothing()
    }
    async fn list(
        &self,
        _: &Actor,
        _: MailboxId,
        _: Uid,
        _: u32,
        _: Fields,
    ) -> Result<Page, Error> {
        nothing()
    }
    async fn changes(
        &self,
        _: &Actor,
        _: MailboxId,
        _: Modseq,
        _: u32,
        _: Fields,
    ) -> Result<Page, Error> {
        nothing()
    }
    async fn find(
        &self,
        _: &Actor,
        _: MailboxId,
        _: &[String],
    ) -> Result<Vec<Option<Message>>, Error> {
        nothing()
    }
    async fn get(&self, _: &Actor, _: MailboxId, _: &[Uid]) -> Result<Vec<Message>, Error> {
        nothing()
    }
    async fn open_message(&self, _: &Actor, _: MailboxId, _: Uid, _: Part) -> Result<Blob, Error> {
        nothing()
    }
    async fn read(&self, _: &Actor, _: MailboxId, _: &[Uid], _: Part) -> Result<Vec<Bytes>, Error> {
        nothing()
    }
    async fn search(&self, _: &Actor, _: SearchScope, _: &Query) -> Result<Results, Error> {
        nothing()
    }
    async fn mailbox_annotations(
        &self,
        _: &Actor,
        _: MailboxId,
        _: &str,
    ) -> Result<Vec<Annotation>, Error> {
        nothing()
    }
    async fn message_annotations(
        &self,
        _: &Actor,
        _: MailboxId,
        _: &[Uid],
        _: &str,
    ) -> Result<Vec<MessageAnnotation>, Error> {
        nothing()
    }
    async fn grants(&self, _: &Actor, _: MailboxId) -> Result<Vec<Grant>, Error> {
        nothing()
    }
    async fn locks(
        &self,
        _: &Actor,
        _: MailboxId,
        _: Option<&str>,
        _: bool,
    ) -> Result<Vec<Lock>, Error> {
        nothing()
    }
    async fn usage(&self, _: &Actor, _: MailboxId) -> Result<Usage, Error> {
        nothing()
    }
    async fn timers(&self, _: &str, _: &str, _: u32) -> Result<Vec<Timer>, Error> {
        nothing()
    }
    async fn ingest(&self, _: &Actor, mut bytes: ByteStream, max: u64) -> Result<Blob, Error> {
        let mut all = Vec::new();
        while let Some(piece) = bytes.next().await {
            all.extend_from_slice(&piece?);
            if all.len() as u64 > max {
                return Err(Error::TooLarge(max));
            }
        }
        let bytes = Bytes::from(all);
        Ok(Blob {
            size: bytes.len() as u64,
            digest: Digest::default(),
            inline: Some(bytes.clone()),
            source: Arc::new(Held(bytes)),
        })
    }
    async fn keep(&self, _: &Actor, _: &Blob) -> Result<(), Error> {
        nothing()
    }
    async fn open_blob(&self, _: &Actor, _: Digest) -> Result<Blob, Error> {
        nothing()
    }
    async fn commit(&self, _: &Actor, _: Batch) -> Result<Vec<Outcome>, Failure> {
        Ok(Vec::new())
    }
    async fn principal(&self, _: &str) -> Result<Principal, Error> {
        nothing()
    }
    async fn principal_by_address(&self, _: &str) -> Result<Principal, Error> {
        nothing()
    }
    async fn search_principals(
        &self,
        _: &str,
        _: Option<Kind>,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<Principal>, Error> {
        nothing()
    }
    async fn put_principal(&self, _: &Principal) -> Result<(), Error> {
        nothing()
    }
    async fn remove_principal(&self, _: &str) -> Result<(), Error> {
        nothing()
    }
    async fn credentials(&self, _: &str) -> Result<Credentials, Error> {
        nothing()
    }
    async fn set_credentials(&self, _: &str, _: &Credentials) -> Result<(), Error> {
        nothing()
    }
    async fn members(&self, _: &str) -> Result<Vec<String>, Error> {
        nothing()
    }
    async fn set_members(&self, _: &str, _: &[String]) -> Result<(), Error> {
        nothing()
    }
    async fn groups(&self, _: &str) -> Result<Vec<String>, Error> {
        nothing()
    }
    async fn set_quota(&self, _: &str, _: Option<u64>, _: Option<u64>) -> Result<(), Error> {
        nothing()
    }
    async fn expire(&self) -> Result<(), Error> {
        nothing()
    }
    async fn check(&self, _: bool) -> Result<CheckReport, Error> {
        nothing()
    }
    async fn close(&self) {}
}
