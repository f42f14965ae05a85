//! From what a module or a file has to say to an HTTP response: conditions, ranges, HEAD, length.
//! RFC 9110 §9.3.2, §13, §14, §15.3.7.

use super::body::{Body, Pieces};
use super::coding::{Coding, encoder, worth};
use super::conditional::{self, Outcome, Validators};
use super::content::{Content, Part};
use super::date;
use super::range::{self, Selection};
use super::wish::Wish;
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{
    ACCEPT_RANGES, CONNECTION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, DATE, ETAG, HeaderName, LAST_MODIFIED, RANGE, SERVER, TRAILER, TRANSFER_ENCODING,
    UPGRADE, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

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
        if matches!(self.content, Content::Held(_) | Content::Conversation(_)) {
            return self.held(wish);
        }
        let coding = self.coding(wish);
        let ranged = match &wish.fields {
            Some(fields) if self.status == StatusCode::OK => match self.conditional(fields) {
                Ok(ranged) => ranged,
                Err(status) => {
                    if coding.is_some() {
                        weaken(&mut self.headers);
                    }
                    return self.without_body(status);
                }
            },
            _ => None,
        };
        if ranged.is_none()
            && let Some(coding) = coding
        {
            return self.encoded(coding, wish);
        }
        self.plain(ranged, wish)
    }

    /// An answer that goes on for as long as the client waits: nothing that it says now is the whole.
    fn held(mut self, wish: &Wish) -> Response<Body> {
        let body = match std::mem::replace(&mut self.content, Content::Empty) {
            Content::Held(held) if !wish.head => Body::held(held.into_pieces()),
            Content::Conversation(mut conversation) => {
                if let Some(handshake) = conversation.handshake.take() {
                    self.status = handshake.complete(&mut self.headers);
                }
                Body::conversation(conversation)
            }
            _ => Body::empty(),
        };
        self.response(body)
    }

    /// Finds the coding to send the body in, if any, and says what the answer varies by.
    fn coding(&mut self, wish: &Wish) -> Option<Coding> {
        let accepted = wish.codings?;
        if self.status == StatusCode::PARTIAL_CONTENT {
            return None;
        }
        let len = self.content.length();
        let worthwhile = worth::is_worthwhile(&self.headers, len);
        if worthwhile {
            self.headers
                .append(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        // RFC 9110 §12.5.3: someone who can't take plain bytes is sent none, worthwhile or not.
        let wanted = worthwhile
            || (!accepted.identity && len != Some(0) && worth::is_possible(&self.headers));
        accepted.coding.filter(|_| wanted)
    }

    /// The whole body, compressed if that can be done.
    fn encoded(mut self, coding: Coding, wish: &Wish) -> Response<Body> {
        let len = self.content.length();
        let body = match std::mem::replace(&mut self.content, Content::Empty) {
            // RFC 9110 §8.6: the length would have to be that of the compressed body.
            _ if wish.head => Body::empty(),
            content => match encoder::encode(content.whole(), coding) {
                Ok(encoded) => encoded.into_body(None),
                Err(plain) => {
                    let body = plain.into_body(len);
                    return self.response(body);
                }
            },
        };
        weaken(&mut self.headers);
        self.set(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        self.response(body)
    }

    /// The body, or some ranges of it, as it is.
    fn plain(mut self, ranged: Option<Vec<Range<u64>>>, wish: &Wish) -> Response<Body> {
        let len = self.content.length();
        if len.is_some() && self.status == StatusCode::OK && self.etag.is_some() {
            self.set(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        let content = std::mem::replace(&mut self.content, Content::Empty);
        let body = match (ranged, len) {
            _ if wish.head => {
                if let Some(len) = len {
                    self.set(CONTENT_LENGTH, len.into());
                }
                Body::empty()
            }
            (Some(parts), Some(len)) => self.partial(&content, parts, len),
            _ => content.whole().into_body(len),
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
        if self.status == StatusCode::UPGRADE_REQUIRED {
            // RFC 9110 §15.5.22.
            self.set(UPGRADE, HeaderValue::from_static("websocket"));
            self.set(CONNECTION, HeaderValue::from_static("Upgrade"));
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
        let (Some(field), Some(len)) = (fields.get(RANGE), self.content.length()) else {
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

    /// 206, with one range or several. RFC 9110 §14.6, §15.3.7.
    fn partial(&mut self, content: &Content, parts: Vec<Range<u64>>, len: u64) -> Body {
        self.status = StatusCode::PARTIAL_CONTENT;
        if let [range] = parts.as_slice() {
            self.set_text(CONTENT_RANGE, &content_range(range, len));
            let len = range.end - range.start;
            return content.part(range.clone()).into_body(Some(len));
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
            pieces.push(match content.part(range) {
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

/// RFC 9110 §8.8.1: the same tag for other bytes has to be a weak one. A client may send it back
/// where a strong one is needed, as if it had got the bytes as they are: the `W/` is not looked at
/// then.
fn weaken(headers: &mut HeaderMap) {
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    let weak = tag
        .filter(|tag| !tag.starts_with("W/"))
        .and_then(|tag| HeaderValue::try_from(format!("W/{tag}")).ok());
    if let Some(weak) = weak {
        headers.insert(ETAG, weak);
    }
}

fn content_range(range: &Range<u64>, len: u64) -> String {
    format!(
        "bytes {}-{}/{len}",
        range.start,
        range.end.saturating_sub(1)
    )
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
    use http::Method;
    use http::header::{ACCEPT_ENCODING, IF_NONE_MATCH, IF_RANGE};
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

    async fn send_text(
        method: Method,
        fields: &[(&'static str, &str)],
    ) -> (u16, HeaderMap, Vec<u8>) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let mut reply = Reply::text(StatusCode::OK, "0123456789".repeat(1000));
        reply.etag = Some("\"a\"".to_owned());
        let response = reply.send(&Wish::of(&method, &headers));
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (head.status.as_u16(), head.headers, body)
    }

    #[tokio::test]
    async fn s8_8_1_a_compressed_body_has_a_weak_tag_and_varies() {
        let gzip = ("accept-encoding", "gzip");
        let (status, headers, body) = send_text(Method::GET, &[gzip]).await;
        assert_eq!((status, &body[..2]), (200, &[0x1f, 0x8b][..]));
        assert!(body.len() < 1000);
        assert_eq!(headers[CONTENT_ENCODING], "gzip");
        assert_eq!(headers[ETAG], "W/\"a\"");
        assert_eq!(headers[VARY], "Accept-Encoding");
        assert!(!headers.contains_key(ACCEPT_RANGES));

        let (_, headers, body) = send_text(Method::GET, &[]).await;
        assert_eq!(body.len(), 10_001);
        assert_eq!(headers[ETAG], "\"a\"");
        assert_eq!(headers[VARY], "Accept-Encoding");
        assert!(!headers.contains_key(CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn s15_4_5_the_304_has_the_tag_of_the_200() {
        for tag in ["\"a\"", "W/\"a\""] {
            let fields = [("accept-encoding", "br"), ("if-none-match", tag)];
            let (status, headers, _) = send_text(Method::GET, &fields).await;
            assert_eq!(status, 304);
            assert_eq!(headers[ETAG], "W/\"a\"");
            assert_eq!(headers[VARY], "Accept-Encoding");
            assert!(!headers.contains_key(CONTENT_ENCODING));
        }
    }

    #[tokio::test]
    async fn s14_2_ranges_are_of_the_bytes_as_they_are() {
        let fields = [("accept-encoding", "gzip"), ("range", "bytes=10-12")];
        let (status, headers, body) = send_text(Method::GET, &fields).await;
        assert_eq!((status, body.as_slice()), (206, &b"012"[..]));
        assert_eq!(headers[ETAG], "\"a\"");
        assert!(!headers.contains_key(CONTENT_ENCODING));
        let fields = [fields[0], fields[1], ("if-range", "W/\"a\"")];
        assert_eq!(send_text(Method::GET, &fields).await.0, 200);
    }

    #[tokio::test]
    async fn s8_6_head_tells_no_length_that_get_would_not_have() {
        let (_, headers, body) = send_text(Method::HEAD, &[("accept-encoding", "zstd")]).await;
        assert!(body.is_empty() && !headers.contains_key(CONTENT_LENGTH));
        assert_eq!(headers[CONTENT_ENCODING], "zstd");
        assert_eq!(headers[ETAG], "W/\"a\"");
        let (_, headers, _) = send_text(Method::HEAD, &[]).await;
        assert_eq!(headers[CONTENT_LENGTH], "10001");
    }

    #[tokio::test]
    async fn s12_5_3_who_takes_no_plain_bytes_gets_none() {
        let none = [(ACCEPT_ENCODING, "gzip, identity;q=0")];
        let (_, headers, _) = send(Method::GET, &none).await;
        assert_eq!(headers[CONTENT_ENCODING], "gzip");
        let (_, headers, _) = send(Method::GET, &[(ACCEPT_ENCODING, "gzip")]).await;
        assert!(!headers.contains_key(CONTENT_ENCODING)); // 1000 bytes
    }

    #[tokio::test]
    async fn a_strangers_page_learns_nothing_from_lengths() {
        let lured = |site| {
            let fields = [
                ("accept-encoding", "gzip"),
                ("authorization", "Basic YTpi"),
                ("sec-fetch-site", site),
            ];
            async move { send_text(Method::GET, &fields).await.1 }
        };
        assert!(!lured("cross-site").await.contains_key(CONTENT_ENCODING));
        assert!(lured("same-origin").await.contains_key(CONTENT_ENCODING));
    }

    #[test]
    fn dates_that_http_can_not_express_are_left_out() {
        assert!(http_date(-1).is_none());
        assert!(http_date(i64::MAX).is_none());
        assert!(http_date(0).is_some());
    }
}
