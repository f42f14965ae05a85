//! From a request to its answer: which tenant, which module or file its path means, and who asks.
//!
//! `/.well-known/` names lead elsewhere (RFC 8615), then come the mounts of modules, longest first,
//! then static files.

use super::activity::{Activity, InFlight};
use super::body::{Body, RequestBody};
use super::coding::decoder;
use super::coding::worth::is_worthwhile;
use super::conditional;
use super::content::Content;
use super::cors;
use super::fields;
use super::method;
use super::operations;
use super::page;
use super::record::Record;
use super::refuse::{
    failed, no_passwords, no_websocket, too_large, unavailable, unheld, wrong_method,
};
use super::reply::Reply;
use super::trace_id::{TraceId, X_TRACE_ID};
use super::understand::{FILE_METHODS, Understood};
use super::wish::Wish;
use crate::auth::{Authenticator, SignedIn, basic};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::otlp;
use crate::push::{Conversation, Hub, hold};
use crate::reload::ReloadState;
use crate::telemetry::{Telemetry, Transcript};
use crate::tenant::{Open, Site, Snapshot};
use crate::websocket::{self, Opening};
use arc_swap::ArcSwap;
use futures_util::StreamExt;
use http::header::{
    ACCEPT_ENCODING, ALLOW, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT,
    LOCATION, ORIGIN, PROXY_AUTHORIZATION, SERVER, WWW_AUTHENTICATE,
};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::{Body as _, Incoming};
use runtime::{Answer, AnswerBody, Extent, ModuleTable, Mount, Runtime, Tenant};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// Everything that answering requests takes.
pub struct Host {
    /// The modules.
    pub runtime: Runtime,
    /// Who signs users in.
    pub authenticator: Authenticator,
    /// What is counted.
    pub metrics: Metrics,
    /// Whether requests can be answered.
    pub health: Health,
    /// Which users are watched.
    pub telemetry: Telemetry,
    /// Who waits for changes.
    pub hub: Hub,
    snapshot: Arc<ArcSwap<Snapshot>>,
    reload_state: ArcSwap<ReloadState>,
}

/// What of its connection a request needs to know.
#[derive(Clone, Copy)]
pub struct Peer {
    /// The client's address.
    pub address: IpAddr,
    /// There is TLS.
    pub secure: bool,
    /// Passwords may be taken.
    pub passwords: bool,
    /// The listener is for metrics and health alone.
    pub operations: bool,
}

impl Host {
    /// Puts together what answers requests.
    pub fn new(
        runtime: Runtime,
        authenticator: Authenticator,
        snapshot: Arc<ArcSwap<Snapshot>>,
        reload_state: ReloadState,
    ) -> Self {
        runtime.limit_tenants(snapshot.load().limits());
        Self {
            runtime,
            authenticator,
            metrics: Metrics::default(),
            health: Health::default(),
            telemetry: Telemetry::new(&snapshot.load().config.configdirectory),
            hub: Hub::default(),
            snapshot,
            reload_state: ArcSwap::from_pointee(reload_state),
        }
    }

    /// Answers by something else from now on. Requests that are being answered keep what they have, but
    /// for limits; whoever waits with a tenant that is another now is let go.
    pub fn replace(&self, snapshot: Snapshot) {
        self.runtime.limit_tenants(snapshot.limits());
        self.snapshot.store(Arc::new(snapshot));
        self.hub.keep(|tenant| self.is_in_force(tenant));
    }

    /// How the last look at what can be reloaded went.
    pub fn reload_state(&self) -> Arc<ReloadState> {
        self.reload_state.load_full()
    }

    /// Notes how it went.
    pub fn set_reload_state(&self, state: ReloadState) {
        self.reload_state.store(Arc::new(state));
    }

    /// What is in force now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Whether a tenant is the one of its name that is served now, and no other since a reload.
    pub fn is_in_force(&self, tenant: &Arc<Tenant>) -> bool {
        let snapshot = self.snapshot();
        let open = snapshot.named(&tenant.name).and_then(|site| site.opened());
        open.is_some_and(|open| Arc::ptr_eq(&open.tenant, tenant))
    }

