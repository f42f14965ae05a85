//! An instance of a module: made for one principal, used for one request at a time.

use crate::account::Alive;
use crate::bindings::exports::chapar::host::handler;
use crate::interfaces::{Body, headers_in, headers_out, status_out};
use crate::limits::{Interrupted, Limits, Meter, OutOfTime};
use crate::load::{Entry, Module};
use crate::module::Descriptor;
use crate::state::{Current, Serving, State};
use crate::stream::PieceSender;
use crate::{Answer, AnswerBody, HandleError, Request, Subscription};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use wasmtime::component;
use wasmtime::{Store, Trap, UpdateDeadline, WasmBacktrace};
use wasmtime_wasi_http::p2::bindings::exports::wasi::http::incoming_handler;

/// Most handles of any kind, as the engine counts them.
const HANDLES_MAX: usize = 4096;
/// Most bytes that a guest may hand over in one call.
const HANDED_MAX: usize = 72 << 20;
/// Most memory that an instance that is kept may have.
const KEPT_MEMORY_MAX: usize = 16 << 20;
/// How many requests an instance may serve.
const USES_MAX: u32 = 1000;
/// How many frames of a trap are logged.
const FRAMES_MAX: usize = 5;
/// Longest reason that is logged.
const REASON_MAX: usize = 600;

/// What one instance may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) memory_max: usize,
    pub(crate) cpu_max: Duration,
}

/// How a request is answered, found once for each instance.
pub(crate) enum Guest {
    Handler(handler::Guest),
    Incoming(incoming_handler::Guest),
}

/// An instance.
pub(crate) struct Instance {
    pub(crate) store: Store<State>,
    pub(crate) instance: component::Instance,
    guest: Guest,
    pub(crate) module: Arc<Module>,
    bounds: Bounds,
    uses: u32,
    /// Whose account it is on, if it serves anyone.
    pub(crate) alive: Option<Alive>,
}

/// What is left to do once the instance was given back.
#[allow(clippy::large_enum_variant)] // Made once per request and taken apart at once.
pub(crate) enum Outcome {
    /// Send this answer, once it says how long it took.
    Reply(oneshot::Sender<Result<Answer, HandleError>>, Answer),
    /// End the body that was begun.
    End(PieceSender),
    /// Nothing: the answer has gone its own way.
    Sent,
}

impl Instance {
    /// Makes an instance that serves someone, or nobody: then it can only describe itself.
    pub(crate) async fn new(
        module: Arc<Module>,
        serving: Option<Serving>,
        bounds: Bounds,
        meter: Arc<Meter>,
    ) -> Result<Self, HandleError> {
        let limits = Limits::new(bounds.memory_max);
        let state = State::new(&module.facts, serving, limits, meter);
        let mut store = Store::new(module.pre.engine(), state);
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(HANDED_MAX);
        store.set_max_component_handles(HANDLES_MAX);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|ctx| match ctx.data().meter.interrupt() {
            Interrupted::GoesOn => Ok(UpdateDeadline::Continue(1)),
            Interrupted::Yields => Ok(UpdateDeadline::Yield(1)),
            Interrupted::Ends => Err(wasmtime::Error::new(OutOfTime)),
        });
        let made = module.pre.instantiate_async(&mut store).await;
        let loaded = made.and_then(|instance| {
            let guest = match &module.entry {
                Entry::Handler(indices) => Guest::Handler(indices.load(&mut store, &instance)?),
                Entry::Incoming(indices) => Guest::Incoming(indices.load(&mut store, &instance)?),
            };
            Ok((instance, guest))
        });
        match loaded {
            Ok((instance, guest)) => Ok(Self {
                store,
                instance,
                guest,
                module,
                bounds,
                uses: 0,
                alive: None,
            }),
            Err(error) => Err(failure(&module.facts.name, &bounds, &store, &error)),
        }
    }

    /// Begins a request, or another call.
    pub(crate) fn begin(&mut self, current: Current, meter: Arc<Meter>) {
        let state = self.store.data_mut();
        state.meter = meter;
        state.current = Some(current);
        self.store.set_epoch_deadline(1);
        self.uses += 1;
    }

    /// Answers a request.
    pub(crate) async fn answer(
        &mut self,
        mount: &str,
        request: Request,
        current: Current,
        meter: Arc<Meter>,
    ) -> Result<Outcome, HandleError> {
        self.begin(current, meter);
        let answered = match &self.guest {
            Guest::Handler(guest) => {
                let speaks = self.module.extras.socket.is_some();
                handle(&mut self.store, guest, mount, request, speaks).await
            }
            Guest::Incoming(guest) => {
                crate::incoming::handle(&mut self.store, guest, request).await
            }
        };
        answered.map_err(|error| self.failure(&error))
    }

    /// Asks what the module is.
    pub(crate) async fn describe(&mut self) -> Result<Descriptor, HandleError> {
        let described = match &self.guest {
            Guest::Handler(guest) => guest.call_describe(&mut self.store).await,
            Guest::Incoming(_) => return Ok(crate::incoming::descriptor(&self.module.facts.name)),
        };
        described
            .map(Descriptor::from)
            .map_err(|error| self.failure(&error))
    }

    /// What an error of a call into this instance means.
    pub(crate) fn failure(&self, error: &wasmtime::Error) -> HandleError {
        failure(&self.module.facts.name, &self.bounds, &self.store, error)
    }

    /// The request has ended: its handles die. Says whether the instance may be kept.
    pub(crate) fn end(&mut self) -> bool {
        let state = self.store.data_mut();
        state.current = None;
        state.handles.clear()
            && !crate::incoming::has_leftovers(&mut state.table)
            && state.limits.memory() <= KEPT_MEMORY_MAX
            && self.uses < USES_MAX
    }

    /// Bytes of its memory.
    pub(crate) fn memory(&self) -> usize {
        self.store.data().limits.memory()
    }

    /// Whom it serves.
    pub(crate) fn serving(&self) -> Option<&Serving> {
        self.store.data().serving.as_ref()
    }
}

