//! Compressed bodies of requests: modules get them as they were before. RFC 9110 §8.4, RFC 7694.
//!
//! gzip and deflate are read, as Cyrus does, but never one over the other. Bombs are bounded twice: by
//! the size that a body may have, and by how much bigger it may be than what was sent.

use crate::http::refuse::bad_request;
use crate::http::reply::Reply;
use bytes::Bytes;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use futures_util::Stream;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};
use runtime::BodyStream;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use storage::Error;

/// At most this much is decoded at once: it becomes a megabyte at worst.
const STEP_LEN: usize = 1 << 10;
/// A body may become so many times bigger, or [`FREE_LEN`] in any case. Text shrinks to a tenth.
const RATIO_MAX: u64 = 100;
const FREE_LEN: u64 = 1 << 20;

/// The codings that [`decode`] reads.
pub const READABLE: HeaderValue = HeaderValue::from_static("gzip, deflate");

/// How a body was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyCoding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or RFC 1951 without its frame: both are sent under this name.
    Deflate,
}

/// Takes the coding of a body from its request; none if it is as it was.
///
/// Fails with a reply if it is one that nobody here can read, or there are several, one over the
/// other, which is nobody's honest wish. RFC 9110 §15.5.16.
pub fn take(headers: &mut HeaderMap) -> Result<Option<BodyCoding>, Box<Reply>> {
    let mut codings = Vec::new();
    for list in headers.get_all(CONTENT_ENCODING) {
        let list = list
            .to_str()
            .map_err(|_| bad_request("Content-Encoding is no list of names"))?;
        for name in list.split(',').map(str::trim) {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            match () {
                () if name.is_empty() || is("identity") => {}
                () if is("gzip") || is("x-gzip") => codings.push(BodyCoding::Gzip),
                () if is("deflate") => codings.push(BodyCoding::Deflate),
                () => return Err(unreadable(&format!("no body in the coding `{name}`")).into()),
            }
        }
    }
    if codings.len() > 1 {
        return Err(unreadable("no body that is encoded more than once").into());
    }
    headers.remove(CONTENT_ENCODING);
    Ok(codings.pop())
}

fn unreadable(what: &str) -> Reply {
    let text = format!("{what} can be read here: send it as it is, or in gzip or deflate");
    let mut reply = Reply::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    reply.set(ACCEPT_ENCODING, READABLE);
    reply
}

/// The bytes of a body before it was encoded, of which it may have so many.
pub fn decode(body: BodyStream, coding: BodyCoding, size_max: u64) -> BodyStream {
    Box::pin(Decoded {
        source: Some(body),
        decoder: Decoder::Unknown(coding),
        input: Bytes::new(),
        encoded: 0,
        decoded: 0,
        size_max,
    })
}

struct Decoded {
    /// None after the end, and after an error.
    source: Option<BodyStream>,
    decoder: Decoder,
    /// What has come and is not decoded yet.
    input: Bytes,
    encoded: u64,
    decoded: u64,
    size_max: u64,
}

enum Decoder {
    /// Nothing has come yet.
    Unknown(BodyCoding),
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    Deflate(Box<DeflateDecoder<Vec<u8>>>),
}

