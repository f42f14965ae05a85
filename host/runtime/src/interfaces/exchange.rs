//! `wit/exchange.wit`: the body of the request as it comes, the body of the answer as it goes.

use super::Error;
use crate::bindings::chapar::host::{exchange as wit, types};
use crate::state::State;
use crate::stream::{self, PieceSender};
use crate::{Answer, AnswerBody, BodyStream};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::time::Duration;
use wasmtime::component::Resource;

/// Most bytes that `read-all` returns.
const READ_ALL_MAX: u32 = 8 << 20;
/// Most header fields of an answer.
const FIELDS_MAX: usize = 256;
/// Most bytes of the names and values of an answer's fields together.
pub(crate) const FIELDS_BYTES_MAX: usize = 64 << 10;

/// The body of the request, as far as it is not read yet.
pub struct Body {
    /// What is still to come; none at the end.
    stream: Option<BodyStream>,
    /// What has come and was not asked for yet.
    ahead: Bytes,
    length: Option<u64>,
    /// Why it ended early.
    failed: Option<storage::Error>,
}

impl Body {
    pub(crate) fn new(stream: BodyStream, length: Option<u64>) -> Self {
        Self {
            stream: Some(stream),
            ahead: Bytes::new(),
            length,
            failed: None,
        }
    }

    /// What is left of it.
    pub(super) fn into_stream(self) -> storage::ByteStream {
        let first = self.failed.map_or(Ok(self.ahead), Err);
        let first = futures_util::stream::iter(
            Some(first).filter(|piece| !matches!(piece, Ok(bytes) if bytes.is_empty())),
        );
        match self.stream {
            Some(rest) => Box::pin(first.chain(rest)),
            None => Box::pin(first),
        }
    }

    /// Waits until something is at hand; says whether there is.
    async fn fill(&mut self) -> Result<bool, storage::Error> {
        while self.ahead.is_empty() {
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            let Some(stream) = &mut self.stream else {
                return Ok(false);
            };
            match stream.next().await {
                Some(Ok(piece)) => self.ahead = piece,
                Some(Err(error)) => {
                    self.stream = None;
                    self.failed = Some(error);
                }
                None => self.stream = None,
            }
        }
        Ok(true)
    }
}

/// The body of an answer that was begun.
pub struct Writer(pub(crate) PieceSender);

impl wit::Host for State {
    fn begin(
        &mut self,
        status: u16,
        headers: Vec<types::Header>,
    ) -> Result<Resource<Writer>, Error> {
        let status =
            status_out(status).ok_or_else(|| invalid("status: not between 200 and 999"))?;
        let (headers, etag) = headers_out(headers, None).map_err(|why| invalid(&why))?;
        let cpu = self.meter.used();
        let module = self.serving()?.module.clone();
        let request = self.request()?;
        let Some(reply) = request.reply.take() else {
            return Err(invalid("an answer to this request was begun already"));
        };
        let (sender, body) = stream::channel(module);
        let answer = Answer {
            status,
            headers,
            etag,
            last_modified: None,
            body: AnswerBody::Stream(body),
            cpu,
            queued: Duration::ZERO,
        };
        let writer = self.handles.push(Writer(sender))?;
        // Nobody waits any more: the first write will say so.
        let _ = reply.send(Ok(answer));
        Ok(writer)
    }
}

impl wit::HostBody for State {
    fn length(&mut self, this: Resource<Body>) -> wasmtime::Result<Option<u64>> {
        Ok(self.handles.get(&this)?.length)
    }

    async fn read(&mut self, this: Resource<Body>, len: u32) -> Result<Vec<u8>, Error> {
        let body = self.handles.get_mut(&this)?;
        if !body.fill().await? {
            return Ok(Vec::new());
        }
        let len = body.ahead.len().min(len as usize);
        Ok(body.ahead.split_to(len).into())
    }

