//! One connection: commands in order, transactions, answers. RFC 2033 §4, RFC 5321 §4.1.4.

use super::command::{self, Command, Mail};
use super::decoder::Decoder;
use super::deliver::deliver;
use super::message::{Arrived, Arriving};
use super::recipient::Recipient;
use super::reply::{self, Reply};
use super::trace::Trace;
use super::wire::{End, Line, Wire};
use crate::tenant::Snapshot;
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};

/// RFC 5321 §4.5.3.1.8 asks for 100 at least.
const RECIPIENTS_MAX: usize = 1000;
/// Commands that make no sense, in a row, before the connection is ended.
const ERRORS_MAX: u32 = 20;
/// How long a message, or a chunk of it, may take to come.
const MESSAGE_TIME_MAX: Duration = Duration::from_secs(1800);

/// A connection.
pub struct Session<S> {
    wire: Wire<S>,
    snapshot: Box<dyn Fn() -> Arc<Snapshot> + Send + Sync>,
    /// What the connection says of the client: its address.
    peer: String,
    /// What the client says of itself.
    client: Option<String>,
    transaction: Option<Transaction>,
    errors: u32,
}

/// A message from MAIL to the answers for its recipients.
struct Transaction {
    id: String,
    mail: Mail,
    recipients: Vec<Recipient>,
    /// What has come by BDAT.
    chunks: Option<(Decoder, Arriving)>,
}

/// What follows an answer.
enum Next {
    Go,
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// A connection of this client, served by what `snapshot` says at the time.
    pub fn new(
        wire: Wire<S>,
        snapshot: Box<dyn Fn() -> Arc<Snapshot> + Send + Sync>,
        peer: String,
    ) -> Self {
        Self {
            wire,
            snapshot,
            peer,
            client: None,
            transaction: None,
            errors: 0,
        }
    }

    /// Serves it to its end.
    pub async fn run(mut self) {
        let server = (self.snapshot)().config.servername.clone();
        self.wire.say(&format!("220 {server} LMTP Chapar\r\n"));
        let end = loop {
            match self.next().await {
                Ok(Next::Go) => {}
                Ok(Next::End) => break None,
                Err(end) => break Some(end),
            }
        };
        self.forget().await;
        match end {
            Some(End::TooSlow) => self.wire.reply(reply::TOO_SLOW),
            Some(End::Stopping) => self.wire.reply(reply::STOPPING),
            Some(End::Failed(error)) => {
                tracing::debug!(client = %self.peer, "LMTP ended: {error}");
                return;
            }
            Some(End::Closed) | None => {}
        }
        let _ = self.wire.flush().await;
    }

    async fn next(&mut self) -> Result<Next, End> {
        let line = self.wire.line().await?;
        let command = match line {
            Line::Whole(line) => command::parse(&line),
            Line::TooLong => Err(reply::LINE_TOO_LONG),
            Line::Malformed => Err(reply::BAD_LINE),
        };
        let command = match command {
            Ok(command) => command,
            Err(reply) => return Ok(self.refuse(reply)),
        };
        if command == Command::Quit {
            self.wire.reply(reply::BYE);
            return Ok(Next::End);
        }
        self.answer(command).await
    }

    /// Says that a command makes no sense.
    fn refuse(&mut self, reply: Reply) -> Next {
        self.errors += 1;
        if self.errors >= ERRORS_MAX {
            self.wire.reply(reply::TOO_MANY_ERRORS);
            return Next::End;
        }
        self.wire.reply(reply);
        Next::Go
    }

    async fn answer(&mut self, command: Command) -> Result<Next, End> {
        let reply = match command {
            Command::Lhlo(client) => {
                self.forget().await;
                self.client = Some(client);
                self.offer();
                return Ok(Next::Go);
            }
            Command::Mail(mail) => self.mail(mail),
            Command::Rcpt(address) => match &self.transaction {
                Some(transaction) if transaction.chunks.is_none() => self.rcpt(&address).await,
                _ => reply::OUT_OF_ORDER,
            },
            Command::Data => return self.data().await,
            Command::Bdat { size, last } => return self.bdat(size, last).await,
            Command::Rset => {
                self.forget().await;
                reply::OK
            }
            Command::Noop => reply::OK,
            Command::Vrfy => reply::WILL_TRY,
            Command::Quit => reply::BYE,
        };
        if reply == reply::OUT_OF_ORDER {
            return Ok(self.refuse(reply));
        }
        if reply.is_positive() {
            self.errors = 0;
        }
        self.wire.reply(reply);
        Ok(Next::Go)
    }

