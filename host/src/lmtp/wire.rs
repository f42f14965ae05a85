//! A connection as lines and bytes. Answers are kept until more has to be read, so that a group of
//! commands is answered by one write. RFC 2920 §3.2.

use super::reply::Reply;
use bytes::{Buf, BytesMut};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

/// The longest command: RFC 5321 §4.5.3.1.4 asks for 512 bytes, parameters and long addresses come
/// on top.
const LINE_LEN_MAX: usize = 2048;
/// How much is read at once.
const READ_LEN: usize = 16 << 10;
/// How long a client may take for the next bytes, or to read an answer. RFC 5321 §4.5.3.2.7.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// Why a connection ends.
#[derive(Debug)]
pub enum End {
    /// The client has ended it.
    Closed,
    /// Nothing came for too long.
    TooSlow,
    /// The server stops.
    Stopping,
    /// It has failed.
    Failed(io::Error),
}

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Without its end.
    Whole(String),
    /// Longer than a command may be.
    TooLong,
    /// Not UTF-8, or with a CR or LF that stands alone.
    Malformed,
}

/// A connection.
pub struct Wire<S> {
    stream: S,
    input: BytesMut,
    output: String,
    stopping: watch::Receiver<bool>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// A connection that ends when `stopping` says so, between two messages.
    pub fn new(stream: S, stopping: watch::Receiver<bool>) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            output: String::new(),
            stopping,
        }
    }

    /// Answers, as soon as nothing more is there to be read.
    pub fn reply(&mut self, reply: Reply) {
        reply.write(&mut self.output);
    }

    /// Answers in words of one's own.
    pub fn say(&mut self, text: &str) {
        self.output.push_str(text);
    }

    /// Reads a command. Where the server stops meanwhile, it is not waited for.
    pub async fn line(&mut self) -> Result<Line, End> {
        let (mut searched, mut too_long) = (0, false);
        loop {
            let unseen = self.input.get(searched..).unwrap_or_default();
            if let Some(found) = unseen.iter().position(|&byte| byte == b'\n') {
                let line = self.input.split_to(searched + found + 1);
                too_long |= line.len() > LINE_LEN_MAX;
                return Ok(match too_long {
                    true => Line::TooLong,
                    false => read(&line),
                });
            }
            if self.input.len() > LINE_LEN_MAX {
                self.input.clear();
                too_long = true;
            }
            searched = self.input.len();
            self.fill(true).await?;
        }
    }

    /// Bytes that have come; waits for some if none are left.
    pub async fn bytes(&mut self) -> Result<&[u8], End> {
        if self.input.is_empty() {
            self.fill(false).await?;
        }
        Ok(&self.input)
    }

    /// So many of them are done with.
    pub fn consume(&mut self, count: usize) {
        self.input.advance(count.min(self.input.len()));
    }

    /// Sends what was answered.
    pub async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let write = async {
            self.stream.write_all(self.output.as_bytes()).await?;
            self.stream.flush().await
        };
        let written = tokio::time::timeout(WAIT_MAX, write).await;
        self.output.clear();
        written.map_err(|_| End::TooSlow)?.map_err(End::Failed)
    }

    async fn fill(&mut self, may_stop: bool) -> Result<(), End> {
        self.flush().await?;
        self.input.reserve(READ_LEN);
        let read = self.stream.read_buf(&mut self.input);
        let stopped = async {
            match may_stop {
                // Whoever has dropped the sender has stopped, too.
                true => drop(self.stopping.wait_for(|stopping| *stopping).await),
                false => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            read = tokio::time::timeout(WAIT_MAX, read) => match read {
                Ok(Ok(0)) => Err(End::Closed),
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(End::Failed(error)),
                Err(_) => Err(End::TooSlow),
            },
            () = stopped => Err(End::Stopping),
        }
    }
}

fn read(line: &[u8]) -> Line {
    let text = line.strip_suffix(b"\r\n").filter(|it| !it.contains(&b'\r'));
    match text.and_then(|text| std::str::from_utf8(text).ok()) {
        Some(text) => Line::Whole(text.to_owned()),
        None => Line::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    async fn lines(sent: &[u8]) -> Vec<Line> {
        let (mut client, server) = duplex(64 << 10);
        let (_stopping, stopped) = watch::channel(false);
        client.write_all(sent).await.unwrap();
        drop(client);
        let mut wire = Wire::new(server, stopped);
        let mut lines = Vec::new();
        while let Ok(line) = wire.line().await {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn lines_have_a_form_and_a_length() {
        let mut sent = b"NOOP\r\nNOOP\nNO\rOP\r\n\xff\r\n".to_vec();
        sent.extend(vec![b'a'; 30_000]);
        sent.extend(b"\r\nQUIT\r\n");
        let found = lines(&sent).await;
        assert_eq!(
            found,
            [
                Line::Whole("NOOP".into()),
                Line::Malformed,
                Line::Malformed,
                Line::Malformed,
                Line::TooLong,
                Line::Whole("QUIT".into())
            ]
        );
    }

    #[tokio::test]
    async fn a_server_that_stops_waits_for_no_command() {
        let (_client, server) = duplex(64);
        let (stopping, stopped) = watch::channel(false);
        let mut wire = Wire::new(server, stopped);
        stopping.send(true).unwrap();
        assert!(matches!(wire.line().await, Err(End::Stopping)));
    }
}