    /// Answers a request.
    pub async fn answer(
        self: &Arc<Self>,
        mut request: Request<Incoming>,
        peer: Peer,
        in_flight: InFlight,
    ) -> Response<Body> {
        let began = Instant::now();
        let unmasked =
            method::unmask(&mut request).and_then(|()| websocket::straighten(&mut request));
        let is_extended = websocket::is_extended(&request);
        let method = request.method().clone();
        let path = Record::is_line_wanted().then(|| request.uri().path().to_owned());
        let trace = TraceId::of(request.headers());
        request.headers_mut().insert(X_TRACE_ID, trace.value());
        let span = span_of(&request, &trace);
        let version = request.version();
        let mut wish = Wish::of(request.method(), request.headers());
        let snapshot = self.snapshot();
        let mut trail = Trail::new(trace, in_flight.activity().clone());
        let reply = match unmasked {
            Ok(()) => {
                let replying = self.reply(&snapshot, request, peer, &mut trail);
                replying.instrument(span.clone()).await
            }
            Err(reply) => *reply,
        };
        let reply = match &reply.content {
            Content::Conversation(_) => reply,
            // Of a CONNECT, success would mean one.
            _ if is_extended && reply.status.is_success() => no_websocket(),
            _ => reply,
        };
        span.record("http.response.status_code", reply.status.as_u16());
        if let Some(module) = &trail.module {
            span.record("module", module.as_str());
        }
        let site = trail.site.take();
        let site = site.unwrap_or_else(|| snapshot.default_site().clone());
        // Whoever watches a user wants to read what that one is answered.
        if !site.config.http.compress || trail.transcript.is_some() {
            wish.codings = None;
        }
        let options = &site.config.http;
        let by_module = trail.module.is_some();
        let mut response = reply.send(&wish);
        fields::add(response.headers_mut(), options, &wish, &peer, by_module);
        if trail.nonsense && version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        if let Some(server) = &snapshot.server {
            response.headers_mut().insert(SERVER, server.clone());
        }
        let fields = response.headers_mut();
        fields.insert(X_TRACE_ID, trail.trace.value());
        let (status, fields) = (response.status(), response.headers());
        let transcript = trail.transcript;
        let copy = transcript.map(|transcript| transcript.answer(status, version, fields));
        let record = Record {
            began,
            method,
            path,
            trace: trail.trace,
            module: trail.module,
            signed_in: trail.signed_in,
            site,
            status,
            encoding: fields.get(CONTENT_ENCODING).cloned(),
            bytes_in: trail.bytes_in,
            bytes_out: 0,
            cpu: trail.cpu,
            queued: trail.queued,
            broken: None,
            copy,
        };
        response.body_mut().until_sent(in_flight, Box::new(record));
        response
    }

    async fn reply(
        self: &Arc<Self>,
        snapshot: &Snapshot,
        request: Request<Incoming>,
        peer: Peer,
        trail: &mut Trail,
    ) -> Reply {
        let (head, body) = request.into_parts();
        let head = Request::from_parts(head, ());
        let body = trail.body(&head, body);
        let understood = match Understood::parse(&head) {
            Ok(understood) => understood,
            Err(reply) => {
                // Or its body is framed in a way that isn't understood.
                let nonsense = [StatusCode::BAD_REQUEST, StatusCode::NOT_IMPLEMENTED];
                trail.nonsense = nonsense.contains(&reply.status);
                return *reply;
            }
        };
        let site = match &understood.authority {
            Some(authority) => snapshot.site(authority),
            None => snapshot.default_site(),
        };
        trail.site = Some(site.clone());
        if let Some(reply) = operations::health(self, peer, &head, &understood.path).await {
            return reply;
        }
        let open = match site.open().await {
            Ok(open) => open,
            Err(_) => return unavailable(),
        };
        let dispatch = Dispatch {
            host: self,
            snapshot,
            site: site.clone(),
            modules: self.runtime.modules(&open.tenant),
            open,
            peer,
            trail,
        };
        dispatch.reply(understood, head, body).await
    }
}