    async fn read_all(&mut self, this: Resource<Body>, size_max: u32) -> Result<Vec<u8>, Error> {
        let body = self.handles.get_mut(&this)?;
        let size_max = size_max.min(READ_ALL_MAX) as usize;
        if body
            .length
            .is_some_and(|length| length > READ_ALL_MAX.into())
        {
            return Err(types::Error::TooLarge(size_max as u64).into());
        }
        if !body.fill().await? {
            return Ok(Vec::new());
        }
        let first = std::mem::take(&mut body.ahead);
        if !body.fill().await? {
            // The usual case: all of it came at once.
            if first.len() > size_max {
                return Err(types::Error::TooLarge(size_max as u64).into());
            }
            return Ok(first.into());
        }
        let mut all = BytesMut::from(first);
        while body.fill().await? {
            if all.len() + body.ahead.len() > size_max {
                return Err(types::Error::TooLarge(size_max as u64).into());
            }
            all.extend_from_slice(&std::mem::take(&mut body.ahead));
        }
        Ok(all.into())
    }

    async fn drop(&mut self, this: Resource<Body>) -> wasmtime::Result<()> {
        self.handles.forget(&this);
        Ok(())
    }
}

impl wit::HostWriter for State {
    async fn write(&mut self, this: Resource<Writer>, bytes: Vec<u8>) -> Result<(), Error> {
        let writer = self.handles.get_mut(&this)?;
        writer
            .0
            .send(bytes.into())
            .await
            .map_err(|_| Error::from(types::Error::Unavailable("the client has gone".to_owned())))
    }

    async fn drop(&mut self, this: Resource<Writer>) -> wasmtime::Result<()> {
        // The channel closes without its end mark: the client learns that something is missing.
        self.handles.forget(&this);
        Ok(())
    }
}

fn invalid(why: &str) -> Error {
    types::Error::Invalid(why.to_owned()).into()
}

/// The status of a final answer.
pub(crate) fn status_out(status: u16) -> Option<StatusCode> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
}

/// The fields of a request, as a module gets them.
pub(crate) fn headers_in(headers: &HeaderMap) -> Vec<types::Header> {
    headers
        .iter()
        .map(|(name, value)| types::Header {
            name: name.as_str().to_owned(),
            value: match std::str::from_utf8(value.as_bytes()) {
                Ok(text) => text.to_owned(),
                // ISO-8859-1: each byte is the character of that number.
                Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
            },
        })
        .collect()
}

/// The fields of an answer without those that are the host's, and its entity tag: the one beside
/// the fields, if there is one, or the one among them.
pub(crate) fn headers_out(
    fields: Vec<types::Header>,
    mut etag: Option<String>,
) -> Result<(HeaderMap, Option<String>), String> {
    if fields.len() > FIELDS_MAX {
        return Err(format!("headers: more than {FIELDS_MAX}"));
    }
    let sizes = fields
        .iter()
        .map(|field| field.name.len() + field.value.len());
    let bytes = sizes.sum::<usize>() + etag.as_ref().map_or(0, String::len);
    if bytes > FIELDS_BYTES_MAX {
        return Err(format!(
            "headers: {bytes} bytes, more than {FIELDS_BYTES_MAX}"
        ));
    }
    let mut headers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let Ok(name) = HeaderName::from_bytes(field.name.as_bytes()) else {
            return Err(format!("headers: {:?} is not a field name", field.name));
        };
        if is_hosts(&name) {
            continue;
        }
        if name == header::ETAG {
            etag.get_or_insert(field.value);
            continue;
        }
        let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(field.value)) else {
            return Err(format!("headers: the value of {name} is malformed"));
        };
        headers.append(name, value);
    }
    Ok((headers, etag))
}

/// Fields about the connection and the framing, which the host owns. RFC 9110 §7.6.1.
fn is_hosts(name: &HeaderName) -> bool {
    const HOSTS: [HeaderName; 8] = [
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::DATE,
        header::PROXY_AUTHENTICATE,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ];
    HOSTS.contains(name) || name == "keep-alive"
}

/// How long a guest may go on after its client has gone.
pub(crate) const GRACE: Duration = Duration::from_secs(1);
