//! Compressing, at once or piece by piece, with bounds on the CPU time and memory of all together.

use super::Coding;
use crate::http::body::{BodyError, Pieces};
use crate::http::content::Part;
use bytes::Bytes;
use compression_codecs::brotli::params::EncoderParams;
use compression_codecs::core::Level;
use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::flate::params::FlateEncoderParams;
use compression_codecs::zstd::params::CParameter;
use compression_codecs::{BrotliEncoder, EncodeV2, GzipEncoder, ZstdEncoder};
use futures_util::StreamExt;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// What is longer is compressed in pieces of this length, on threads that may be busy.
const AT_ONCE_MAX: usize = 16 << 10;
const PIECE_LEN: usize = 64 << 10;
/// How long bytes may lie in an encoder when the answer has no more for now.
const FLUSH_AFTER: Duration = Duration::from_millis(100);
/// How many answers are compressed in pieces at once: an encoder takes about a megabyte. When
/// there are more, the rest goes out as it is.
const STREAMS_MAX: usize = 64;
/// The window, as a power of two: it bounds the memory of either side.
const WINDOW_LOG: u32 = 18;

const ZSTD_LEVEL: i32 = 3;
const BROTLI_QUALITY: i32 = 4;
const GZIP_LEVEL: i32 = 5;

static STREAMS: Semaphore = Semaphore::const_new(STREAMS_MAX);

/// Compressing waits for its turn: no more threads do than there are processors.
fn turns() -> &'static Semaphore {
    static TURNS: OnceLock<Semaphore> = OnceLock::new();
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    TURNS.get_or_init(|| Semaphore::new(processors()))
}

/// Compresses all of a body; gives it back if that gains nothing, or if too much is being
/// compressed.
pub fn encode(plain: Part, coding: Coding) -> Result<Part, Part> {
    let source: Pieces = match plain {
        Part::Bytes(bytes) if bytes.len() <= AT_ONCE_MAX => {
            let encoded = Encoder::new(coding, Some(bytes.len())).run(&bytes, Last::End);
            return match encoded {
                Ok(encoded) if encoded.len() < bytes.len() => Ok(Part::Bytes(encoded)),
                _ => Err(Part::Bytes(bytes)),
            };
        }
        Part::Bytes(mut bytes) => {
            let slices = std::iter::from_fn(move || {
                let len = bytes.len().min(PIECE_LEN);
                (len > 0).then(|| Ok(bytes.split_to(len)))
            });
            Box::pin(futures_util::stream::iter(slices))
        }
        Part::Pieces(pieces) => pieces,
    };
    let Ok(place) = STREAMS.try_acquire() else {
        return Err(Part::Pieces(source));
    };
    let stream = Stream {
        source,
        encoder: Some(Encoder::new(coding, None)),
        flush_at: None,
        _place: place,
    };
    let next = |mut stream: Stream| async move { Some((stream.next().await?, stream)) };
    Ok(Part::Pieces(Box::pin(futures_util::stream::unfold(
        stream, next,
    ))))
}

struct Stream {
    source: Pieces,
    /// None at the end.
    encoder: Option<Encoder>,
    /// When to flush; none if nothing lies in the encoder.
    flush_at: Option<Instant>,
    _place: SemaphorePermit<'static>,
}

impl Stream {
    /// The next compressed bytes. They are flushed only when the source has a pause: whoever reads
    /// a long answer while it is made sees it grow, and a fast one loses nothing by it.
    async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        while self.encoder.is_some() {
            let next = self.source.next();
            let piece = match self.flush_at {
                None => Some(next.await),
                Some(at) => tokio::time::timeout_at(at, next).await.ok(),
            };
            let (input, last) = match piece {
                Some(Some(Ok(bytes))) => {
                    self.flush_at
                        .get_or_insert_with(|| Instant::now() + FLUSH_AFTER);
                    (bytes, Last::More)
                }
                Some(Some(Err(error))) => {
                    self.encoder = None;
                    return Some(Err(error));
                }
                Some(None) => (Bytes::new(), Last::End),
                None => {
                    self.flush_at = None;
                    (Bytes::new(), Last::Flush)
                }
            };
            match self.run(input, last).await {
                Ok(encoded) if encoded.is_empty() => {}
                Ok(encoded) => return Some(Ok(encoded)),
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }

    async fn run(&mut self, input: Bytes, last: Last) -> Result<Bytes, BodyError> {
        let Some(mut encoder) = self.encoder.take() else {
            return Ok(Bytes::new());
        };
        let encoded = if input.len() <= AT_ONCE_MAX {
            encoder.run(&input, last)?
        } else {
            let turn = turns().acquire().await?;
            let work = move || {
                let encoded = encoder.run(&input, last);
                drop(turn);
                (encoder, encoded)
            };
            let done = tokio::task::spawn_blocking(work).await?;
            encoder = done.0;
            done.1?
        };
        self.encoder = (last != Last::End).then_some(encoder);
        Ok(encoded)
    }
}

/// What follows the bytes that an encoder gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    More,
    /// Nothing for now: all that is known is to come out.
    Flush,
    End,
}

struct Encoder(Box<dyn EncodeV2 + Send>);

