//! One message to one push service: a connection of its own, over TLS alone, with bounds on time and
//! on what is read; no redirect is followed. RFC 8030 §5.

use super::destination::{Destination, is_public};
use crate::tls;
use bytes::Bytes;
use http::header::{HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// How long all of it may take.
const TIME_MAX: Duration = Duration::from_secs(30);
/// How long one address is waited for.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// Addresses of a name that are tried.
const ADDRESSES_MAX: usize = 4;
/// What the head of an answer may have.
const HEAD_LEN_MAX: usize = 16 << 10;
const FIELDS_MAX: usize = 64;

/// What a push service answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// What the service asks to wait.
    pub retry_after: Option<Duration>,
}

/// What posts.
pub struct Poster {
    tls: TlsConnector,
}

impl Poster {
    /// Trusts whom this machine trusts.
    pub fn new() -> Result<Self, String> {
        Ok(Self {
            tls: tls::outgoing()?,
        })
    }

    /// Posts; says why there was no answer.
    pub async fn post(
        &self,
        to: &Destination,
        private: bool,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, String> {
        let posting = self.try_post(to, private, headers, body);
        match tokio::time::timeout(TIME_MAX, posting).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {TIME_MAX:?}")),
        }
    }

    async fn try_post(
        &self,
        to: &Destination,
        private: bool,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, String> {
        let text = |error: std::io::Error| error.to_string();
        let stream = connect(to, private).await?;
        let name = ServerName::try_from(to.host.clone()).map_err(|error| error.to_string())?;
        let stream = self.tls.connect(name, stream).await.map_err(text)?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_LEN_MAX).max_headers(FIELDS_MAX);
        let connected = builder.handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = connected.map_err(|error| error.to_string())?;
        // Ends with the guard, whatever becomes of this: of the answer only the head is wanted.
        let _connection = AbortOnDrop(tokio::spawn(async move {
            let _ = connection.await;
        }));
        let request = request(to, headers, body)?;
        let answer = sender.send_request(request).await;
        let answer = answer.map_err(|error| error.to_string())?;
        Ok(Answer {
            status: answer.status(),
            retry_after: retry_after(answer.headers(), SystemTime::now()),
        })
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn request(
    to: &Destination,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = to
        .target
        .parse()
        .map_err(|_| "the path of the URL is none")?;
    *request.headers_mut() = headers;
    let host = HeaderValue::try_from(&to.authority).map_err(|error| error.to_string())?;
    request.headers_mut().insert(HOST, host);
    let agent = HeaderValue::from_static("chapar");
    request.headers_mut().insert(USER_AGENT, agent);
    Ok(request)
}

/// Connects to the address that was checked: looked up again, the name could lead elsewhere.
async fn connect(to: &Destination, private: bool) -> Result<TcpStream, String> {
    let found = lookup_host((to.host.as_str(), to.port)).await;
    let found = found.map_err(|error| format!("{}: {error}", to.host))?;
    let allowed = |address: &SocketAddr| private || is_public(address.ip());
    let addresses: Vec<SocketAddr> = found.filter(allowed).take(ADDRESSES_MAX).collect();
    let mut reason = format!("{} is at no address that is public", to.host);
    for address in addresses {
        let connecting = tokio::time::timeout(CONNECT_TIME_MAX, TcpStream::connect(address));
        match connecting.await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => reason = format!("{address}: {error}"),
            Err(_) => reason = format!("{address} does not answer"),
        }
    }
    Err(reason)
}

/// Seconds, or a date. RFC 9110 §10.2.3.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_s10_2_3_retry_after_is_seconds_or_a_date() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            let now = httpdate::parse_http_date("Fri, 31 Dec 1999 23:58:59 GMT").unwrap();
            retry_after(&headers, now)
        };
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        let date = "Fri, 31 Dec 1999 23:59:59 GMT";
        assert_eq!(read(date), Some(Duration::from_secs(60)));
        assert_eq!(read("soon"), None);
    }

    #[tokio::test]
    async fn rfc8620_s8_6_a_name_that_leads_inside_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = Destination::parse(&format!("https://localhost:{port}/")).unwrap();
        let refused = connect(&to, false).await.unwrap_err();
        assert!(refused.contains("public"), "{refused}");
        assert!(connect(&to, true).await.is_ok());
    }
}
