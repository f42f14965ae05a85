//! From the host's request to the engine, and from its answer to the host's.

use std::cell::RefCell;
use std::rc::Rc;

use module::{Answer, Blob, Headers, Writer};

use super::convert::{instant, uid};
use super::{Layout, MailboxStore};
use crate::request::{Body, BodyError, Closed, MemberBody, Request, ResponseBody, Sink, Status};
use crate::store::Store;
use crate::{Profile, Response, Time, handle};

/// Answers a request to a protocol whose collections are mailboxes.
pub fn serve(
    profile: &'static Profile,
    layout: &'static Layout,
    mut request: module::Request,
) -> Answer {
    let body = Rc::new(RefCell::new(request.body.take()));
    let store = MailboxStore::new(layout, &request, body.clone());
    let mount = std::mem::take(&mut request.mount);
    answer(profile, &store, &mount, request, &body, |member| {
        store.open_body(member)
    })
}

/// Answers a request out of any store. `open` gives the body of a member to the host.
pub fn answer(
    profile: &Profile,
    store: &dyn Store,
    mount: &str,
    request: module::Request,
    body: &Rc<RefCell<Option<module::Body>>>,
    open: impl Fn(&MemberBody) -> Option<Blob>,
) -> Answer {
    let headers: Vec<(String, String)> = request.headers.into_iter().collect();
    let mut incoming = RequestBody(body.clone());
    let mut sink = ResponseSink::default();
    let head = Request {
        method: &request.method,
        scheme: &request.scheme,
        authority: &request.authority,
        mount: mount.trim_end_matches('/'),
        path: &request.path,
        query: request.query.as_deref(),
        headers: &headers,
        body: &mut incoming,
    };
    let response = handle(profile, store, head, &mut sink);
    match (&response.body, sink.writer) {
        (ResponseBody::Streamed, Some(writer)) => Answer::Streamed(writer),
        // Nobody is there to take the part for the whole, and nothing has failed here.
        (ResponseBody::Broken(_), Some(writer)) if sink.closed => Answer::Streamed(writer),
        // Dropping the writer breaks the connection off; the status goes nowhere but to the log.
        (ResponseBody::Streamed | ResponseBody::Broken(_), writer) => {
            drop(writer);
            module::Response::new(Status::INTERNAL_SERVER_ERROR.0).into()
        }
        _ => complete(response, open).into(),
    }
}

#[inline(never)] // What it needs of the stack is not to be there while the request is answered.
fn complete(response: Response, open: impl Fn(&MemberBody) -> Option<Blob>) -> module::Response {
    let mut complete = module::Response::new(response.status.0);
    for (name, value) in response.headers {
        // The host answers conditional requests from these two.
        match name {
            "ETag" => complete.etag = Some(value),
            "Last-Modified" => complete.last_modified = Time::parse_http_date(&value).map(instant),
            name => complete.headers.push(name, value),
        }
    }
    complete.body = match response.body {
        ResponseBody::Bytes(bytes) => module::ResponseBody::Bytes(bytes),
        ResponseBody::Member(member) => match open(&member) {
            Some(blob) => module::ResponseBody::Blob(blob),
            // It was removed since it was found.
            None => return module::Response::new(Status::NOT_FOUND.0),
        },
        ResponseBody::Empty | ResponseBody::Streamed | ResponseBody::Broken(_) => {
            module::ResponseBody::None
        }
    };
    complete
}

impl MailboxStore {
    /// The stored body that an answer names: for [`answer`].
    pub fn open_body(&self, member: &MemberBody) -> Option<Blob> {
        let opened = self.reopen(&member.path.parent()?).ok()?;
        opened
            .mailbox
            .open_message(uid(member.version)?, module::Part::Body)
            .ok()
    }
}

/// The request body, shared with the store, which may take it unread.
struct RequestBody(Rc<RefCell<Option<module::Body>>>);

impl Body for RequestBody {
    fn len(&self) -> Option<u64> {
        match &*self.0.borrow() {
            Some(body) => body.length(),
            None => Some(0),
        }
    }

    fn read(&mut self, max: u64) -> Result<Vec<u8>, BodyError> {
        const READ_ALL_MAX: u64 = 8 << 20;
        let Some(body) = self.0.borrow_mut().take() else {
            return Ok(Vec::new());
        };
        if body.length().is_some_and(|len| len > max) {
            return Err(BodyError::TooLarge(max));
        }
        if body.length().unwrap_or(max).min(max) <= READ_ALL_MAX {
            return body
                .read_all(u32::try_from(max).unwrap_or(u32::MAX))
                .map_err(|error| match error {
                    module::Error::TooLarge(_) => BodyError::TooLarge(max),
                    _ => BodyError::Incomplete,
                });
        }
        let mut bytes = Vec::new();
        loop {
            let piece = body
                .read(READ_ALL_MAX as u32)
                .map_err(|error| match error {
                    module::Error::TooLarge(limit) => BodyError::TooLarge(limit),
                    _ => BodyError::Incomplete,
                })?;
            if piece.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > max {
                return Err(BodyError::TooLarge(max));
            }
        }
    }
}

/// Where long answers go.
#[derive(Default)]
struct ResponseSink {
    writer: Option<Writer>,
    /// A write failed, and that only happens when the client is gone.
    closed: bool,
}

impl Sink for ResponseSink {
    fn start(&mut self, status: Status, headers: &[(&'static str, String)]) -> Result<(), Closed> {
        let mut fields = Headers::new();
        for (name, value) in headers {
            fields.push(*name, value);
        }
        self.writer = Some(Writer::begin(status.0, &fields).map_err(|_| Closed)?);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        let sent = self
            .writer
            .as_ref()
            .is_some_and(|writer| writer.write(bytes).is_ok());
        self.closed |= !sent;
        if sent { Ok(()) } else { Err(Closed) }
    }
}
