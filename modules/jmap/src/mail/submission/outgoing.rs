//! Messages that are to go out: which one, from whom, to whom, and whether that may be. RFC 8621 §7.5.

use super::envelope::Envelope;
use super::lines;
use crate::account::Account;
use crate::blob::{BlobId, Whole, bytes};
use crate::error::{SetError, SetResult};
use crate::id::{EmailId, ThreadId};
use crate::json::{Object, object, strings};
use crate::mail::identity;
use crate::mail::world::World;
use crate::standard::Stage;
use crate::utc_date;
use mail::{Field, Header, Limits};
use module::{Blob, Error, Instant};
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A message that is to go out.
pub struct Outgoing {
    identity: String,
    email: EmailId,
    thread: ThreadId,
    envelope: Envelope,
    message: Vec<u8>,
}

impl Outgoing {
    /// Reads an EmailSubmission that a client wants created.
    ///
    /// Fails if a message like this may not be sent, or not by whoever asks.
    pub fn read(stage: &Stage<'_>, object: &Object) -> SetResult<Self> {
        let id = |name: &str| {
            let id = object.get(name).and_then(Value::as_str);
            let id = id.and_then(|id| stage.context.real_id(id));
            id.ok_or_else(|| SetError::invalid(name, "there is no such object"))
        };
        let (identity, email) = (id("identityId")?, id("emailId")?);
        let senders = Senders(identity::all(&stage.account)?);
        let sender = senders.address(identity);
        let sender =
            sender.ok_or_else(|| SetError::invalid("identityId", "there is no such Identity"))?;
        let (email, thread) = find(&stage.account, email)?;
        let message = bytes(&stage.account, &BlobId::whole(Whole::Email(email)))?;
        // First: a line end makes a field of what follows it.
        let message = lines::whole(&message);
        let header = Header::parse(&message, &Limits::default());
        senders.check(&message, &header)?;
        let may_send = |from: &str| senders.may_send(from);
        let envelope = match object.get("envelope") {
            None | Some(Value::Null) => Envelope::make(&header, sender, may_send)?,
            Some(given) => {
                let delay_max = stage.context.limits.max_delayed_send;
                Envelope::read(given, stage.context.now, delay_max)?
            }
        };
        if !envelope.mail_from.is_empty() && !may_send(&envelope.mail_from) {
            return Err(SetError::new("forbiddenMailFrom"));
        }
        Ok(Self {
            identity: identity.to_owned(),
            email,
            thread,
            envelope,
            message: without_bcc(&message, &header),
        })
    }

    /// Hands it to the mail system; gives the name that it has there.
    pub fn submit(&self) -> SetResult<String> {
        let envelope = module::Envelope {
            sender: self.envelope.mail_from.clone(),
            recipients: self.envelope.rcpt_to.clone(),
            not_before: self.envelope.hold_until,
        };
        let blob = Blob::create(&self.message)?;
        envelope.submit(&blob).map_err(refused)
    }

    /// Which Email it is.
    pub fn email(&self) -> EmailId {
        self.email
    }

    /// What is kept of it: what clients are told, and its name in the mail system's queue.
    pub fn kept(&self, now: Instant, queue: &str) -> Object {
        let held = self.envelope.hold_until;
        object! {
            "identityId": self.identity.clone(),
            "emailId": self.email.to_string(),
            "threadId": self.thread.to_string(),
            "envelope": self.envelope.kept.clone(),
            "sendAt": utc_date::write(held.unwrap_or(now)),
            "undoStatus": match held {
                Some(_) => "pending",
                None => "final",
            },
            "queue": queue,
        }
    }
}

/// The Email of an id, and its Thread.
fn find(account: &Rc<Account>, id: &str) -> SetResult<(EmailId, ThreadId)> {
    let world = World::load(account)?;
    let id = EmailId::parse(id);
    let place = id.and_then(|id| world.places(id).into_iter().next());
    let found = id.zip(place.map(|place| place.row.thread));
    found.ok_or_else(|| SetError::invalid("emailId", "there is no such Email"))
}

/// The Identities of whoever sends.
struct Senders(BTreeMap<String, Object>);

impl Senders {
    /// The address of an Identity.
    fn address(&self, id: &str) -> Option<&str> {
        self.0.get(id)?.get("email")?.as_str()
    }

    /// Whether an address is that of an Identity, compared without case.
    fn may_send(&self, from: &str) -> bool {
        let from = from.to_lowercase();
        self.0.values().any(|identity| {
            let email = identity.get("email").and_then(Value::as_str);
            email.is_some_and(|email| email.to_lowercase() == from)
        })
    }

    /// Refuses a message that they may not send, by its header section.
    fn check(&self, message: &[u8], header: &Header<'_>) -> SetResult<()> {
        let invalid = |what: &str| SetError::described("invalidEmail", what);
        if header.is_cut() {
            return Err(invalid("its header section is too long"));
        }
        // Other programs pass over what is no field, and find one more From behind it.
        let rest = message.get(header.section().end..).unwrap_or_default();
        if !rest.is_empty() && !rest.starts_with(b"\r\n") {
            return Err(invalid("no empty line ends its header section"));
        }
        // RFC 5322 §3.6: one From, and one Sender at most.
        for (name, property, least) in [("From", "from", 1), ("Sender", "sender", 0)] {
            let fields: Vec<Field<'_>> = header.all(name).collect();
            let of_property = |what: &str| invalid(what).with("properties", strings([property]));
            if fields.len() > 1 {
                return Err(of_property("it has the field more than once"));
            }
            let field = fields.first();
            let addresses = field.map(Field::addresses).unwrap_or_default();
            if addresses.is_empty() && fields.len().max(least) > 0 {
                return Err(of_property("it is from nobody"));
            }
            if !addresses.iter().all(|from| self.may_send(&from.email)) {
                return Err(SetError::new("forbiddenFrom"));
            }
        }
        Ok(())
    }
}

/// The message as it goes out: nobody sees who else gets it blindly. RFC 8621 §7.5.
fn without_bcc(message: &[u8], header: &Header<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let start = message.as_ptr() as usize;
    let mut at = 0;
    let is_blind = |field: &&Field<'_>| field.is("Bcc") || field.is("Resent-Bcc");
    for field in header.fields().iter().filter(is_blind) {
        // Where a field lies, by where its name and its value lie.
        let from = (field.name.as_ptr() as usize).wrapping_sub(start);
        let value = (field.value.as_ptr() as usize).wrapping_sub(start);
        let mut to = value + field.value.len();
        for end in *b"\r\n" {
            to += usize::from(message.get(to) == Some(&end));
        }
        out.extend_from_slice(message.get(at..from).unwrap_or_default());
        at = to;
    }
    out.extend_from_slice(message.get(at..).unwrap_or_default());
    out
}

fn refused(error: Error) -> SetError {
    match error {
        Error::Unsupported(_) => {
            SetError::described("forbiddenToSend", "this server sends no mail")
        }
        Error::Forbidden(_) => SetError::new("forbiddenMailFrom"),
        Error::TooMany(max) => SetError::new("tooManyRecipients").with("maxRecipients", max),
        Error::TooLarge(max) => SetError::new("tooLarge").with("maxSize", max),
        error => error.into(),
    }
}
