//! The floor: hyper and nothing else. It answers what was recorded from Chapar, from memory.

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

/// An answer, recorded.
pub struct Recorded {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Writes an answer for the floor to give.
pub fn record(folder: &Path, method: &str, path: &str, answer: &chapar_tests::support::Response) {
    let number = std::fs::read_dir(folder).unwrap().count();
    let mut text = format!("{method} {path} {}\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        if !matches!(
            name.as_str(),
            "date" | "content-length" | "transfer-encoding"
        ) {
            text.extend(format!("{name}: {value}\n").bytes());
        }
    }
    text.push(b'\n');
    text.extend(&answer.body);
    std::fs::write(folder.join(number.to_string()), text).unwrap();
}

fn read(folder: &Path) -> HashMap<(String, String), Recorded> {
    let mut all = HashMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let first: Vec<&str> = lines.next().unwrap().split(' ').collect();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                (name, HeaderValue::from_str(value).unwrap())
            })
            .collect();
        let recorded = Recorded {
            status: first[2].parse().unwrap(),
            headers,
            body: Bytes::from(bytes).slice(end + 2..),
        };
        all.insert((first[0].to_owned(), first[1].to_owned()), recorded);
    }
    all
}

/// Serves, and prints the port.
pub fn serve(folder: &Path) {
    let recorded = Arc::new(read(folder));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let recorded = recorded.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(recorded.clone(), request));
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
}

type Body = BoxBody<Bytes, Infallible>;

async fn answer(
    recorded: Arc<HashMap<(String, String), Recorded>>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (head, mut body) = request.into_parts();
    while let Some(Ok(_)) = body.frame().await {}
    let key = (head.method.to_string(), head.uri.path().to_owned());
    let mut response = Response::new(Full::default().boxed());
    let Some(known) = recorded.get(&key) else {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Ok(response);
    };
    *response.status_mut() = known.status;
    response.headers_mut().clone_from(&known.headers);
    *response.body_mut() = if known.body.len() > 1 << 20 {
        response
            .headers_mut()
            .insert("content-length", known.body.len().into());
        pieces(known.body.clone())
    } else {
        Full::new(known.body.clone()).boxed()
    };
    Ok(response)
}

/// A big body, in the pieces that a file would be read in.
fn pieces(body: Bytes) -> Body {
    const PIECE: usize = 64 * 1024;
    let count = body.len().div_ceil(PIECE);
    let frames = (0..count).map(move |n| {
        let end = body.len().min((n + 1) * PIECE);
        Ok::<_, Infallible>(Frame::data(body.slice(n * PIECE..end)))
    });
    BodyExt::boxed(StreamBody::new(stream::iter(frames)))
}