/// The span that everything which is logged on the way to the answer stands in. Nobody wants it,
/// mostly: the default is `info`. The names are OpenTelemetry's, where it has them.
fn span_of(request: &Request<Incoming>, trace: &TraceId) -> Span {
    let method = request.method().as_str();
    let span = tracing::debug_span!(
        "request",
        otel.kind = "server",
        otel.name = method,
        http.request.method = method,
        http.response.status_code = Empty,
        module = Empty,
        trace = trace.as_str(),
        url.path = request.uri().path(),
    );
    otlp::join(&span, request.headers());
    span
}

/// What is to be known later of how a request was answered.
pub(super) struct Trail {
    trace: TraceId,
    activity: Arc<Activity>,
    site: Option<Arc<Site>>,
    pub(super) module: Option<String>,
    pub(super) signed_in: Option<Arc<SignedIn>>,
    cpu: Duration,
    queued: Duration,
    bytes_in: Option<Arc<AtomicU64>>,
    transcript: Option<Transcript>,
    /// The request made no sense: neither may what follows on its connection.
    nonsense: bool,
}

impl Trail {
    fn new(trace: TraceId, activity: Arc<Activity>) -> Self {
        Self {
            trace,
            activity,
            site: None,
            module: None,
            signed_in: None,
            cpu: Duration::ZERO,
            queued: Duration::ZERO,
            bytes_in: None,
            transcript: None,
            nonsense: false,
        }
    }

    /// The body of a request, if it has one.
    fn body(&mut self, head: &Request<()>, body: Incoming) -> Option<RequestBody> {
        if body.is_end_stream() {
            return None;
        }
        let received = Arc::new(AtomicU64::new(0));
        self.bytes_in = Some(received.clone());
        let expects = head.headers().contains_key(EXPECT);
        let activity = self.activity.clone();
        Some(RequestBody::new(body, received, activity, expects))
    }
}

/// One request: what it is answered by stays the same to its end.
pub(super) struct Dispatch<'a> {
    pub(super) host: &'a Arc<Host>,
    pub(super) snapshot: &'a Snapshot,
    /// Whose request it is, as far as is known.
    pub(super) site: Arc<Site>,
    pub(super) open: Arc<Open>,
    pub(super) modules: Arc<ModuleTable>,
    pub(super) peer: Peer,
    pub(super) trail: &'a mut Trail,
}

