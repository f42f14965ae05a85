//! What a connection gets that is not let in: an answer, where it may be one for HTTP without TLS.
//! With TLS it would cost a handshake, which is what there is no time for.

use super::socket::linger;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;

/// RFC 9110 §15.6.4. The body says what to do.
const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Retry-After: 5\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 47\r\n\
    Connection: close\r\n\
    \r\n\
    there are too many connections: try again soon\n";
/// How many are answered at once: each holds a descriptor meanwhile. The others are closed.
const AT_ONCE: usize = 64;
/// How long a request is waited for, without which there is nothing to answer.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(2);

/// Those that are being answered.
static ANSWERING: AtomicUsize = AtomicUsize::new(0);

/// Answers a connection and closes it.
pub async fn turn_away(stream: TcpStream, secure: bool) {
    let answering = Answering::begin();
    if secure || answering.is_none() {
        return;
    }
    let asked = tokio::time::timeout(REQUEST_TIME_MAX, stream.readable()).await;
    if matches!(asked, Ok(Ok(()))) && stream.try_write(ANSWER).is_ok() {
        linger(stream).await;
    }
}

/// The same at once, for when the descriptor is needed again: what was sent by now is read, so that
/// its system doesn't throw away the answer.
pub fn turn_away_now(stream: TcpStream, secure: bool) {
    let stream = stream.into_std();
    if let Ok(mut stream) = stream
        && !secure
    {
        // Neither waits: the socket does not block.
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write(ANSWER);
    }
}

/// One of those that are being answered.
struct Answering;

impl Answering {
    fn begin() -> Option<Self> {
        let one = Self;
        (ANSWERING.fetch_add(1, Ordering::Relaxed) < AT_ONCE).then_some(one)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        ANSWERING.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_length_that_it_says() {
        let text = std::str::from_utf8(ANSWER).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())));
    }
}