impl Decoder {
    /// Both forms of deflate begin differently: RFC 1950 §2.2 has 8 in the low half of the first
    /// byte, which as the beginning of RFC 1951 §3.2.3 would be a stored block, whose padding
    /// encoders leave 0.
    fn begin(coding: BodyCoding, first: u8) -> Self {
        match coding {
            BodyCoding::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            BodyCoding::Deflate if first & 0x0f == 8 => {
                Self::Zlib(Box::new(ZlibDecoder::new(Vec::new())))
            }
            BodyCoding::Deflate => Self::Deflate(Box::new(DeflateDecoder::new(Vec::new()))),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        if let Self::Unknown(coding) = self {
            let first = bytes.first().copied().unwrap_or_default();
            *self = Self::begin(*coding, first);
        }
        match self {
            Self::Unknown(_) => Ok(Vec::new()),
            Self::Gzip(decoder) => {
                decoder.write_all(bytes)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Self::Zlib(decoder) => {
                decoder.write_all(bytes)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Self::Deflate(decoder) => {
                decoder.write_all(bytes)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
        }
    }

    /// Checks that the end is one, and returns what was held back.
    fn finish(&mut self) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Unknown(_) => Ok(Vec::new()),
            Self::Gzip(decoder) => {
                decoder.try_finish()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Self::Zlib(decoder) => {
                decoder.try_finish()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Self::Deflate(decoder) => {
                decoder.try_finish()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
        }
    }
}

impl Decoded {
    fn took(&mut self, result: std::io::Result<Vec<u8>>) -> Result<Bytes, Error> {
        let bytes = result.map_err(|_| {
            Error::Invalid("the body is not in the coding that Content-Encoding names".to_owned())
        })?;
        self.decoded += bytes.len() as u64;
        let allowed = FREE_LEN.max(self.encoded.saturating_mul(RATIO_MAX));
        let limit = self.size_max.min(allowed);
        if self.decoded > limit {
            return Err(Error::TooLarge(limit));
        }
        Ok(bytes.into())
    }
}

impl Stream for Decoded {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let Some(source) = &mut this.source else {
                return Poll::Ready(None);
            };
            let result = if this.input.is_empty() {
                match ready!(source.as_mut().poll_next(cx)) {
                    Some(Ok(bytes)) => {
                        this.encoded += bytes.len() as u64;
                        this.input = bytes;
                        continue;
                    }
                    Some(Err(error)) => {
                        this.source = None;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => {
                        this.source = None;
                        this.decoder.finish()
                    }
                }
            } else {
                let len = this.input.len().min(STEP_LEN);
                let step = this.input.split_to(len);
                this.decoder.write(&step)
            };
            match this.took(result) {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Poll::Ready(Some(Ok(bytes))),
                Err(error) => {
                    this.source = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use futures_util::StreamExt;

    const ALL: u64 = u64::MAX;

    fn text() -> Vec<u8> {
        let text: String = (0..100_000).map(|n: u32| n.to_string()).collect();
        text.into_bytes()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn read(
        encoded: &[u8],
        piece: usize,
        coding: BodyCoding,
        max: u64,
    ) -> Result<Vec<u8>, Error> {
        let pieces: Vec<_> = encoded
            .chunks(piece)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let body: BodyStream = Box::pin(futures_util::stream::iter(pieces));
        let mut decoded = decode(body, coding, max);
        let mut all = Vec::new();
        while let Some(piece) = decoded.next().await {
            all.extend_from_slice(&piece?);
        }
        assert!(decoded.next().await.is_none());
        Ok(all)
    }

    #[tokio::test]
    async fn s8_4_1_what_was_encoded_is_read() {
        use BodyCoding::{Deflate, Gzip};
        let text = text();
        let members = [gzip(&text[..1000]), gzip(&text[1000..])].concat();
        for (encoded, coding) in [
            (gzip(&text), Gzip),
            (members, Gzip),
            (zlib(&text), Deflate),
            (raw(&text), Deflate),
        ] {
            for piece in [1, 7, 1 << 20] {
                let decoded = read(&encoded, piece, coding, ALL).await.unwrap();
                assert!(decoded == text, "{coding:?} {piece}");
            }
        }
        assert_eq!(read(&[], 1, Gzip, ALL).await.unwrap(), b"");
    }

    #[tokio::test]
    async fn broken_bodies_are_the_clients_fault() {
        let whole = gzip(&text());
        let cut = &whole[..whole.len() - 9];
        let more = [zlib(b"abc"), b"trailing".to_vec()].concat();
        for (encoded, coding) in [
            (cut, BodyCoding::Gzip),
            (b"this is no gzip at all", BodyCoding::Gzip),
            (&more, BodyCoding::Deflate),
            (&zlib(&text())[..1000], BodyCoding::Deflate),
        ] {
            let error = read(encoded, 100, coding, ALL).await.unwrap_err();
            assert!(matches!(error, Error::Invalid(_)), "{coding:?}: {error}");
        }
    }

    #[tokio::test]
    async fn bombs_do_not_go_off() {
        let bomb = gzip(&vec![0; 64 << 20]);
        let error = read(&bomb, 1 << 20, BodyCoding::Gzip, ALL)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::TooLarge(_)), "{error}");
        let text = text();
        let limit = text.len() as u64;
        let encoded = gzip(&text);
        assert!(read(&encoded, 1000, BodyCoding::Gzip, limit).await.is_ok());
        let error = read(&encoded, 1000, BodyCoding::Gzip, limit - 1).await;
        assert!(matches!(error, Err(Error::TooLarge(max)) if max == limit - 1));
    }

    #[test]
    fn s15_5_16_what_nobody_can_read_is_refused() {
        let of = |lists: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(list));
            }
            let coding = take(&mut headers).map_err(|reply| reply.status.as_u16());
            assert!(coding.is_err() || headers.is_empty());
            coding
        };
        use BodyCoding::{Deflate, Gzip};
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["X-Gzip"]), Ok(Some(Gzip)));
        assert_eq!(of(&["identity", "deflate, "]), Ok(Some(Deflate)));
        assert_eq!(of(&["br"]), Err(415));
        // Each would be let off with a bound of its own: they would multiply.
        assert_eq!(of(&["gzip, gzip"]), Err(415));
        assert_eq!(of(&["deflate", "gzip"]), Err(415));
    }
}