    /// Says who this is and what it can. RFC 2033 §4.1, §5.
    fn offer(&mut self) {
        let config = (self.snapshot)().config.clone();
        let size_max = size_max(&(self.snapshot)());
        self.wire.say(&format!(
            "250-{}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n\
             250-ENHANCEDSTATUSCODES\r\n250 SIZE {size_max}\r\n",
            config.servername
        ));
    }

    fn mail(&mut self, mail: Mail) -> Reply {
        if self.client.is_none() || self.transaction.is_some() {
            return reply::OUT_OF_ORDER;
        }
        let size_max = size_max(&(self.snapshot)());
        if mail.size.is_some_and(|size| size > size_max) {
            return reply::TOO_LARGE;
        }
        let Ok(number) = getrandom::u64() else {
            return reply::NOT_NOW;
        };
        self.transaction = Some(Transaction {
            id: format!("{number:016x}"),
            mail,
            recipients: Vec::new(),
            chunks: None,
        });
        reply::SENDER_OK
    }

    async fn rcpt(&mut self, address: &super::address::Address) -> Reply {
        let Some(transaction) = &mut self.transaction else {
            return reply::OUT_OF_ORDER;
        };
        if address.is_international() && !transaction.mail.utf8 {
            return reply::NEEDS_SMTPUTF8;
        }
        if transaction.recipients.len() >= RECIPIENTS_MAX {
            return reply::TOO_MANY_RECIPIENTS;
        }
        let snapshot = (self.snapshot)();
        match Recipient::find(&snapshot, address, transaction.mail.size).await {
            Ok(recipient) => {
                transaction.recipients.push(recipient);
                reply::RECIPIENT_OK
            }
            Err(reply) => reply,
        }
    }

    async fn data(&mut self) -> Result<Next, End> {
        let transaction = match self.transaction.take() {
            Some(transaction) if transaction.chunks.is_none() => transaction,
            other => {
                self.transaction = other;
                return Ok(self.refuse(reply::OUT_OF_ORDER));
            }
        };
        let Some(mut arriving) = transaction.arriving() else {
            // RFC 2033 §4.2.
            self.transaction = Some(transaction);
            return Ok(self.refuse(reply::NO_RECIPIENTS));
        };
        self.wire.say("354 go ahead, a dot ends it\r\n");
        let mut decoder = Decoder::data();
        let receive = receive(&mut self.wire, &mut decoder, &mut arriving, None);
        let received = tokio::time::timeout(MESSAGE_TIME_MAX, receive).await;
        if let Err(end) = received.unwrap_or(Err(End::TooSlow)) {
            arriving.abandon().await;
            return Err(end);
        }
        self.finish(transaction, &decoder, arriving).await;
        Ok(Next::Go)
    }

    /// RFC 3030 §2. What was announced is read, whatever the answer will be.
    async fn bdat(&mut self, size: u64, last: bool) -> Result<Next, End> {
        let transaction = self.transaction.as_mut();
        let refusal = match &transaction {
            None => Some(reply::OUT_OF_ORDER),
            Some(transaction) if transaction.recipients.is_empty() => Some(reply::NO_RECIPIENTS),
            Some(_) => None,
        };
        let chunks = transaction.and_then(|transaction| {
            if transaction.chunks.is_none() {
                let arriving = transaction.arriving()?;
                transaction.chunks = Some((Decoder::chunks(), arriving));
            }
            transaction.chunks.as_mut()
        });
        let receive = async {
            match chunks {
                Some((decoder, arriving)) => {
                    receive(&mut self.wire, decoder, arriving, Some(size)).await
                }
                None => skip(&mut self.wire, size).await,
            }
        };
        let received = tokio::time::timeout(MESSAGE_TIME_MAX, receive).await;
        received.unwrap_or(Err(End::TooSlow))?;
        if let Some(reply) = refusal {
            return Ok(self.refuse(reply));
        }
        if !last {
            self.wire.reply(reply::CHUNK_OK);
            return Ok(Next::Go);
        }
        if let Some(mut transaction) = self.transaction.take()
            && let Some((decoder, arriving)) = transaction.chunks.take()
        {
            self.finish(transaction, &decoder, arriving).await;
        }
        Ok(Next::Go)
    }

