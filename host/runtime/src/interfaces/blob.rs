//! `wit/blob.wit`: big bytes that need not enter a module.

use super::{Body, Error};
use crate::bindings::chapar::host::{blob as wit, types};
use crate::state::State;
use bytes::Bytes;
use wasmtime::component::Resource;

/// Most bytes that one read returns.
const READ_MAX: u32 = 8 << 20;

/// A blob that the module holds.
pub struct Blob(pub(crate) storage::Blob);

impl wit::Host for State {
    async fn ingest(
        &mut self,
        body: Resource<Body>,
        size_max: Option<u64>,
    ) -> Result<Resource<Blob>, Error> {
        let body = self.handles.take(&body)?;
        self.take_in(body.into_stream(), size_max.unwrap_or(u64::MAX))
            .await
    }

    async fn create(&mut self, bytes: Vec<u8>) -> Result<Resource<Blob>, Error> {
        let bytes = Bytes::from(bytes);
        let stream = Box::pin(futures_util::stream::once(async move { Ok(bytes) }));
        self.take_in(stream, u64::MAX).await
    }

    async fn open(&mut self, digest: types::Digest) -> Result<Resource<Blob>, Error> {
        let serving = self.serving()?;
        let blob = serving
            .store()
            .open_blob(serving.actor(), digest.into())
            .await?;
        Ok(self.handles.push(Blob(blob))?)
    }
}

impl wit::HostBlob for State {
    fn size(&mut self, this: Resource<Blob>) -> wasmtime::Result<u64> {
        Ok(self.handles.get(&this)?.0.size)
    }

    fn digest(&mut self, this: Resource<Blob>) -> wasmtime::Result<types::Digest> {
        Ok(self.handles.get(&this)?.0.digest.into())
    }

    async fn read(
        &mut self,
        this: Resource<Blob>,
        offset: u64,
        len: u32,
    ) -> Result<Vec<u8>, Error> {
        let blob = &self.handles.get(&this)?.0;
        if len > READ_MAX {
            return Err(types::Error::TooLarge(READ_MAX.into()).into());
        }
        let end = blob.size.min(offset.saturating_add(len.into()));
        if offset >= end {
            return Ok(Vec::new());
        }
        if let Some(bytes) = &blob.inline {
            let range = offset as usize..end as usize;
            return Ok(bytes.get(range).unwrap_or_default().to_vec());
        }
        let mut out = Vec::with_capacity((end - offset) as usize);
        // A source may return fewer bytes than asked for; the module may not count on why.
        while offset + (out.len() as u64) < end {
            let at = offset + out.len() as u64;
            let piece = blob.source.read(at, (end - at) as usize).await?;
            if piece.is_empty() {
                break;
            }
            out.extend_from_slice(&piece);
        }
        Ok(out)
    }

    async fn keep(&mut self, this: Resource<Blob>) -> Result<(), Error> {
        let blob = &self.handles.get(&this)?.0;
        let serving = self.serving()?;
        Ok(serving.store().keep(serving.actor(), blob).await?)
    }

    async fn drop(&mut self, this: Resource<Blob>) -> wasmtime::Result<()> {
        self.handles.forget(&this);
        Ok(())
    }
}

impl State {
    async fn take_in(
        &mut self,
        stream: storage::ByteStream,
        size_max: u64,
    ) -> Result<Resource<Blob>, Error> {
        let serving = self.serving()?;
        let blob = serving
            .store()
            .ingest(serving.actor(), stream, size_max)
            .await?;
        Ok(self.handles.push(Blob(blob))?)
    }
}
