//! Messages in frames, as a server reads and writes them. RFC 6455 §5, §7.
//!
//! Libraries keep a buffer for each connection, and one that had a big message keeps that much. Here a
//! frame is read straight into the message that it is a part of, and nothing is read ahead: a
//! connection that waits has no buffer at all.

use super::close::Close;
use super::head::{Frame, HEAD_LEN_MAX, Kind, close_code, head_len, opcode};
use super::room::{MESSAGE_LEN_MAX, Room, Rooms, SMALL_LEN_MAX};
use crate::http::activity::Activity;
use crate::http::body::{BYTES_PER_SECOND_MIN, STALL_MAX};
use bytes::{Buf, Bytes};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

/// For how much more of a message memory is taken at least.
const PIECE_LEN: usize = 16 << 10;
/// How long the other side may take to close, too.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(5);

/// What comes of a client.
#[derive(Debug)]
pub enum Event {
    /// A message.
    Message(Message),
    /// To be answered by a pong with the same bytes. RFC 6455 §5.5.2.
    Ping(Bytes),
    /// An answer to a ping.
    Pong,
    /// It closes, with this code if it gave one.
    Close(Option<u16>),
    /// It broke a rule.
    Fault(Close),
    /// It has gone without a word.
    Gone,
}

/// A message of a client.
#[derive(Debug)]
pub struct Message {
    /// UTF-8.
    pub text: Bytes,
    /// Its part of what its principal's messages may take; none for a short one.
    pub room: Option<Room>,
}