    /// Delivers, and answers for each recipient. RFC 2033 §4.2, §4.3.
    async fn finish(&mut self, transaction: Transaction, decoder: &Decoder, arriving: Arriving) {
        self.errors = 0;
        let recipients = &transaction.recipients;
        let arrived = match decoder.is_bare() {
            true => {
                arriving.abandon().await;
                Err(reply::BARE_NEWLINE)
            }
            false => arriving.end().await,
        };
        let replies = match arrived {
            Err(reply) => {
                let (id, client) = (&transaction.id, &self.peer);
                tracing::warn!(%id, %client, "a message was not taken: {}", reply.text);
                vec![reply; recipients.len()]
            }
            Ok(arrived) => self.deliver(&transaction, &arrived).await,
        };
        for reply in replies {
            self.wire.reply(reply);
        }
    }

    async fn deliver(&self, transaction: &Transaction, arrived: &Arrived) -> Vec<Reply> {
        let recipients = &transaction.recipients;
        let time = SystemTime::now();
        let sender = transaction.mail.sender.as_ref();
        let header = |recipient: &Recipient| {
            let trace = Trace {
                sender: sender.map_or("", |sender| &sender.text),
                client: self.client.as_deref().unwrap_or("unknown"),
                peer: &self.peer,
                server: &recipient.site.config.servername,
                utf8: transaction.mail.utf8,
                id: &transaction.id,
                recipient: Some(recipient.address.as_str()),
                time,
            };
            let mut header = trace.write().into_bytes();
            header.extend_from_slice(&arrived.header);
            Bytes::from(header)
        };
        deliver(recipients, arrived, header).await
    }

    /// Ends the transaction without delivering.
    async fn forget(&mut self) {
        let chunks = self.transaction.take().and_then(|it| it.chunks);
        if let Some((_, arriving)) = chunks {
            arriving.abandon().await;
        }
    }
}

impl Transaction {
    /// What the message is received by; none if it is for nobody.
    fn arriving(&self) -> Option<Arriving> {
        let sizes = self
            .recipients
            .iter()
            .map(|it| it.site.config.maxmessagesize);
        let store = self.recipients.first()?.open.tenant.store.clone();
        Some(Arriving::new(store, sizes.max().unwrap_or(0)))
    }
}

/// Receives up to the dot, or so many bytes.
async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    decoder: &mut Decoder,
    arriving: &mut Arriving,
    mut left: Option<u64>,
) -> Result<(), End> {
    let mut decoded = Vec::new();
    while !decoder.is_done() && left != Some(0) {
        let input = wire.bytes().await?;
        let most = left.map_or(input.len(), |left| at_most(left, input.len()));
        let taken = decoder.feed(input.get(..most).unwrap_or(input), &mut decoded);
        wire.consume(taken);
        left = left.map(|left| left.saturating_sub(taken as u64));
        arriving.take(&decoded).await;
        decoded.clear();
    }
    Ok(())
}

async fn skip<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    mut left: u64,
) -> Result<(), End> {
    while left > 0 {
        let taken = at_most(left, wire.bytes().await?.len());
        wire.consume(taken);
        left = left.saturating_sub(taken as u64);
    }
    Ok(())
}

fn at_most(left: u64, len: usize) -> usize {
    usize::try_from(left).map_or(len, |left| left.min(len))
}

/// The biggest message that anyone takes.
fn size_max(snapshot: &Snapshot) -> u64 {
    let sizes = snapshot.sites().map(|site| site.config.maxmessagesize);
    sizes.max().unwrap_or(0)
}