impl Dispatch<'_> {
    /// Makes the request a tenant's.
    pub(super) fn enter(&mut self, site: Arc<Site>, open: Arc<Open>) {
        self.modules = self.host.runtime.modules(&open.tenant);
        self.trail.site = Some(site.clone());
        (self.site, self.open) = (site, open);
    }

    async fn reply(
        mut self,
        understood: Understood,
        mut head: Request<()>,
        body: Option<RequestBody>,
    ) -> Reply {
        if let Some(reply) = self.at_once(&understood, &head) {
            return reply;
        }
        let early = self.sign_in_elsewhere(&head).await;
        if understood.path == operations::METRICS && self.has_metrics() {
            return self.metrics(&head, early).await;
        }
        if let Err(reply) = self.check_method(head.method(), &understood.path) {
            return *reply;
        }
        if let Some(name) = understood.path.strip_prefix("/.well-known/")
            && let Some(reply) = well_known(&self.modules, name, understood.query.as_deref())
        {
            return reply;
        }
        let method = head.method();
        let Some(route) = self.modules.route(&understood.path) else {
            return self.file(method, &understood.path);
        };
        if !answers(&route.mount, method) {
            // A module may speak its protocol at a page's path, `/` say, and leave people the page.
            let is_page = matches!(*method, Method::GET | Method::HEAD);
            return match route.mount.extent {
                Extent::Exact if is_page => self.file(method, &understood.path),
                Extent::Exact | Extent::Prefix => wrong_method(method, &route.mount.methods),
            };
        }
        self.trail.module = Some(route.module.clone());
        let signed_in = match self.sign_in(&head, &route.mount, early).await {
            Ok(signed_in) => signed_in,
            Err(reply) => return *reply,
        };
        self.trail.signed_in = Some(signed_in.clone());
        let origins = &self.site.config.http.cors;
        if cors::is_unasked(&head, understood.authority.as_deref(), origins) {
            let text = "a page of another site may not send this";
            return Reply::text(StatusCode::FORBIDDEN, text);
        }
        let body = self.transcribe(&head, body);
        let (runtime, tenant) = (&self.host.runtime, &self.open.tenant);
        let limit = runtime.body_max(tenant, &route.module);
        let size_max = self.site.config.maxmessagesize;
        let size_max = limit.map_or(size_max, |limit| limit.min(size_max));
        let body = body.map(|body| body.limited(size_max));
        let body_length = body.as_ref().and_then(RequestBody::announced);
        if body_length.is_some_and(|length| length > size_max) {
            return too_large(size_max);
        }
        let coding = match decoder::take(head.headers_mut()) {
            Ok(coding) => coding,
            Err(reply) => return *reply,
        };
        // RFC 7694 §3: also in an answer of success, "to optimize future interactions".
        let wasteful =
            coding.is_none() && body_length.is_some() && is_worthwhile(head.headers(), body_length);
        let body = body.map(|body| -> (runtime::BodyStream, Option<u64>) {
            let Some(coding) = coding else {
                return (Box::pin(body), body_length);
            };
            // What it will be when it is decoded, nobody knows.
            head.headers_mut().remove(CONTENT_LENGTH);
            (decoder::decode(Box::pin(body), coding, size_max), None)
        });
        let opening = Opening::of(&head, self.peer.secure, &self.site.config.http.cors);
        let request = self.hand_over(understood, head, body);
        let identity = signed_in.identity.clone();
        match runtime.handle(&route, tenant, identity, request).await {
            Ok(answer) => {
                (self.trail.cpu, self.trail.queued) = (answer.cpu, answer.queued);
                let asker = (&signed_in, opening, size_max);
                let passing = self.pass_on(answer, &route.mount, asker);
                let mut reply = passing.await;
                if wasteful && reply.status.is_success() {
                    reply.set(ACCEPT_ENCODING, decoder::READABLE);
                }
                reply
            }
            Err(error) => failed(&error),
        }
    }

    /// Answers what is the host's to answer, whoever asks.
    fn at_once(&self, understood: &Understood, head: &Request<()>) -> Option<Reply> {
        let options = &self.site.config.http;
        if options.trace && *head.method() == Method::TRACE {
            return Some(method::trace(head));
        }
        if !cors::is_preflight(head) || options.cors.find(head.headers().get(ORIGIN)?).is_none() {
            return None;
        }
        Some(match self.modules.route(&understood.path) {
            Some(route) => cors::preflight(head.headers(), &route.mount.methods),
            None => cors::preflight(head.headers(), &FILE_METHODS),
        })
    }

    /// Shows the request to whoever watches its user.
    fn transcribe(&mut self, head: &Request<()>, body: Option<RequestBody>) -> Option<RequestBody> {
        let trail = &mut self.trail;
        let user = trail.signed_in.as_ref().and_then(|who| who.name());
        let telemetry = &self.host.telemetry;
        let Some(transcript) = telemetry.of(&self.site.name, user, &trail.trace) else {
            return body;
        };
        let (method, uri, fields) = (head.method(), head.uri(), head.headers());
        let copy = transcript.request(method, uri, head.version(), fields);
        trail.transcript = Some(transcript);
        body.map(|body| body.shown_to(copy))
    }

    /// A request as modules get it: without credentials, and without what is of its connection.
    fn hand_over(
        &self,
        understood: Understood,
        head: Request<()>,
        body: Option<(runtime::BodyStream, Option<u64>)>,
    ) -> runtime::Request {
        let (body, body_length) = body.unzip();
        let mut head = head.into_parts().0;
        for name in [AUTHORIZATION, PROXY_AUTHORIZATION, CONNECTION] {
            head.headers.remove(name);
        }
        conditional::strengthen(&mut head.headers);
        runtime::Request {
            method: head.method.as_str().to_owned(),
            scheme: if self.peer.secure { "https" } else { "http" }.to_owned(),
            authority: understood
                .authority
                .unwrap_or_else(|| self.site.config.servername.clone()),
            path: understood.path,
            query: understood.query,
            headers: head.headers,
            body,
            body_length: body_length.flatten(),
            received: now(),
        }
    }

    /// A module's answer, as a reply.
    async fn pass_on(
        &self,
        answer: Answer,
        mount: &Mount,
        (signed_in, opening, size_max): (&Arc<SignedIn>, Opening, u64),
    ) -> Reply {
        if answer.status == StatusCode::UNAUTHORIZED && !self.peer.passwords {
            return no_passwords();
        }
        let mut reply = Reply {
            status: answer.status,
            headers: answer.headers,
            etag: answer.etag,
            last_modified: answer.last_modified,
            content: match answer.body {
                AnswerBody::None => Content::Empty,
                AnswerBody::Bytes(bytes) => Content::Bytes(bytes),
                AnswerBody::Blob(blob) => Content::Blob(blob),
                AnswerBody::Subscription(subscription) => {
                    let handshake = match subscription.websocket.then(|| opening.accept()) {
                        Some(Err(reply)) => return *reply,
                        Some(Ok(handshake)) => Some(handshake),
                        None => None,
                    };
                    let (runtime, open) = (&self.host.runtime, &self.open);
                    let memory = runtime.memory_max(&open.tenant, &subscription.module) as u64;
                    // Boxed, so that no other answer has room for it.
                    match Box::pin(hold(self.host, open, signed_in, subscription)).await {
                        Err(refused) => return unheld(&refused),
                        Ok(held) if handshake.is_none() => Content::Held(Box::new(held)),
                        Ok(held) => Content::Conversation(Box::new(Conversation {
                            held,
                            handshake,
                            size_max: size_max.min(memory),
                        })),
                    }
                }
                AnswerBody::Stream(pieces) => Content::Pieces(Box::pin(pieces.map(|piece| {
                    piece.map_err(|error| {
                        tracing::error!("an answer broke off: {error}");
                        error.into()
                    })
                }))),
            },
        };
        if reply.status == StatusCode::UNAUTHORIZED {
            let realm = self.realm(mount);
            reply.set_text(WWW_AUTHENTICATE, &basic::challenge(realm));
        }
        reply
    }

    /// What is answered where no module is.
    fn file(&self, method: &Method, path: &str) -> Reply {
        if *method == Method::OPTIONS {
            let mut reply = Reply::empty(StatusCode::NO_CONTENT);
            reply.set_text(ALLOW, &FILE_METHODS.join(", "));
            return reply;
        }
        if *method != Method::GET && *method != Method::HEAD {
            return wrong_method(method, &FILE_METHODS);
        }
        match &self.site.static_files {
            Some(files) => files.find(path),
            None if path == "/" => page::overview(&self.site.config.servername, &self.modules),
            None => Reply::text(StatusCode::NOT_FOUND, "there is nothing here"),
        }
    }
}

/// Sends to where a name leads, with what followed it. RFC 8615, RFC 6764 §5.
fn well_known(modules: &ModuleTable, rest: &str, query: Option<&str>) -> Option<Reply> {
    let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let mut location = modules.well_known(name)?.to_owned();
    if !rest.is_empty() {
        if !location.ends_with('/') {
            location.push('/');
        }
        location.push_str(rest);
    }
    if let Some(query) = query {
        location.push('?');
        location.push_str(query);
    }
    let mut reply = Reply::empty(StatusCode::MOVED_PERMANENTLY);
    reply.set_text(LOCATION, &location);
    Some(reply)
}

fn answers(mount: &Mount, method: &Method) -> bool {
    let mut methods = mount.methods.iter();
    methods.any(|known| known == method.as_str())
}

fn now() -> storage::Instant {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
