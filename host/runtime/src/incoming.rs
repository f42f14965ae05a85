//! Components that export `wasi:http/incoming-handler` instead of our `handler`: what runs under
//! `wasmtime serve` runs here, below a mount named like its file.

use crate::instance::Outcome;
use crate::module::{Access, Descriptor, Extent, Mount};
use crate::state::State;
use crate::{Answer, AnswerBody, BodyStream, HandleError, Request};
use bytes::Bytes;
use futures_util::StreamExt;
use http_body::Frame;
use http_body_util::{BodyExt, BodyStream as Frames, Empty, StreamBody};
use wasmtime::Store;
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::p2::bindings::exports::wasi::http::incoming_handler;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::{
    HostIncomingBody, HostOutgoingBody, HyperOutgoingBody, StreamContext,
};
use wasmtime_wasi_http::p2::types::{
    HostFutureIncomingResponse, HostIncomingRequest, HostIncomingResponse, HostOutgoingRequest,
    HostOutgoingResponse, HostResponseOutparam,
};
use wasmtime_wasi_http::{Error, WasiHttpView};

/// Methods that such a component is asked: it decides itself what it knows.
const METHODS: [&str; 20] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "ACL",
    "REPORT",
    "SEARCH",
    "MKCALENDAR",
    "QUERY",
];

/// What the host says of such a component, which can't say it itself.
pub(crate) fn descriptor(name: &str) -> Descriptor {
    Descriptor {
        name: name.to_owned(),
        summary: "a component of wasi:http".to_owned(),
        mounts: vec![Mount {
            path: format!("/{name}"),
            extent: Extent::Prefix,
            methods: METHODS.map(str::to_owned).to_vec(),
            access: Access::Anonymous,
            realm: None,
        }],
        ..Descriptor::default()
    }
}

/// Answers a request.
pub(crate) async fn handle(
    store: &mut Store<State>,
    guest: &incoming_handler::Guest,
    request: Request,
) -> wasmtime::Result<Outcome> {
    let state = store.data_mut();
    let module = state.serving()?.module.name.clone();
    let Some(reply) = state.request()?.reply.take() else {
        wasmtime::bail!("the request was answered already");
    };
    let meter = state.meter.clone();
    let scheme = match request.scheme.as_str() {
        "http" => Scheme::Http,
        _ => Scheme::Https,
    };
    // What can't be said to it is no fault of the module, and counts as none.
    let request = match http_request(request) {
        Ok(request) => request,
        Err(error) => return Ok(Outcome::Reply(reply, unsayable(&error))),
    };
    let request = state.http().new_incoming_request(scheme, request)?;
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let out = state
        .http()
        .new_response_outparam_from_callback(move |result| {
            let answer = match result {
                Ok(response) => Ok(answer(response, module, meter.used())),
                Err(code) => Err(refused(module, &code)),
            };
            // Nobody waits any more: the guest will notice when it writes.
            let _ = reply.send(answer);
            let _ = sender.send(());
        })?;
    let called = guest.call_handle(&mut *store, request, out).await;
    if let Err(error) = called {
        break_off(&mut store.data_mut().table);
        return Err(error);
    }
    if receiver.try_recv().is_err() {
        wasmtime::bail!("it returned without an answer");
    }
    Ok(Outcome::Sent)
}

/// Breaks off the bodies that a trap has left unfinished; dropping them would end them well.
fn break_off(table: &mut ResourceTable) {
    for entry in table.iter_mut() {
        if let Some(body) = entry.downcast_mut::<HostOutgoingBody>() {
            let (empty, _) = HostOutgoingBody::new(StreamContext::Response, None, 1, 1);
            std::mem::replace(body, empty).abort();
        }
    }
}

/// Whether anything of the request is still held.
pub(crate) fn has_leftovers(table: &mut ResourceTable) -> bool {
    table.iter_mut().any(|entry| {
        entry.is::<HostIncomingRequest>()
            || entry.is::<HostIncomingBody>()
            || entry.is::<HostOutgoingResponse>()
            || entry.is::<HostOutgoingBody>()
            || entry.is::<HostResponseOutparam>()
            || entry.is::<HostOutgoingRequest>()
            || entry.is::<HostIncomingResponse>()
            || entry.is::<HostFutureIncomingResponse>()
    })
}

type Incoming = http_body_util::combinators::UnsyncBoxBody<Bytes, Error>;

/// A request as `wasi:http` has it, whose target is a URI.
fn http_request(request: Request) -> Result<http::Request<Incoming>, http::Error> {
    let mut target = request.path;
    if let Some(query) = request.query {
        target.push('?');
        target.push_str(&query);
    }
    let uri = http::Uri::builder()
        .scheme(request.scheme.as_str())
        .authority(request.authority)
        .path_and_query(target)
        .build()?;
    let body = match request.body {
        Some(stream) => incoming(stream),
        None => Empty::new().map_err(|never| match never {}).boxed_unsync(),
    };
    let mut out = http::Request::builder()
        .method(request.method.as_bytes())
        .uri(uri)
        .body(body)?;
    *out.headers_mut() = request.headers;
    Ok(out)
}

fn incoming(stream: BodyStream) -> Incoming {
    let frames = stream.map(|piece| match piece {
        Ok(bytes) => Ok(Frame::data(bytes)),
        Err(storage::Error::TooLarge(limit)) => Err(Error::HttpRequestBodySize(Some(limit))),
        Err(_) => Err(Error::ConnectionTerminated),
    });
    StreamBody::new(frames).boxed_unsync()
}

fn unsayable(error: &http::Error) -> Answer {
    Answer {
        status: http::StatusCode::BAD_REQUEST,
        headers: http::HeaderMap::new(),
        etag: None,
        last_modified: None,
        body: AnswerBody::Bytes(format!("the target can't be a URI: {error}\n").into()),
        cpu: std::time::Duration::ZERO,
        queued: std::time::Duration::ZERO,
    }
}

fn answer(
    response: http::Response<HyperOutgoingBody>,
    module: String,
    cpu: std::time::Duration,
) -> Answer {
    let (parts, body) = response.into_parts();
    let mut headers = parts.headers;
    let etag = headers
        .remove(http::header::ETAG)
        .and_then(|value| value.to_str().ok().map(str::to_owned));
    headers.remove(http::header::CONTENT_LENGTH);
    headers.remove(http::header::DATE);
    let body = if http_body::Body::is_end_stream(&body) {
        AnswerBody::None
    } else {
        AnswerBody::Stream(Box::pin(Frames::new(body).filter_map(move |frame| {
            let piece = match frame {
                Ok(frame) => frame.into_data().ok().map(Ok),
                Err(error) => Some(Err(HandleError::Trapped {
                    module: module.clone(),
                    reason: format!("it broke off its answer: {error:?}"),
                })),
            };
            std::future::ready(piece)
        })))
    };
    Answer {
        status: parts.status,
        headers,
        etag,
        last_modified: None,
        body,
        cpu,
        queued: std::time::Duration::ZERO,
    }
}

fn refused(module: String, code: &ErrorCode) -> HandleError {
    HandleError::Trapped {
        module,
        reason: format!("it gave up: {code:?}"),
    }
}
