//! From a request to its answer: which module or file its path means, and who asks.
//!
//! `/.well-known/` names lead elsewhere (RFC 8615), then come the mounts of modules, longest first,
//! then static files.

use super::body::{Body, RequestBody};
use super::log_line::LogLine;
use super::page;
use super::reply::{Content, Reply, Wish};
use super::socket::InFlight;
use super::static_files::StaticFiles;
use super::target;
use crate::auth::{Authenticator, Refusal, SignedIn, basic};
use crate::config::{Config, ServerInfo};
use futures_util::StreamExt;
use http::header::{
    ALLOW, AUTHORIZATION, CONNECTION, EXPECT, LOCATION, PROXY_AUTHORIZATION, RETRY_AFTER, SERVER,
    WWW_AUTHENTICATE,
};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::{Body as _, Incoming};
use runtime::{
    Access, Answer, AnswerBody, Extent, HandleError, ModuleTable, Mount, Runtime, Tenant,
};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Everything that answering a request takes.
pub struct Host {
    /// The modules.
    pub runtime: Runtime,
    /// The tenant; there is one.
    pub tenant: Arc<Tenant>,
    /// Who signs users in.
    pub authenticator: Authenticator,
    static_files: Option<StaticFiles>,
    anonymous: Arc<SignedIn>,
    server: Option<HeaderValue>,
    servername: String,
    size_max: u64,
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
}

/// What the head of a request means.
struct Understood<'a> {
    path: Cow<'a, str>,
    query: Option<&'a str>,
    authority: Cow<'a, str>,
}

/// What the log wants to know of how a request was answered.
#[derive(Default)]
struct Trail {
    module: Option<String>,
    signed_in: Option<Arc<SignedIn>>,
    cpu: Duration,
    bytes_in: Option<Arc<AtomicU64>>,
    /// The request made no sense: neither may what follows on its connection.
    nonsense: bool,
}

impl Host {
    /// Puts together what answers requests.
    pub fn new(
        config: &Config,
        runtime: Runtime,
        tenant: Arc<Tenant>,
        authenticator: Authenticator,
    ) -> Self {
        let server = match config.serverinfo {
            ServerInfo::On => Some(concat!("Chapar/", env!("CARGO_PKG_VERSION"))),
            ServerInfo::Min => Some("Chapar"),
            ServerInfo::Off => None,
        };
        Self {
            runtime,
            tenant,
            authenticator,
            static_files: config
                .httpdocroot
                .clone()
                .map(|root| StaticFiles::new(root, config.httpallowedurls.clone())),
            anonymous: Arc::new(SignedIn::anonymous()),
            server: server.map(HeaderValue::from_static),
            servername: config.servername.clone(),
            size_max: config.maxmessagesize,
        }
    }

