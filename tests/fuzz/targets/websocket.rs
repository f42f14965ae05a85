//! Frames of WebSockets: whatever comes, in whatever pieces, a server makes of it what a plain reading
//! of the whole makes of it, and what it writes is read back. RFC 6455 §5, §7.4, §8.1.

#![no_main]
#![allow(
    dead_code,
    reason = "the files are the host's, and have more than is looked at here"
)]

/// What the files want of the host: the lengths of what is noted elsewhere, and nothing noted.
mod http {
    pub mod activity {
        pub struct Activity;

        impl Activity {
            pub fn body(&self, _len: usize) {}
        }
    }

    pub mod body {
        pub const STALL_MAX: std::time::Duration = std::time::Duration::from_secs(60);
        pub const BYTES_PER_SECOND_MIN: u64 = 100;
    }
}

#[path = "../../../host/src/websocket"]
mod websocket {
    pub mod close;
    pub mod frame;
    pub mod head;
    pub mod room;
}

use http::activity::Activity;
use libfuzzer_sys::fuzz_target;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use websocket::frame::{Event, WebSocket};
use websocket::room::Rooms;

/// The longest message.
const SIZE_MAX: u64 = 70_000;

/// What comes of a stream.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Message(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>),
    Fault(u16),
    Gone,
}

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, piece], rest)) = data.split_first_chunk::<2>() else {
        return;
    };
    let bytes = if kind % 4 == 0 { rest.to_vec() } else { frames(rest) };
    let expected = plain(&bytes);
    let (told, written) = through(&bytes, usize::from(piece) + 1);
    assert_eq!(told, expected, "in pieces of {}", usize::from(piece) + 1);
    let said = told.into_iter().filter_map(|it| match it {
        Told::Message(text) => Some((1, text)),
        Told::Ping(payload) => Some((10, payload)),
        _ => None,
    });
    assert_eq!(client(&written), said.collect::<Vec<_>>());
});

/// Frames as clients send them: most of what is random is none. Of each the first byte, a byte that
/// says how long its payload is and in how many bytes the length is written, and a mask.
fn frames(mut rest: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some((&[first, how, mask], after)) = rest.split_first_chunk::<3>() {
        let wanted = match how % 8 {
            7 => 66_000,
            6 => 300,
            _ => usize::from(how / 8),
        };
        let (given, after) = after.split_at(wanted.min(after.len()));
        rest = after;
        let mut payload = given.to_vec();
        if how % 8 > 5 {
            payload.resize(wanted, b'x');
        }
        bytes.push(first);
        match payload.len() {
            len @ ..=125 if how % 8 != 5 => bytes.push(0x80 | len as u8),
            len @ ..=0xffff => {
                bytes.push(0x80 | 126);
                bytes.extend((len as u16).to_be_bytes());
            }
            len => {
                bytes.push(0x80 | 127);
                bytes.extend((len as u64).to_be_bytes());
            }
        }
        let mask = [mask, !mask, mask.rotate_left(3), 7];
        bytes.extend(mask);
        let masked = payload.iter().zip(mask.into_iter().cycle());
        bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
    }
    bytes
}

/// What the whole of a stream says, read as RFC 6455 §5.2 has it.
fn plain(mut bytes: &[u8]) -> Vec<Told> {
    let mut told = Vec::new();
    let mut message: Option<Vec<u8>> = None;
    loop {
        let Some(frame) = next(&mut bytes, &mut message) else {
            told.push(Told::Gone);
            return told;
        };
        match frame {
            Ok(Some(event @ Told::Close(_))) => {
                told.push(event);
                return told;
            }
            Ok(event) => told.extend(event),
            Err(code) => {
                told.push(Told::Fault(code));
                return told;
            }
        }
    }
}

