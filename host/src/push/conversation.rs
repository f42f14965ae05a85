//! A held connection that goes on as a WebSocket: messages of the client are handed to the module one
//! after the other, each to an instance of its own, and what it is told of changes goes between them.

use super::held::{Held, Said, Silence};
use crate::http::body::Body;
use crate::http::refuse::reason;
use crate::websocket::{Close, Event, Handshake, Message, WebSocket};
use bytes::Bytes;
use futures_util::future::{BoxFuture, pending};
use http::StatusCode;
use runtime::WakeReason;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};

/// Messages that are read while another is answered, and their bytes; then the client has to wait.
const QUEUE_MAX: usize = 8;
const QUEUE_LEN_MAX: usize = 32 << 10;
/// After so long without a word the client is asked whether it is there; after as long again it is
/// not. Less than what home routers remember a connection for.
const SILENCE_MAX: Duration = Duration::from_secs(240);

/// A WebSocket that is about to be opened.
pub struct Conversation {
    /// What is held.
    pub held: Held,
    /// How it is opened.
    pub handshake: Option<Handshake>,
    /// The longest message.
    pub size_max: u64,
}

/// What happens next.
enum Step {
    Event(Event),
    /// Whoever was asked has answered.
    Said(Said),
    /// The module is to be asked; if not, it is over.
    Due(Option<WakeReason>),
    /// A message is too slow, or the client silent.
    Late,
}

/// How it ends.
enum End {
    Close(Close),
    /// The client closes, with this code.
    Closed(Option<u16>),
    Gone,
}

/// A message that is being answered.
struct Asked {
    /// None for a wake.
    message_len: Option<usize>,
    began: Instant,
    saying: BoxFuture<'static, Said>,
}

impl Conversation {
    /// Speaks over a stream on which the handshake is done. The body is that of the handshake's
    /// answer, which lasts as long: what goes through the stream is noted there.
    pub async fn run<S>(self, stream: S, body: &mut Body) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut held = self.held;
        let mut socket = WebSocket::new(stream, self.size_max, held.rooms(), body.activity());
        if let Some(first) = held.take_first() {
            send(&mut socket, body, vec![first]).await?;
        }
        match talk(&mut held, &mut socket, body).await? {
            End::Close(close) => socket.close(close).await,
            End::Closed(code) => socket.answer_close(code).await,
            End::Gone => Ok(()),
        }
    }
}

async fn talk<S>(held: &mut Held, socket: &mut WebSocket<S>, body: &mut Body) -> io::Result<End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut queue: VecDeque<Message> = VecDeque::new();
    let mut asked: Option<Asked> = None;
    let (mut heard, mut is_pinged) = (Instant::now(), false);
    loop {
        if asked.is_none()
            && let Some(message) = queue.pop_front()
        {
            asked = Some(Asked::message(held, message));
        }
        let queued: usize = queue.iter().map(|message| message.text.len()).sum();
        let may_read = queue.len() < QUEUE_MAX && queued < QUEUE_LEN_MAX;
        let silent = heard + SILENCE_MAX * if is_pinged { 2 } else { 1 };
        let late = socket.deadline().map_or(silent, |late| late.min(silent));
        let step = tokio::select! {
            event = socket.next(), if may_read => Step::Event(event),
            said = said(&mut asked) => Step::Said(said),
            reason = held.wait(), if asked.is_none() => Step::Due(reason),
            () = sleep_until(late), if may_read => Step::Late,
        };
        if matches!(step, Step::Event(_)) {
            (heard, is_pinged) = (Instant::now(), false);
        }
        match step {
            Step::Event(Event::Message(message)) => {
                body.received(&message.text);
                queue.push_back(message);
            }
            Step::Event(Event::Ping(payload)) => socket.pong(payload).await?,
            Step::Event(Event::Pong) => {}
            Step::Event(Event::Close(code)) => return Ok(End::Closed(code)),
            Step::Event(Event::Fault(close)) => return Ok(End::Close(close)),
            Step::Event(Event::Gone) => return Ok(End::Gone),
            Step::Due(None) => return Ok(End::Close(Close::GOING_AWAY)),
            Step::Due(Some(reason)) => asked = Some(Asked::wake(held, reason)),
            Step::Said(said) => {
                let answered = asked.take();
                let pieces = match take(held, answered, said, body) {
                    Ok(pieces) => pieces,
                    Err(close) => return Ok(End::Close(close)),
                };
                send(socket, body, pieces).await?;
                if held.is_over() {
                    return Ok(End::Close(Close::NORMAL));
                }
            }
            // What came in the meantime may have earned it more time.
            Step::Late => match socket.deadline() {
                Some(late) if late <= Instant::now() => return Ok(End::Close(Close::TOO_SLOW)),
                _ if silent > Instant::now() => {}
                _ if is_pinged => return Ok(End::Gone),
                _ => {
                    is_pinged = true;
                    socket.ping().await?;
                }
            },
        }
    }
}

impl Asked {
    fn wake(held: &Held, reason: WakeReason) -> Self {
        Self {
            message_len: None,
            began: Instant::now(),
            saying: held.wake(reason),
        }
    }

    fn message(held: &Held, message: Message) -> Self {
        let Message { text, room } = message;
        let (message_len, saying) = (Some(text.len()), held.message(text));
        let saying = async move {
            let said = saying.await;
            drop(room);
            said
        };
        Self {
            message_len,
            began: Instant::now(),
            saying: Box::pin(saying),
        }
    }
}

async fn said(asked: &mut Option<Asked>) -> Said {
    match asked {
        Some(asked) => asked.saying.as_mut().await,
        None => pending().await,
    }
}

/// What is to be sent of what was said; or why nothing ever will be. A message that failed is answered
/// by nobody, for the host knows no word of the protocol: so its client must not wait for it.
fn take(
    held: &mut Held,
    asked: Option<Asked>,
    said: Said,
    body: &Body,
) -> Result<Vec<Bytes>, Close> {
    let Some(asked) = asked else {
        return Ok(Vec::new());
    };
    let Some(message_len) = asked.message_len else {
        return held.take(said).map_err(close);
    };
    let len = match &said {
        Ok(push) => push.pieces.iter().map(Bytes::len).sum(),
        Err(_) => 0,
    };
    body.answered(asked.began.elapsed(), message_len, len, said.is_ok());
    match said {
        Err(silence) => Err(close(silence)),
        said => held.take(said).map_err(close),
    }
}

/// RFC 6455 §7.4.1; 1013 and 1014 are of the registry that it made.
fn close(silence: Silence) -> Close {
    let error = match silence {
        Silence::Over => return Close::GOING_AWAY,
        Silence::Gone => return Close::new(1011, "what answered here is gone"),
        Silence::Failed(error) => error,
    };
    match reason(&error) {
        (StatusCode::INTERNAL_SERVER_ERROR, text) => Close::new(1011, text),
        (_, text) => Close::new(1013, text),
    }
}

async fn send<S>(socket: &mut WebSocket<S>, body: &mut Body, pieces: Vec<Bytes>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for piece in pieces {
        body.sends(&piece);
        let sent = socket.send(piece).await;
        body.is_taken();
        sent?;
    }
    Ok(())
}