/// The server's end of a WebSocket.
pub struct WebSocket<S> {
    stream: S,
    size_max: u64,
    rooms: Rooms,
    activity: Arc<Activity>,
    head: [u8; HEAD_LEN_MAX],
    head_len: usize,
    frame: Option<Frame>,
    /// What has come of a message; empty vectors have no memory.
    text: Vec<u8>,
    /// A message has begun, and more frames of it are to come.
    is_open: bool,
    room: Option<Room>,
    control: Vec<u8>,
    /// When what is being read has begun.
    begun: Option<Instant>,
    /// The client broke a rule: what follows makes no sense.
    is_broken: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// A WebSocket whose handshake is done, over a stream. Its messages are at most so long, and never
    /// longer than [`MESSAGE_LEN_MAX`]; long ones need room. Their bytes are noted as those of bodies are.
    pub fn new(stream: S, size_max: u64, rooms: Rooms, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            size_max: size_max.min(MESSAGE_LEN_MAX),
            rooms,
            activity,
            head: [0; HEAD_LEN_MAX],
            head_len: 0,
            frame: None,
            text: Vec::new(),
            is_open: false,
            room: None,
            control: Vec::new(),
            begun: None,
            is_broken: false,
        }
    }

    /// By when the message that has begun has to have got on.
    pub fn deadline(&self) -> Option<Instant> {
        let earned = Duration::from_secs(self.text.len() as u64 / BYTES_PER_SECOND_MIN);
        Some(self.begun? + STALL_MAX + earned)
    }

    /// Reads on. A caller that stops waiting loses nothing. After [`Event::Fault`] and
    /// [`Event::Gone`] nothing more is to be read.
    pub async fn next(&mut self) -> Event {
        match self.read().await {
            Ok(event) => event,
            Err(Some(close)) => {
                self.is_broken = true;
                Event::Fault(close)
            }
            Err(None) => Event::Gone,
        }
    }

    async fn read(&mut self) -> Result<Event, Option<Close>> {
        loop {
            let frame = match self.frame {
                Some(frame) => frame,
                None => self.read_head().await?,
            };
            self.read_payload(frame).await?;
            if let Some(event) = self.end_frame(frame)? {
                return Ok(event);
            }
        }
    }

    async fn read_head(&mut self) -> Result<Frame, Option<Close>> {
        loop {
            let wanted = head_len(self.head.get(..self.head_len).unwrap_or_default());
            let room = self.head.get_mut(self.head_len..wanted).unwrap_or_default();
            if room.is_empty() {
                break;
            }
            self.head_len += arrived(self.stream.read(room).await)?;
            self.begun.get_or_insert_with(Instant::now);
        }
        let head = self.head.get(..self.head_len).unwrap_or_default();
        let (frame, len) = Frame::parse(head).map_err(Close::violation)?;
        self.head_len = 0;
        if frame.kind == Kind::Part {
            self.begin_part(opcode(&self.head), len)?;
        }
        self.frame = Some(frame);
        Ok(frame)
    }

    /// RFC 6455 §5.4: the parts of a message follow each other, and those after the first are
    /// continuations.
    fn begin_part(&self, opcode: u8, len: u64) -> Result<(), Close> {
        match (opcode, self.is_open) {
            (2, _) => return Err(Close::UNSUPPORTED),
            (0, false) => return Err(Close::violation("this continues nothing")),
            (1, true) => return Err(Close::violation("a message inside of another")),
            _ => {}
        }
        match (self.text.len() as u64).saturating_add(len) > self.size_max {
            true => Err(Close::TOO_BIG),
            false => Ok(()),
        }
    }

    async fn read_payload(&mut self, mut frame: Frame) -> Result<(), Option<Close>> {
        while frame.left > 0 {
            let is_part = frame.kind == Kind::Part;
            let len = self.text.len() as u64 + frame.left;
            if is_part && len > SMALL_LEN_MAX && self.room.is_none() {
                // How long all parts together will be, nobody knows before the last.
                let len = if frame.is_last { len } else { self.size_max };
                let room = self.rooms.clone().take(len).await;
                self.room = Some(room.ok_or(None)?);
                self.begun = Some(Instant::now());
            }
            let into = match is_part {
                true => &mut self.text,
                false => &mut self.control,
            };
            let before = into.len();
            if into.len() == into.capacity() {
                // Twice as much each time, but never more than can come.
                let most = match frame.is_last {
                    true => frame.left,
                    false => self.size_max.saturating_sub(into.len() as u64),
                };
                let more = into.len().max(PIECE_LEN);
                into.reserve_exact(usize::try_from(most).map_or(more, |most| more.min(most)));
            }
            let mut rest = (&mut self.stream).take(frame.left);
            let len = arrived(rest.read_buf(into).await)?;
            if is_part {
                self.activity.body(len);
            }
            for byte in into.get_mut(before..).unwrap_or_default() {
                *byte ^= frame.mask.get(frame.turn).copied().unwrap_or_default();
                frame.turn = (frame.turn + 1) % 4;
            }
            frame.left -= len as u64;
            self.frame = Some(frame);
        }
        Ok(())
    }

    fn end_frame(&mut self, frame: Frame) -> Result<Option<Event>, Close> {
        self.frame = None;
        if frame.kind == Kind::Part && !frame.is_last {
            self.is_open = true;
            return Ok(None);
        }
        if frame.kind != Kind::Part {
            let payload = std::mem::take(&mut self.control);
            if !self.is_open {
                self.begun = None;
            }
            return Ok(Some(match frame.kind {
                Kind::Ping => Event::Ping(payload.into()),
                Kind::Close => Event::Close(close_code(&payload)?),
                Kind::Pong | Kind::Part => Event::Pong,
            }));
        }
        (self.is_open, self.begun) = (false, None);
        let text = std::mem::take(&mut self.text);
        let mut room = self.room.take();
        if let Some(room) = &mut room {
            room.shrink_to(text.len());
        }
        match String::from_utf8(text) {
            Ok(text) => Ok(Some(Event::Message(Message {
                text: text.into(),
                room,
            }))),
            Err(_) => Err(Close::NOT_TEXT),
        }
    }

    /// Sends a message.
    pub async fn send(&mut self, text: Bytes) -> io::Result<()> {
        self.write(1, text).await
    }

    /// Asks whether the client is there.
    pub async fn ping(&mut self) -> io::Result<()> {
        self.write(9, Bytes::new()).await
    }

    /// Answers a ping.
    pub async fn pong(&mut self, payload: Bytes) -> io::Result<()> {
        self.write(10, payload).await
    }

    /// Answers the client's close, and ends. RFC 6455 §5.5.1.
    pub async fn answer_close(mut self, code: Option<u16>) -> io::Result<()> {
        let payload = code.map_or_else(Bytes::new, |code| {
            Bytes::copy_from_slice(&code.to_be_bytes())
        });
        self.write(8, payload).await?;
        self.stream.shutdown().await
    }

    /// Closes: says why, waits for the client to close, too, and ends. RFC 6455 §7.1.2.
    pub async fn close(mut self, close: Close) -> io::Result<()> {
        let mut payload = close.code.to_be_bytes().to_vec();
        payload.extend_from_slice(close.reason.as_bytes());
        self.write(8, payload.into()).await?;
        let is_end = |event| matches!(event, Event::Close(_) | Event::Fault(_) | Event::Gone);
        let closed = async { while !self.is_broken && !is_end(self.next().await) {} };
        let _ = tokio::time::timeout(CLOSE_TIME_MAX, closed).await;
        self.stream.shutdown().await
    }

    async fn write(&mut self, opcode: u8, payload: Bytes) -> io::Result<()> {
        let mut head = vec![0x80 | opcode];
        match payload.len() {
            len @ ..=125 => head.push(u8::try_from(len).unwrap_or_default()),
            len => match u16::try_from(len) {
                Ok(len) => {
                    head.push(126);
                    head.extend(len.to_be_bytes());
                }
                Err(_) => {
                    head.push(127);
                    head.extend((len as u64).to_be_bytes());
                }
            },
        }
        let mut all = Bytes::from(head).chain(payload);
        self.stream.write_all_buf(&mut all).await?;
        self.stream.flush().await
    }
}

/// How much came; nothing is the end.
fn arrived(read: io::Result<usize>) -> Result<usize, Option<Close>> {
    read.ok().filter(|len| *len > 0).ok_or(None)
}
