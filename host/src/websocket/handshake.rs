//! How a WebSocket is opened: by an Upgrade in HTTP/1.1 (RFC 6455 §4.2), by an extended CONNECT in
//! HTTP/2 (RFC 8441). Modules see a GET with `Upgrade: websocket` either way.

use crate::http::cors::{Allowed, Origins};
use crate::http::reply::Reply;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};
use hyper::ext::Protocol;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// The only version there is. RFC 6455 §4.1.
const VERSION: HeaderValue = HeaderValue::from_static("13");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
/// What a key is hashed with. RFC 6455 §1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What a request says of a WebSocket.
pub enum Opening {
    /// Nothing.
    None,
    /// It opens one.
    Asked(Handshake),
    /// It means to, and makes a mistake, which this says.
    Refused(Box<Reply>),
}

/// The server's side of a handshake.
pub struct Handshake {
    /// What answers the client's key; none in HTTP/2, which has no keys.
    accept: Option<HeaderValue>,
}

/// Makes the extended CONNECT of a WebSocket a GET, and refuses others. RFC 8441 §4.
pub fn straighten<B>(request: &mut Request<B>) -> Result<(), Box<Reply>> {
    let Some(protocol) = request.extensions().get::<Protocol>() else {
        return Ok(());
    };
    if *request.method() != Method::CONNECT || protocol.as_str() != "websocket" {
        let text = "nothing but WebSockets can be connected to";
        return Err(Reply::text(StatusCode::NOT_IMPLEMENTED, text).into());
    }
    *request.method_mut() = Method::GET;
    request.headers_mut().insert(UPGRADE, WEBSOCKET);
    Ok(())
}

impl Opening {
    /// Reads what a request says. Where WebSockets are nobody's business here, it is nobody's mistake
    /// to say it wrongly: this counts only if a module wants to go on as one.
    pub fn of(request: &Request<()>, secure: bool, origins: &Origins) -> Self {
        let headers = request.headers();
        let is_extended = is_extended(request);
        if *request.method() != Method::GET || !has_token(headers, &UPGRADE, "websocket") {
            return Self::None;
        }
        if !is_extended
            && (request.version() != Version::HTTP_11
                || !has_token(headers, &CONNECTION, "upgrade"))
        {
            return Self::None;
        }
        let refuse = |status, text: &str| Self::Refused(Reply::text(status, text).into());
        if headers.get(SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
            // RFC 6455 §4.4.
            let text = "the version of WebSockets here is 13";
            let mut reply = Reply::text(StatusCode::UPGRADE_REQUIRED, text);
            reply.set(SEC_WEBSOCKET_VERSION, VERSION);
            return Self::Refused(reply.into());
        }
        if !may_come(request, secure, origins) {
            let text = "no WebSocket for pages of this origin";
            return refuse(StatusCode::FORBIDDEN, text);
        }
        let accept = match is_extended {
            true => None,
            false => match accept(headers) {
                Some(accept) => Some(accept),
                None => {
                    let text = "bad request: Sec-WebSocket-Key is not 16 bytes in base64";
                    return refuse(StatusCode::BAD_REQUEST, text);
                }
            },
        };
        Self::Asked(Handshake { accept })
    }

    /// The handshake, or what is answered to whoever did not make it right.
    pub fn accept(self) -> Result<Handshake, Box<Reply>> {
        match self {
            Self::Asked(handshake) => Ok(handshake),
            Self::Refused(reply) => Err(reply),
            // RFC 9110 §15.5.22; which field says to what, the reply knows.
            Self::None => {
                let text = "this is for WebSockets";
                Err(Reply::text(StatusCode::UPGRADE_REQUIRED, text).into())
            }
        }
    }
}

impl Handshake {
    /// Completes the answer: 101, in HTTP/2 200.
    pub fn complete(self, headers: &mut HeaderMap) -> StatusCode {
        headers.remove(SEC_WEBSOCKET_EXTENSIONS);
        let Some(accept) = self.accept else {
            return StatusCode::OK;
        };
        headers.insert(UPGRADE, WEBSOCKET);
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        StatusCode::SWITCHING_PROTOCOLS
    }
}

/// Says whether this came as an extended CONNECT.
pub fn is_extended<B>(request: &Request<B>) -> bool {
    request.extensions().get::<Protocol>().is_some()
}

/// RFC 6455 §10.2: browsers let any page open a WebSocket anywhere, and send what they have of
/// credentials. So a page may that is of this host, or that the operator lets read answers.
fn may_come(request: &Request<()>, secure: bool, origins: &Origins) -> bool {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return true;
    };
    if matches!(origins.find(origin), Some(Allowed::Listed(_))) {
        return true;
    }
    let authority = request.uri().authority().map(|it| it.as_str());
    let host = request.headers().get(HOST).and_then(|it| it.to_str().ok());
    let (Some(host), Ok(origin)) = (authority.or(host), origin.to_str()) else {
        return false;
    };
    let of_origin = match origin.strip_prefix("https://") {
        Some(of_origin) => of_origin,
        // Without TLS here, there may be some at a proxy; the other way round there is none.
        None => match origin.strip_prefix("http://").filter(|_| !secure) {
            Some(of_origin) => of_origin,
            None => return false,
        },
    };
    of_origin.eq_ignore_ascii_case(host)
}

/// Says whether a field that is a list has a token, in whatever case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter();
    let mut tokens = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tokens.any(|it| it.trim().eq_ignore_ascii_case(token))
}

/// What answers the client's key. RFC 6455 §4.2.2.
fn accept(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let key = keys.next()?.to_str().ok()?.trim();
    let decoded = STANDARD.decode(key).ok()?;
    if decoded.len() != 16 || keys.next().is_some() {
        return None;
    }
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes());
    HeaderValue::try_from(STANDARD.encode(hash)).ok()
}