impl Encoder {
    /// Makes an encoder, a small one for few bytes.
    fn new(coding: Coding, len: Option<usize>) -> Self {
        let window = len.map_or(WINDOW_LOG, |len| {
            (usize::BITS - len.leading_zeros()).clamp(10, WINDOW_LOG)
        });
        Self(match coding {
            Coding::Zstd => Box::new(ZstdEncoder::new_with_params(
                ZSTD_LEVEL,
                &[CParameter::window_log(window)],
            )),
            Coding::Brotli => Box::new(BrotliEncoder::new(
                EncoderParams::default()
                    .quality(Level::Precise(BROTLI_QUALITY))
                    .window_size(i32::try_from(window).unwrap_or_default())
                    .size_hint(len.unwrap_or_default())
                    .text_mode(),
            )),
            Coding::Gzip => Box::new(GzipEncoder::new(FlateEncoderParams::from(Level::Precise(
                GZIP_LEVEL,
            )))),
        })
    }

    fn run(&mut self, input: &[u8], last: Last) -> io::Result<Bytes> {
        let mut input = PartialBuffer::new(input);
        let mut encoded = Vec::new();
        let mut scratch = [0; 8 << 10];
        loop {
            let before = input.written_len();
            let mut output = WriteBuffer::new_initialized(&mut scratch);
            let whole = if !input.unwritten().is_empty() {
                self.0.encode(&mut input, &mut output)?;
                false
            } else {
                match last {
                    Last::More => true,
                    Last::Flush => self.0.flush(&mut output)?,
                    Last::End => self.0.finish(&mut output)?,
                }
            };
            encoded.extend_from_slice(output.written());
            if whole {
                return Ok(encoded.into());
            }
            if output.written_len() == 0 && input.written_len() == before {
                return Err(io::Error::other("the encoder makes no progress"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compression_codecs::{BrotliDecoder, DecodeV2, GzipDecoder, ZstdDecoder};

    /// What a prefix of compressed bytes tells.
    fn decode(coding: Coding, encoded: &[u8]) -> Vec<u8> {
        let mut decoder: Box<dyn DecodeV2> = match coding {
            Coding::Zstd => Box::new(ZstdDecoder::new()),
            Coding::Brotli => Box::new(BrotliDecoder::new()),
            Coding::Gzip => Box::new(GzipDecoder::new()),
        };
        let mut input = PartialBuffer::new(encoded);
        let (mut decoded, mut scratch) = (Vec::new(), vec![0; 4 << 20]);
        while !input.unwritten().is_empty() {
            let mut output = WriteBuffer::new_initialized(&mut scratch);
            let ended = decoder.decode(&mut input, &mut output).unwrap();
            decoded.extend_from_slice(output.written());
            if ended {
                break;
            }
            assert!(!output.has_no_spare_space() || !input.unwritten().is_empty());
        }
        decoded
    }

    fn text(len: usize) -> Bytes {
        (0..)
            .flat_map(|n: u32| n.to_string().into_bytes())
            .take(len)
            .collect()
    }

    async fn collect(part: Part) -> Vec<u8> {
        match part {
            Part::Bytes(bytes) => bytes.to_vec(),
            Part::Pieces(pieces) => {
                let pieces: Vec<_> = pieces.collect().await;
                pieces
                    .into_iter()
                    .flat_map(|piece| piece.unwrap())
                    .collect()
            }
        }
    }

    #[tokio::test]
    async fn what_goes_in_comes_out() {
        for coding in Coding::ALL {
            for len in [1400, AT_ONCE_MAX, AT_ONCE_MAX + 1, 3_000_000] {
                let plain = text(len);
                let Ok(encoded) = encode(Part::Bytes(plain.clone()), coding) else {
                    panic!("{coding:?} {len}: not compressed");
                };
                let encoded = collect(encoded).await;
                assert!(encoded.len() < len, "{coding:?} {len}");
                assert!(decode(coding, &encoded) == plain, "{coding:?} {len}");
            }
        }
    }

    #[tokio::test]
    async fn what_does_not_shrink_stays_as_it_is() {
        let mut noise = vec![0; 2000];
        getrandom::fill(&mut noise).unwrap();
        for coding in Coding::ALL {
            assert!(encode(Part::Bytes(noise.clone().into()), coding).is_err());
        }
    }

    #[tokio::test]
    async fn a_pause_flushes_what_came_before() {
        for coding in Coding::ALL {
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
            let source = futures_util::stream::unfold(receiver, |mut receiver| async move {
                Some((receiver.recv().await?, receiver))
            });
            let Ok(Part::Pieces(mut encoded)) = encode(Part::Pieces(Box::pin(source)), coding)
            else {
                panic!("{coding:?}: not compressed");
            };
            let mut received = Vec::new();
            let plain = text(5000);
            for end in [2000, 5000] {
                sender
                    .send(Ok(plain.slice(received.len().min(1) * 2000..end)))
                    .unwrap();
                while decode(coding, &received) != plain[..end] {
                    received.extend_from_slice(&encoded.next().await.unwrap().unwrap());
                }
            }
            drop(sender);
            while let Some(piece) = encoded.next().await {
                received.extend_from_slice(&piece.unwrap());
            }
            assert!(decode(coding, &received) == plain);
        }
    }

    #[tokio::test]
    async fn a_source_that_breaks_off_breaks_the_answer() {
        let source = futures_util::stream::iter([Ok(text(2000)), Err("broken".into())]);
        let Ok(Part::Pieces(encoded)) = encode(Part::Pieces(Box::pin(source)), Coding::Gzip) else {
            panic!("not compressed");
        };
        let pieces: Vec<_> = encoded.collect().await;
        assert!(pieces.last().unwrap().is_err());
    }
}
