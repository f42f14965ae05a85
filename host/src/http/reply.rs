//! From what a module or a file has to say to an HTTP response: conditions, ranges, HEAD, length.
//! RFC 9110 §9.3.2, §13, §14, §15.3.7.

use super::body::{Body, BodyError, Pieces};
use super::conditional::{self, Outcome, Validators};
use super::date;
use super::range::{self, Selection};
use super::static_files::OpenFile;
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{
    ACCEPT_RANGES, CONNECTION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, DATE, ETAG, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE, SERVER, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

/// The body of a reply.
pub enum Content {
    /// Nothing.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// Bytes in storage.
    Blob(storage::Blob),
    /// Bytes in a file.
    File(OpenFile),
    /// What is written while the request runs.
    Pieces(Pieces),
}

/// A reply before conditions and ranges.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The entity tag, in quotes.
    pub etag: Option<String>,
    /// When the content last changed, in milliseconds since 1970.
    pub last_modified: Option<i64>,
    /// The body.
    pub content: Content,
}

/// What of a request decides how a reply is sent.
pub struct Wish {
    head: bool,
    /// The fields for conditions and ranges; none if there are none, as mostly.
    fields: Option<HeaderMap>,
}

impl Wish {
    /// Notes what the request says, before its fields go to the module.
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        const NAMES: [HeaderName; 6] = [
            IF_MATCH,
            IF_NONE_MATCH,
            IF_MODIFIED_SINCE,
            IF_UNMODIFIED_SINCE,
            IF_RANGE,
            RANGE,
        ];
        let head = method == Method::HEAD;
        let mut fields = None;
        if head || method == Method::GET {
            // RFC 9110 §14.2: GET is the only method for which Range is defined.
            for name in NAMES.into_iter().filter(|name| !head || name != RANGE) {
                for value in headers.get_all(&name) {
                    let fields = fields.get_or_insert_with(HeaderMap::new);
                    fields.append(&name, value.clone());
                }
            }
        }
        Self { head, fields }
    }
}