    /// Answers a request.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        peer: Peer,
        in_flight: InFlight,
    ) -> Response<Body> {
        let mut line = LogLine::wanted().then(|| {
            Box::new(LogLine {
                began: Instant::now(),
                method: request.method().clone(),
                path: request.uri().path().to_owned(),
                module: None,
                signed_in: None,
                tenant: self.tenant.clone(),
                status: StatusCode::OK,
                bytes_in: None,
                bytes_out: 0,
                cpu: Duration::ZERO,
                broken: None,
            })
        });
        let version = request.version();
        let wish = Wish::of(request.method(), request.headers());
        let mut trail = Trail::default();
        let reply = self.reply(request, peer, &mut trail).await;
        let mut response = reply.send(&wish);
        if trail.nonsense && version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        if let Some(server) = &self.server {
            response.headers_mut().insert(SERVER, server.clone());
        }
        if let Some(line) = &mut line {
            line.status = response.status();
            line.module = trail.module;
            line.signed_in = trail.signed_in;
            line.cpu = trail.cpu;
            line.bytes_in = trail.bytes_in;
        }
        response.body_mut().until_sent(in_flight, line);
        response
    }

    async fn reply(&self, request: Request<Incoming>, peer: Peer, trail: &mut Trail) -> Reply {
        let (head, body) = request.into_parts();
        let head = Request::from_parts(head, ());
        let body = self.body(&head, body, trail);
        let understood = match self.understand(&head) {
            Ok(understood) => understood,
            Err(reply) => {
                trail.nonsense = reply.status == StatusCode::BAD_REQUEST;
                return *reply;
            }
        };
        let modules = self.runtime.modules();
        if let Some(name) = understood.path.strip_prefix("/.well-known/")
            && let Some(reply) = well_known(&modules, name, understood.query)
        {
            return reply;
        }
        let method = head.method();
        let Some(route) = modules.route(&understood.path) else {
            return self.file(&modules, method, &understood.path);
        };
        if !answers(&route.mount, method) {
            // A module may speak its protocol at a page's path, `/` say, and leave people the page.
            let is_page = matches!(*method, Method::GET | Method::HEAD);
            return match route.mount.extent {
                Extent::Exact if is_page => self.file(&modules, method, &understood.path),
                Extent::Exact | Extent::Prefix => wrong_method(method, &route.mount.methods),
            };
        }
        trail.module = Some(route.module.clone());
        let signed_in = match self.sign_in(&head, &route.mount, peer).await {
            Ok(signed_in) => signed_in,
            Err(reply) => return *reply,
        };
        trail.signed_in = Some(signed_in.clone());
        let body_length = body.as_ref().and_then(RequestBody::announced);
        if body_length.is_some_and(|length| length > self.size_max) {
            return self.too_large();
        }
        let Understood {
            path,
            query,
            authority,
        } = understood;
        let (path, query) = (path.into_owned(), query.map(str::to_owned));
        let authority = authority.into_owned();
        let mut head = head.into_parts().0;
        for name in [AUTHORIZATION, PROXY_AUTHORIZATION, CONNECTION] {
            head.headers.remove(name);
        }
        let request = runtime::Request {
            method: head.method.as_str().to_owned(),
            scheme: if peer.secure { "https" } else { "http" }.to_owned(),
            authority,
            path,
            query,
            headers: head.headers,
            body: body.map(|body| Box::pin(body) as runtime::BodyStream),
            body_length,
            received: now(),
        };
        let identity = signed_in.identity.clone();
        let answer = self.runtime.handle(&route, &self.tenant, identity, request);
        match answer.await {
            Ok(answer) => {
                trail.cpu = answer.cpu;
                self.pass_on(answer, &route.mount, peer)
            }
            Err(error) => failed(&error),
        }
    }

    /// The body of a request, if it has one.
    fn body(&self, head: &Request<()>, body: Incoming, trail: &mut Trail) -> Option<RequestBody> {
        if body.is_end_stream() {
            return None;
        }
        let received = Arc::new(AtomicU64::new(0));
        trail.bytes_in = Some(received.clone());
        let expects = head.headers().contains_key(EXPECT);
        Some(RequestBody::new(body, self.size_max, received, expects))
    }

    /// Checks what every request must be like.
    fn understand<'a>(&'a self, request: &'a Request<()>) -> Result<Understood<'a>, Box<Reply>> {
        let bad =
            |problem: &str| Reply::text(StatusCode::BAD_REQUEST, format!("bad request: {problem}"));
        let (uri, method) = (request.uri(), request.method());
        if uri.path().len() + uri.query().map_or(0, str::len) > target::LEN_MAX {
            let text = format!("the target is longer than {} bytes", target::LEN_MAX);
            return Err(Reply::text(StatusCode::URI_TOO_LONG, text).into());
        }
        let authority = target::authority(request).map_err(bad)?;
        // RFC 9110 §10.1.1: no other expectation is known.
        let expectation = request.headers().get(EXPECT);
        if expectation.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
        {
            let text = "nothing but 100-continue can be expected";
            return Err(Reply::text(StatusCode::EXPECTATION_FAILED, text).into());
        }
        // RFC 9110 §9.1: 501 if a method is known nowhere, 405 if it is not for this resource.
        if !is_known(method) && !self.methods().contains(method.as_str()) {
            let text = format!("there is no method {method} here");
            return Err(Reply::text(StatusCode::NOT_IMPLEMENTED, text).into());
        }
        if *method == Method::OPTIONS && uri.path() == "*" {
            // RFC 9110 §9.3.7: the server in general.
            let mut reply = Reply::empty(StatusCode::NO_CONTENT);
            let methods: Vec<String> = self.methods().into_iter().collect();
            reply.set_text(ALLOW, &methods.join(", "));
            return Err(reply.into());
        }
        if *method == Method::CONNECT {
            return Err(wrong_method(method, &FILE_METHODS).into());
        }
        Ok(Understood {
            path: target::normalise(uri.path()).map_err(bad)?,
            query: uri.query(),
            authority: authority.unwrap_or(Cow::Borrowed(&self.servername)),
        })
    }

    /// Says who asks, or what is answered to those who may not.
    async fn sign_in(
        &self,
        head: &Request<()>,
        mount: &Mount,
        peer: Peer,
    ) -> Result<Arc<SignedIn>, Box<Reply>> {
        let mut fields = head.headers().get_all(AUTHORIZATION).iter();
        let Some(authorization) = fields.next() else {
            let open = match mount.access {
                Access::Anonymous => true,
                Access::Authenticated => false,
                Access::AuthenticatedButOptions => *head.method() == Method::OPTIONS,
            };
            return match open {
                true => Ok(self.anonymous.clone()),
                false => Err(self.challenge(mount, peer, "sign in").into()),
            };
        };
        if fields.next().is_some() {
            let text = "bad request: more than one Authorization";
            return Err(Reply::text(StatusCode::BAD_REQUEST, text).into());
        }
        if !peer.passwords {
            return Err(no_passwords().into());
        }
        let outcome = self
            .authenticator
            .sign_in(authorization.as_bytes(), peer.address);
        let refused = |refusal| match refusal {
            Refusal::Scheme => self.challenge(mount, peer, "sign in with the Basic scheme"),
            Refusal::Credentials => {
                self.challenge(mount, peer, "no such user, or a wrong password")
            }
            Refusal::TooMany(wait) => later(
                StatusCode::TOO_MANY_REQUESTS,
                wait,
                "too many wrong passwords: wait a while",
            ),
            Refusal::Busy => later(
                StatusCode::SERVICE_UNAVAILABLE,
                BUSY_WAIT,
                "too many are signing in",
            ),
            Refusal::Unavailable(reason) => {
                tracing::error!("can't look up a user: {reason}");
                later(
                    StatusCode::SERVICE_UNAVAILABLE,
                    BUSY_WAIT,
                    "users can't be looked up now",
                )
            }
        };
        outcome.await.map_err(|refusal| refused(refusal).into())
    }

    /// 401, or where passwords may not be sent, 403: a client that is asked would send one.
    fn challenge(&self, mount: &Mount, peer: Peer, text: &str) -> Reply {
        if !peer.passwords {
            return no_passwords();
        }
        let mut reply = Reply::text(StatusCode::UNAUTHORIZED, text);
        let realm = mount.realm.as_deref().unwrap_or(&self.servername);
        reply.set_text(WWW_AUTHENTICATE, &basic::challenge(realm));
        reply
    }

    /// A module's answer, as a reply.
    fn pass_on(&self, answer: Answer, mount: &Mount, peer: Peer) -> Reply {
        if answer.status == StatusCode::UNAUTHORIZED && !peer.passwords {
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
                AnswerBody::Stream(pieces) => Content::Pieces(Box::pin(pieces.map(|piece| {
                    piece.map_err(|error| {
                        tracing::error!("an answer broke off: {error}");
                        error.into()
                    })
                }))),
            },
        };
        if reply.status == StatusCode::UNAUTHORIZED {
            let realm = mount.realm.as_deref().unwrap_or(&self.servername);
            reply.set_text(WWW_AUTHENTICATE, &basic::challenge(realm));
        }
        reply
    }

    /// What is answered where no module is.
    fn file(&self, modules: &ModuleTable, method: &Method, path: &str) -> Reply {
        if *method == Method::OPTIONS {
            let mut reply = Reply::empty(StatusCode::NO_CONTENT);
            reply.set_text(ALLOW, &FILE_METHODS.join(", "));
            return reply;
        }
        if *method != Method::GET && *method != Method::HEAD {
            return wrong_method(method, &FILE_METHODS);
        }
        match &self.static_files {
            Some(files) => files.find(path),
            None if path == "/" => page::overview(&self.servername, modules),
            None => Reply::text(StatusCode::NOT_FOUND, "there is nothing here"),
        }
    }

    fn too_large(&self) -> Reply {
        let text = format!("the body is longer than {} bytes", self.size_max);
        Reply::text(StatusCode::PAYLOAD_TOO_LARGE, text)
    }

    /// The methods of all mounts.
    fn methods(&self) -> BTreeSet<String> {
        let modules = self.runtime.modules();
        let of_files = FILE_METHODS.into_iter().map(str::to_owned);
        let descriptors = modules
            .states()
            .iter()
            .filter_map(|state| state.descriptor.as_ref());
        let mounts = descriptors.flat_map(|descriptor| &descriptor.mounts);
        of_files
            .chain(mounts.flat_map(|mount| mount.methods.iter().cloned()))
            .collect()
    }
}