/// The next frame: what comes of it, or the code that it is refused with; none if it is not whole.
fn next(
    bytes: &mut &[u8],
    message: &mut Option<Vec<u8>>,
) -> Option<Result<Option<Told>, u16>> {
    let (&[first, second], mut rest) = bytes.split_first_chunk::<2>()?;
    let short = u64::from(second & 0x7f);
    let len = match short {
        126 => {
            let (len, after) = rest.split_first_chunk::<2>()?;
            rest = after;
            u64::from(u16::from_be_bytes(*len))
        }
        127 => {
            let (len, after) = rest.split_first_chunk::<8>()?;
            rest = after;
            u64::from_be_bytes(*len)
        }
        len => len,
    };
    if second < 0x80 {
        return Some(Err(1002));
    }
    let (mask, rest) = rest.split_first_chunk::<4>()?;
    let is_minimal = match short {
        126 => len >= 126,
        127 => len > 0xffff && len < 1 << 63,
        _ => true,
    };
    let (is_last, opcode) = (first >= 0x80, first & 0x0f);
    let is_control = opcode >= 8;
    if first & 0x70 != 0
        || !is_minimal
        || matches!(opcode, 3..=7 | 11..=15)
        || (is_control && (!is_last || len > 125))
    {
        return Some(Err(1002));
    }
    if !is_control {
        let before = message.as_ref().map_or(0, Vec::len) as u64;
        match (opcode, message.is_some()) {
            (2, _) => return Some(Err(1003)),
            (0, false) | (1, true) => return Some(Err(1002)),
            _ if before + len > SIZE_MAX => return Some(Err(1009)),
            _ => {}
        }
    }
    let payload = rest.get(..usize::try_from(len).ok()?)?;
    *bytes = rest.get(payload.len()..)?;
    let unmasked = payload.iter().zip(mask.iter().cycle());
    let payload: Vec<u8> = unmasked.map(|(byte, mask)| byte ^ mask).collect();
    Some(match opcode {
        8 => closing(&payload),
        9 => Ok(Some(Told::Ping(payload))),
        10 => Ok(Some(Told::Pong)),
        _ => {
            let all = message.get_or_insert_default();
            all.extend(payload);
            match is_last {
                false => Ok(None),
                true => {
                    let text = String::from_utf8(message.take().unwrap_or_default());
                    let text = text.map_err(|_| 1007);
                    text.map(|text| Some(Told::Message(text.into_bytes())))
                }
            }
        }
    })
}

/// RFC 6455 §5.5.1, §7.4.1, §7.4.2.
fn closing(payload: &[u8]) -> Result<Option<Told>, u16> {
    let code = match payload {
        [] => return Ok(Some(Told::Close(None))),
        [_] => return Err(1002),
        [one, other, reason @ ..] => {
            std::str::from_utf8(reason).map_err(|_| 1007_u16)?;
            u16::from(*one) * 256 + u16::from(*other)
        }
    };
    let is_sent = (1000..=1014).contains(&code) && !(1004..=1006).contains(&code);
    match is_sent || (3000..5000).contains(&code) {
        true => Ok(Some(Told::Close(Some(code)))),
        false => Err(1002),
    }
}

/// What the host's reader makes of a stream that comes in pieces, and what it has written: each message
/// is sent back, each ping answered.
fn through(bytes: &[u8], piece: usize) -> (Vec<Told>, Vec<u8>) {
    let mut written = Vec::new();
    let stream = Stream {
        rest: bytes,
        piece,
        waits: false,
        written: &mut written,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let told = runtime.expect("no threads, no drivers").block_on(async {
        let mut told = Vec::new();
        let rooms = Rooms::with(SIZE_MAX as usize, &Rooms::of_tenant());
        let mut socket = WebSocket::new(stream, SIZE_MAX, rooms, Arc::new(Activity));
        loop {
            let event = match socket.next().await {
                Event::Message(message) => {
                    socket.send(message.text.clone()).await.expect("memory");
                    Told::Message(message.text.to_vec())
                }
                Event::Ping(payload) => {
                    socket.pong(payload.clone()).await.expect("memory");
                    Told::Ping(payload.to_vec())
                }
                Event::Pong => Told::Pong,
                Event::Close(code) => Told::Close(code),
                Event::Fault(close) => {
                    assert!(close.reason.len() <= 123);
                    Told::Fault(close.code)
                }
                Event::Gone => Told::Gone,
            };
            let is_end = matches!(event, Told::Close(_) | Told::Fault(_) | Told::Gone);
            told.push(event);
            if is_end {
                return told;
            }
        }
    });
    (told, written)
}

/// The frames that a server has written, as a client reads them: they are whole and not masked.
fn client(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut read = Vec::new();
    while let Some((&[first, second], mut rest)) = bytes.split_first_chunk::<2>() {
        assert!(first & 0xf0 == 0x80 && second < 0x80);
        let len = match second {
            126 => {
                let (len, after) = rest.split_first_chunk::<2>().expect("a length");
                rest = after;
                u16::from_be_bytes(*len).into()
            }
            127 => {
                let (len, after) = rest.split_first_chunk::<8>().expect("a length");
                rest = after;
                u64::from_be_bytes(*len) as usize
            }
            len => usize::from(len),
        };
        let (payload, after) = rest.split_at(len);
        read.push((first & 0x0f, payload.to_vec()));
        bytes = after;
    }
    assert!(bytes.is_empty());
    read
}

/// Bytes that come in pieces, each after a moment, and what is written.
struct Stream<'a> {
    rest: &'a [u8],
    piece: usize,
    waits: bool,
    written: &'a mut Vec<u8>,
}

impl AsyncRead for Stream<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.waits = !self.waits;
        if self.waits {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let len = self.piece.min(into.remaining()).min(self.rest.len());
        let (piece, rest) = self.rest.split_at(len);
        into.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