impl Reply {
    /// A reply without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            etag: None,
            last_modified: None,
            content: Content::Empty,
        }
    }

    /// A short text.
    pub fn text(status: StatusCode, text: impl Into<String>) -> Self {
        let mut text = text.into();
        text.push('\n');
        let mut reply = Self::empty(status);
        reply.set(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        reply.content = Content::Bytes(text.into());
        reply
    }

    /// Sets a field.
    pub fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// Sets a field, unless the value has characters that can't be in one.
    pub fn set_text(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// Makes the response.
    pub fn send(mut self, wish: &Wish) -> Response<Body> {
        self.put_validators();
        let ranged = match &wish.fields {
            Some(fields) if self.status == StatusCode::OK => match self.conditional(fields) {
                Ok(ranged) => ranged,
                Err(status) => return self.without_body(status),
            },
            _ => None,
        };
        let len = self.len();
        if len.is_some() && self.status == StatusCode::OK && self.etag.is_some() {
            self.set(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        let body = match (ranged, len) {
            _ if wish.head => {
                if let Some(len) = len {
                    self.set(CONTENT_LENGTH, len.into());
                }
                Body::empty()
            }
            (Some(parts), Some(len)) => self.partial(parts, len),
            (_, Some(len)) => self.slice(0..len),
            (_, None) => match std::mem::replace(&mut self.content, Content::Empty) {
                Content::Pieces(pieces) => Body::pieces(pieces, None),
                _ => Body::empty(),
            },
        };
        self.response(body)
    }

    fn response(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().insert(DATE, date::now());
        response
    }

    /// Removes what is the host's to say, and writes tag and date as fields.
    fn put_validators(&mut self) {
        const OURS: [HeaderName; 7] = [
            CONNECTION,
            CONTENT_LENGTH,
            DATE,
            SERVER,
            TRAILER,
            TRANSFER_ENCODING,
            UPGRADE,
        ];
        for name in OURS {
            self.headers.remove(name);
        }
        if let Some(etag) = &self.etag
            && let Ok(value) = HeaderValue::from_str(etag)
        {
            self.headers.insert(ETAG, value);
        }
        if let Some(value) = self.last_modified.and_then(http_date) {
            self.headers.insert(LAST_MODIFIED, value);
        }
    }

    /// Evaluates conditions; returns the ranges to send, or a status that needs no body.
    fn conditional(&mut self, fields: &HeaderMap) -> Result<Option<Vec<Range<u64>>>, StatusCode> {
        let validators = Validators {
            etag: self.etag.as_deref(),
            last_modified: self.last_modified,
        };
        match conditional::evaluate(fields, validators) {
            Outcome::Proceed => {}
            Outcome::NotModified => return Err(StatusCode::NOT_MODIFIED),
            Outcome::Failed => return Err(StatusCode::PRECONDITION_FAILED),
        }
        let (Some(field), Some(len)) = (fields.get(RANGE), self.len()) else {
            return Ok(None);
        };
        if !conditional::range_applies(fields, validators) {
            return Ok(None);
        }
        match range::select(field.to_str().unwrap_or_default(), len) {
            Selection::Whole => Ok(None),
            Selection::Parts(parts) => Ok(Some(parts)),
            Selection::Unsatisfiable => {
                // RFC 9110 §14.4: "bytes */" and the length.
                self.set_text(CONTENT_RANGE, &format!("bytes */{len}"));
                Err(StatusCode::RANGE_NOT_SATISFIABLE)
            }
        }
    }

    /// RFC 9110 §15.4.5: what describes the body that isn't sent is left out.
    fn without_body(&mut self, status: StatusCode) -> Response<Body> {
        for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE] {
            self.headers.remove(name);
        }
        let mut reply = Self::empty(status);
        reply.headers = std::mem::take(&mut self.headers);
        reply.response(Body::empty())
    }

    /// How many bytes there are; none if that isn't known yet.
    fn len(&self) -> Option<u64> {
        match &self.content {
            Content::Empty => Some(0),
            Content::Bytes(bytes) => Some(bytes.len() as u64),
            Content::Blob(blob) => Some(blob.size),
            Content::File(file) => Some(file.len),
            Content::Pieces(_) => None,
        }
    }

    /// Some of the bytes, all of them there.
    fn slice(&self, range: Range<u64>) -> Body {
        let len = range.end - range.start;
        match self.part(range) {
            Part::Bytes(bytes) => Body::bytes(bytes),
            Part::Pieces(pieces) => Body::pieces(pieces, Some(len)),
        }
    }

    fn part(&self, range: Range<u64>) -> Part {
        match &self.content {
            Content::Empty | Content::Pieces(_) => Part::Bytes(Bytes::new()),
            Content::Bytes(bytes) => Part::Bytes(cut(bytes, range)),
            Content::Blob(storage::Blob {
                inline: Some(bytes),
                ..
            }) => Part::Bytes(cut(bytes, range)),
            Content::Blob(blob) => {
                let pieces = blob.source.clone().stream(range.start, range.end);
                Part::Pieces(Box::pin(pieces.map(|piece| piece.map_err(BodyError::from))))
            }
            Content::File(file) => match file.read_now(&range) {
                Some(Ok(bytes)) => Part::Bytes(bytes),
                Some(Err(error)) => {
                    let error = Err(BodyError::from(error));
                    Part::Pieces(Box::pin(futures_util::stream::iter([error])))
                }
                None => Part::Pieces(file.pieces(range)),
            },
        }
    }

    /// 206, with one range or several. RFC 9110 §14.6, §15.3.7.
    fn partial(&mut self, parts: Vec<Range<u64>>, len: u64) -> Body {
        self.status = StatusCode::PARTIAL_CONTENT;
        if let [range] = parts.as_slice() {
            self.set_text(CONTENT_RANGE, &content_range(range, len));
            return self.slice(range.clone());
        }
        let boundary = uuid::Uuid::new_v4().simple().to_string();
        let content_type = self.headers.remove(CONTENT_TYPE);
        self.set_text(
            CONTENT_TYPE,
            &format!("multipart/byteranges; boundary={boundary}"),
        );
        let mut total = 0;
        let mut pieces: Vec<Pieces> = Vec::new();
        let once = |bytes: Bytes| -> Pieces { Box::pin(futures_util::stream::iter([Ok(bytes)])) };
        for range in parts {
            let mut head = format!("\r\n--{boundary}\r\n").into_bytes();
            if let Some(value) = &content_type {
                head.extend_from_slice(b"Content-Type: ");
                head.extend_from_slice(value.as_bytes());
                head.extend_from_slice(b"\r\n");
            }
            let field = content_range(&range, len);
            head.extend_from_slice(format!("Content-Range: {field}\r\n\r\n").as_bytes());
            total += head.len() as u64 + range.end - range.start;
            pieces.push(once(head.into()));
            pieces.push(match self.part(range) {
                Part::Bytes(bytes) => once(bytes),
                Part::Pieces(pieces) => pieces,
            });
        }
        let end = format!("\r\n--{boundary}--\r\n");
        total += end.len() as u64;
        pieces.push(once(end.into()));
        let pieces = futures_util::stream::iter(pieces).flatten();
        Body::pieces(Box::pin(pieces), Some(total))
    }
}

enum Part {
    Bytes(Bytes),
    Pieces(Pieces),
}

fn content_range(range: &Range<u64>, len: u64) -> String {
    format!(
        "bytes {}-{}/{len}",
        range.start,
        range.end.saturating_sub(1)
    )
}

fn cut(bytes: &Bytes, range: Range<u64>) -> Bytes {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(place(range.start)..place(range.end))
}

/// An HTTP date, if the time is one that it can express. RFC 9110 §5.6.7.
fn http_date(instant_ms: i64) -> Option<HeaderValue> {
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = u64::try_from(instant_ms.div_euclid(1000)).ok()?;
    if seconds >= YEAR_10000 {
        return None;
    }
    let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn send(method: Method, fields: &[(HeaderName, &str)]) -> (u16, HeaderMap, Vec<u8>) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let mut reply = Reply::text(StatusCode::OK, "0123456789");
        reply.etag = Some("\"a\"".to_owned());
        reply.last_modified = Some(784_111_777_000);
        reply.content = Content::Bytes((0..1000u32).map(|n| n as u8).collect::<Vec<_>>().into());
        let response = reply.send(&Wish::of(&method, &headers));
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (head.status.as_u16(), head.headers, body)
    }

    #[tokio::test]
    async fn s9_3_2_head_has_the_fields_of_get() {
        let (status, headers, body) = send(Method::HEAD, &[]).await;
        assert_eq!((status, body.len()), (200, 0));
        assert_eq!(headers[CONTENT_LENGTH], "1000");
        assert_eq!(headers[ETAG], "\"a\"");
        assert_eq!(headers[LAST_MODIFIED], "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(send(Method::HEAD, &[(RANGE, "bytes=1000-")]).await.0, 200);
    }

    #[tokio::test]
    async fn s15_4_5_not_modified_has_no_body_and_keeps_its_tag() {
        let (status, headers, body) = send(Method::GET, &[(IF_NONE_MATCH, "\"a\"")]).await;
        assert_eq!((status, body.len()), (304, 0));
        assert_eq!(headers[ETAG], "\"a\"");
        assert!(!headers.contains_key(CONTENT_TYPE));
        assert_eq!(send(Method::PUT, &[(IF_NONE_MATCH, "\"a\"")]).await.0, 200);
    }

    #[tokio::test]
    async fn s15_3_7_one_range() {
        let (status, headers, body) = send(Method::GET, &[(RANGE, "bytes=2-4")]).await;
        assert_eq!((status, body), (206, vec![2, 3, 4]));
        assert_eq!(headers[CONTENT_RANGE], "bytes 2-4/1000");
        let changed = [(RANGE, "bytes=2-4"), (IF_RANGE, "\"b\"")];
        assert_eq!(send(Method::GET, &changed).await.0, 200);
    }

    #[tokio::test]
    async fn s15_3_7_2_several_ranges_are_multipart() {
        let (status, headers, body) = send(Method::GET, &[(RANGE, "bytes=0-1,500-501")]).await;
        assert_eq!(status, 206);
        let content_type = headers[CONTENT_TYPE].to_str().unwrap();
        let boundary = content_type
            .strip_prefix("multipart/byteranges; boundary=")
            .unwrap();
        let mut expected = Vec::new();
        for (range, bytes) in [("0-1", [0, 1]), ("500-501", [244, 245])] {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {range}/1000\r\n\r\n"
            );
            expected.extend_from_slice(head.as_bytes());
            expected.extend_from_slice(&bytes);
        }
        expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn s15_5_17_beyond_the_end() {
        let (status, headers, _) = send(Method::GET, &[(RANGE, "bytes=1000-")]).await;
        assert_eq!(status, 416);
        assert_eq!(headers[CONTENT_RANGE], "bytes */1000");
    }

    #[test]
    fn dates_that_http_can_not_express_are_left_out() {
        assert!(http_date(-1).is_none());
        assert!(http_date(i64::MAX).is_none());
        assert!(http_date(0).is_some());
    }
}