const FILE_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// After how long those are asked to come again who found the host busy.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Methods that are worth a 405: those of HTTP and the ones registered by WebDAV and its kin.
fn is_known(method: &Method) -> bool {
    matches!(
        method.as_str(),
        "GET"
            | "HEAD"
            | "PUT"
            | "POST"
            | "DELETE"
            | "OPTIONS"
            | "PROPFIND"
            | "REPORT"
            | "PROPPATCH"
            | "MKCOL"
            | "COPY"
            | "MOVE"
            | "LOCK"
            | "UNLOCK"
            | "ACL"
            | "PATCH"
            | "SEARCH"
            | "TRACE"
            | "CONNECT"
            | "MKCALENDAR"
            | "BIND"
            | "UNBIND"
            | "REBIND"
            | "MKREDIRECTREF"
            | "UPDATEREDIRECTREF"
            | "ORDERPATCH"
            | "VERSION-CONTROL"
            | "CHECKOUT"
            | "CHECKIN"
            | "UNCHECKOUT"
            | "MKWORKSPACE"
            | "UPDATE"
            | "LABEL"
            | "MERGE"
            | "BASELINE-CONTROL"
            | "MKACTIVITY"
            | "LINK"
            | "UNLINK"
            | "PRI"
    )
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

fn wrong_method<S: AsRef<str>>(method: &Method, allowed: &[S]) -> Reply {
    let text = format!("no {method} here");
    let mut reply = Reply::text(StatusCode::METHOD_NOT_ALLOWED, text);
    let allowed: Vec<&str> = allowed.iter().map(AsRef::as_ref).collect();
    reply.set_text(ALLOW, &allowed.join(", "));
    reply
}

fn no_passwords() -> Reply {
    Reply::text(
        StatusCode::FORBIDDEN,
        "passwords are taken over TLS only: use https",
    )
}

fn later(status: StatusCode, wait: Duration, text: &str) -> Reply {
    let mut reply = Reply::text(status, text);
    reply.set(RETRY_AFTER, wait.as_secs().max(1).into());
    reply
}

/// The one place where a module's failure becomes a status.
fn failed(error: &HandleError) -> Reply {
    let busy = "the server is busy: try again in a moment";
    match error {
        HandleError::Trapped { .. } => {
            tracing::error!("{error}");
            Reply::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "this failed; the server's log says why",
            )
        }
        HandleError::Unsupported { .. } => {
            tracing::warn!("{error}");
            Reply::text(StatusCode::NOT_IMPLEMENTED, "this server can't do that yet")
        }
        HandleError::Deadline { .. } | HandleError::Memory { .. } => {
            tracing::warn!("{error}");
            later(
                StatusCode::SERVICE_UNAVAILABLE,
                BUSY_WAIT,
                "this took too much: it was ended",
            )
        }
        HandleError::Busy { .. } => later(StatusCode::SERVICE_UNAVAILABLE, BUSY_WAIT, busy),
    }
}

fn now() -> storage::Instant {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
