//! What posts spans to the collector: a connection for each batch, every few seconds.

use crate::tls;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_rustls::TlsConnector;

/// A collector that takes longer has lost the batch.
const TIME_MAX: Duration = Duration::from_secs(10);
/// More of an answer is not read.
const ANSWER_MAX: usize = 64 << 10;

/// Posts to one collector, on the threads of the runtime that it was made on.
#[derive(Debug)]
pub struct Client {
    runtime: Handle,
    collector: Arc<Collector>,
    /// The last batch was not taken: only changes are logged.
    failing: AtomicBool,
}

struct Collector {
    host: String,
    port: u16,
    authority: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}:{}", self.host, self.port)
    }
}

impl Client {
    /// A client of the collector at this address; says what is wrong with it.
    pub fn new(url: &str) -> Result<Self, String> {
        Ok(Self {
            runtime: Handle::try_current().map_err(|error| error.to_string())?,
            collector: Arc::new(Collector::new(url)?),
            failing: AtomicBool::new(false),
        })
    }

    fn note(&self, sent: &Result<Response<Bytes>, HttpError>) {
        let problem = match sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answered {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        let failed_before = self.failing.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !failed_before => {
                tracing::warn!("spans are dropped, the collector does not take them: {problem}");
            }
            None if failed_before => tracing::info!("the collector takes spans again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // The exporter's thread knows nothing of sockets.
        let collector = self.collector.clone();
        let sending = async move { tokio::time::timeout(TIME_MAX, collector.send(request)).await };
        let sent = match self.runtime.spawn(sending).await {
            Ok(Ok(sent)) => sent,
            Ok(Err(late)) => Err(late.into()),
            Err(stopped) => Err(stopped.into()),
        };
        self.note(&sent);
        sent
    }
}

impl Collector {
    fn new(url: &str) -> Result<Self, String> {
        let url: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
        let secure = url.scheme() == Some(&Scheme::HTTPS);
        let authority = url.authority().ok_or("it names no host")?;
        let host = authority.host();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let tls = match secure {
            true => Some((tls::outgoing()?, server_name(host)?)),
            false => None,
        };
        Ok(Self {
            host: host.to_owned(),
            port: authority
                .port_u16()
                .unwrap_or(if secure { 443 } else { 80 }),
            authority: HeaderValue::from_str(authority.as_str()).map_err(|e| e.to_string())?,
            tls,
        })
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.tls {
            None => self.post(TokioIo::new(stream), request).await,
            Some((tls, name)) => {
                let stream = tls.connect(name.clone(), stream).await?;
                self.post(TokioIo::new(stream), request).await
            }
        }
    }

    async fn post(
        &self,
        stream: impl Read + Write + Unpin + Send + 'static,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, HttpError> {
        let (mut head, body) = request.into_parts();
        // A request to a server, not to a proxy. RFC 9112 §3.2.1.
        let path = head.uri.path_and_query();
        head.uri = path.map_or_else(|| Ok(Uri::default()), |path| path.as_str().parse())?;
        head.headers.insert(HOST, self.authority.clone());
        let (mut sender, connection) = http1::handshake(stream).await?;
        // Ends when the sender is dropped.
        let connection = tokio::spawn(connection);
        let request = Request::from_parts(head, Full::new(body));
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_MAX).collect().await?.to_bytes();
        connection.abort();
        Ok(Response::from_parts(head, body))
    }
}

fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())
}