async fn handle(
    store: &mut Store<State>,
    guest: &handler::Guest,
    mount: &str,
    request: Request,
    speaks: bool,
) -> wasmtime::Result<Outcome> {
    let body = match request.body {
        Some(stream) => {
            let body = Body::new(stream, request.body_length);
            Some(store.data_mut().handles.push(body)?)
        }
        None => None,
    };
    let request = handler::Request {
        method: request.method,
        scheme: request.scheme,
        authority: request.authority,
        path: request.path,
        query: request.query,
        mount: mount.to_owned(),
        headers: headers_in(&request.headers),
        body,
        received: request.received,
    };
    let answer = guest.call_handle(&mut *store, &request).await?;
    let state = store.data_mut();
    match answer {
        handler::Answer::Complete(response) => {
            let answer = complete(state, response)?;
            let Some(reply) = state.request()?.reply.take() else {
                wasmtime::bail!("it gave a whole answer after it had begun another");
            };
            Ok(Outcome::Reply(reply, answer))
        }
        handler::Answer::Streamed(writer) => Ok(Outcome::End(state.handles.take(&writer)?.0)),
        handler::Answer::Subscribed((response, said)) => {
            let module = state.serving()?.module.name.clone();
            let subscription = Subscription::read(&module, said);
            let mut subscription = subscription.map_err(|why| wasmtime::format_err!("{why}"))?;
            if subscription.websocket && !speaks {
                wasmtime::bail!("it answered with a WebSocket, and exports no socket");
            }
            let mut answer = complete(state, response)?;
            match answer.body {
                AnswerBody::None => {}
                AnswerBody::Bytes(bytes) => subscription.first = bytes,
                _ => wasmtime::bail!("a subscription begins with bytes, or with nothing"),
            }
            answer.body = AnswerBody::Subscription(subscription);
            let Some(reply) = state.request()?.reply.take() else {
                wasmtime::bail!("it gave a whole answer after it had begun another");
            };
            Ok(Outcome::Reply(reply, answer))
        }
    }
}

fn complete(state: &mut State, response: handler::Response) -> wasmtime::Result<Answer> {
    let Some(status) = status_out(response.status) else {
        wasmtime::bail!("it answered with the status {}", response.status);
    };
    let (headers, etag) = headers_out(response.headers, response.etag)
        .map_err(|why| wasmtime::format_err!("it answered with malformed {why}"))?;
    let body = match response.body {
        handler::ResponseBody::None => AnswerBody::None,
        handler::ResponseBody::Bytes(bytes) => AnswerBody::Bytes(bytes.into()),
        handler::ResponseBody::Blob(blob) => AnswerBody::Blob(state.handles.take(&blob)?.0),
    };
    Ok(Answer {
        status,
        headers,
        etag,
        last_modified: response.last_modified,
        body,
        cpu: Duration::ZERO,
        queued: Duration::ZERO,
    })
}

/// What an error means for whoever asked.
fn failure(
    module: &str,
    bounds: &Bounds,
    store: &Store<State>,
    error: &wasmtime::Error,
) -> HandleError {
    let module = module.to_owned();
    if error.downcast_ref::<OutOfTime>().is_some() {
        let limit = store.data().meter.max();
        return HandleError::Deadline { module, limit };
    }
    if store.data().limits.exceeded {
        let limit = bounds.memory_max;
        return HandleError::Memory { module, limit };
    }
    if error
        .downcast_ref::<wasmtime::PoolConcurrencyLimitError>()
        .is_some()
    {
        return HandleError::Busy { module };
    }
    let reason = summary(error);
    HandleError::Trapped { module, reason }
}

/// A trap in one line: why, and in which functions.
fn summary(error: &wasmtime::Error) -> String {
    let mut reason = match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    };
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        for (number, frame) in backtrace.frames().iter().take(FRAMES_MAX).enumerate() {
            reason.push_str(if number == 0 { "; in " } else { " < " });
            match frame.func_name() {
                Some(name) => reason.push_str(name),
                None => reason.push_str(&format!("function {}", frame.func_index())),
            }
        }
    }
    reason.chars().take(REASON_MAX).collect()
}
