//! Replies of an enabled VacationResponse: RFC 3834, and RFC 5230 §4.2 to §5 where that says more.
//!
//! A message is answered once to each sender in a week, if it was sent to the principal by name, by a
//! person. The reply goes to the Return-Path, and comes from nobody.

use super::{SINGLETON, VacationResponses};
use crate::account::Account;
use crate::context::{Context, now};
use crate::id::{EmailId, account_id, first_bits};
use crate::json::{Object, object};
use crate::limits::Limits;
use crate::mail::identity;
use crate::records::Kept;
use crate::utc_date;
use mail::{EmailAddress, Header, compose};
use module::{Annotation, Batch, Blob, Envelope, Error, Instant, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// On the inbox: who was answered, and when.
const ANSWERED: &str = "jmap/vacation-answered";
/// After how long a sender is answered again, in milliseconds. RFC 5230 §4.1.
const PERIOD_MS: Instant = 7 * 86_400_000;
/// How many senders are remembered: the oldest are forgotten first.
const ANSWERED_MAX: usize = 1000;
/// How often it is tried to remember one, while other things happen to the inbox.
const CONFLICTS_MAX: usize = 8;
/// Recipients of a field among whom the principal is looked for.
const RECIPIENTS_MAX: usize = 500;
/// Message ids that References takes over.
const REFERENCES_MAX: usize = 20;

/// What stands at either end of the local part of addresses that no person reads. RFC 5230 §4.6.
const ROBOTS: [&str; 8] = [
    "mailer-daemon",
    "listserv",
    "majordomo",
    "noreply",
    "no-reply",
    "owner-",
    "-owner",
    "-request",
];

/// A message that may be answered.
struct Call<'m> {
    header: Header<'m>,
    /// Who has sent it.
    sender: String,
    /// To which of the principal's addresses.
    to: EmailAddress,
}

/// Answers a message that has come, by its header section, if it is to be answered.
pub fn reply(message: &[u8]) -> Result<()> {
    let context = Context::new(now(), Limits::load());
    let Some(own) = &context.identity.principal else {
        return Ok(());
    };
    let account = Account::load(&context.identity, &account_id(own))?;
    let Some(account) = account.filter(|account| !account.mailboxes.is_empty()) else {
        return Ok(());
    };
    let vacation = VacationResponses::all(&account)?.remove(SINGLETON);
    let Some(vacation) = vacation.filter(|vacation| is_on(vacation, context.now)) else {
        return Ok(());
    };
    let Some(call) = Call::read(message, own_addresses(&account)?) else {
        return Ok(());
    };
    // Remembered first: who is answered twice is bothered, and two who answer each other never end.
    if !remember(&context, account, &call.sender, &vacation)? {
        return Ok(());
    }
    let unique = EmailId::random()?.to_string();
    let surroundings = context.surroundings(&unique);
    let reply = compose(&call.email(&vacation), &surroundings, |_| None);
    let reply = reply.map_err(|error| Error::Invalid(error.to_string()))?;
    let envelope = Envelope {
        // RFC 3834 §3.3: nobody is told of a reply that can't be delivered.
        sender: String::new(),
        recipients: vec![call.sender],
        not_before: None,
    };
    match envelope.submit(&Blob::create(&reply)?) {
        // A server that sends no mail answers none.
        Ok(_) | Err(Error::Unsupported(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether messages that come now are answered.
fn is_on(vacation: &Object, now: Instant) -> bool {
    let date = |name: &str| {
        let date = vacation.get(name).and_then(Value::as_str);
        date.and_then(utc_date::parse)
    };
    vacation.get("isEnabled") == Some(&Value::Bool(true))
        && date("fromDate").is_none_or(|from| from <= now)
        && date("toDate").is_none_or(|to| now < to)
}

/// The addresses of the principal, with the names that stand before them.
fn own_addresses(account: &Account) -> Result<Vec<EmailAddress>> {
    let identities = identity::all(account)?.into_values();
    let text = |identity: &Object, name: &str| {
        let text = identity.get(name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let addresses = identities.filter_map(|identity| {
        Some(EmailAddress {
            name: text(&identity, "name"),
            email: text(&identity, "email")?,
        })
    });
    Ok(addresses.collect())
}

impl<'m> Call<'m> {
    /// Reads a message; none if it is not to be answered.
    fn read(message: &'m [u8], mut own: Vec<EmailAddress>) -> Option<Self> {
        let header = Header::parse(message, &mail::Limits::default());
        // What the host puts in front; anything below may be the sender's invention.
        let path = header
            .fields()
            .first()
            .filter(|field| field.is("Return-Path"))?;
        let sender = path
            .raw()
            .trim()
            .strip_prefix('<')?
            .strip_suffix('>')?
            .to_owned();
        own.extend(delivered_to(&header));
        let (local, _) = sender.rsplit_once('@')?;
        let local = local.to_lowercase();
        let is_robot = |name: &&str| local.starts_with(*name) || local.ends_with(*name);
        let is_own = own.iter().any(|own| is_same(&own.email, &sender));
        if ROBOTS.iter().any(is_robot) || is_own || is_automatic(&header) {
            return None;
        }
        // RFC 5230 §4.5: who is not named gets it by way of a list, or blindly.
        let names = ["To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"];
        let mut to = None;
        for field in names.iter().flat_map(|name| header.all(name)) {
            let mut recipients = field.addresses();
            recipients.truncate(RECIPIENTS_MAX);
            let is_own = |own: &&EmailAddress| {
                let mut recipients = recipients.iter();
                recipients.any(|recipient| is_same(&own.email, &recipient.email))
            };
            to = to.or_else(|| own.iter().find(is_own).cloned());
        }
        let to = to?;
        Some(Self { header, sender, to })
    }

    /// The reply, as an Email. RFC 3834 §3.1, RFC 5230 §5.
    fn email(&self, vacation: &Object) -> Object {
        let text = |name: &str| vacation.get(name).and_then(Value::as_str);
        let subject = match text("subject") {
            Some(subject) => subject.to_owned(),
            None => {
                let subject = self.header.last("Subject").map(|field| field.text());
                match subject.as_deref().map(str::trim) {
                    None | Some("") => "Automatic reply".to_owned(),
                    Some(subject) => format!("Auto: {subject}"),
                }
            }
        };
        let ids = |name: &str| self.header.last(name).and_then(|field| field.message_ids());
        let in_reply_to = ids("Message-ID").unwrap_or_default();
        let mut references = ids("References")
            .or_else(|| ids("In-Reply-To"))
            .unwrap_or_default();
        references.extend(in_reply_to.iter().cloned());
        let too_many = references.len().saturating_sub(REFERENCES_MAX);
        references.drain(..too_many);
        let html = text("htmlBody").filter(|html| !html.is_empty());
        let plain = match (text("textBody"), html) {
            (Some(text), _) => text.to_owned(),
            (None, Some(html)) => mail::html::to_text(html, usize::MAX),
            (None, None) => "I am away, and will read your message when I am back.".to_owned(),
        };
        let sender = object! { "email": self.sender.clone() };
        let mut from = object! { "email": self.to.email.clone() };
        if let Some(name) = &self.to.name {
            from.insert("name".to_owned(), name.clone().into());
        }
        let mut email = object! {
            "from": vec![Value::Object(from)],
            "to": vec![Value::Object(sender)],
            "subject": mail::cut(&subject, 250),
            "header:Auto-Submitted:asText": "auto-replied (vacation)",
            "bodyValues": object! { "t": object! { "value": plain } },
            "textBody": vec![Value::Object(object! { "partId": "t", "type": "text/plain" })],
        };
        for (name, ids) in [("inReplyTo", in_reply_to), ("references", references)] {
            if !ids.is_empty() {
                email.insert(name.to_owned(), ids.into());
            }
        }
        if let Some(html) = html {
            if let Some(Value::Object(values)) = email.get_mut("bodyValues") {
                let value = object! { "value": html };
                values.insert("h".to_owned(), Value::Object(value));
            }
            let part = object! { "partId": "h", "type": "text/html" };
            email.insert("htmlBody".to_owned(), vec![Value::Object(part)].into());
        }
        email
    }
}

/// The address that a message was delivered to, which may be none of the directory's: the host says so
/// in the Received field behind the Return-Path. RFC 5321 §4.4.
fn delivered_to(header: &Header<'_>) -> Option<EmailAddress> {
    let received = header.fields().get(1).filter(|it| it.is("Received"))?;
    let received = received.raw();
    let (_, after) = received.rsplit_once("for <")?;
    let (email, _) = after.split_once('>')?;
    Some(EmailAddress {
        name: None,
        email: without_detail(email),
    })
}

/// Whether two addresses lead to one person: compared without case, and without what stands behind
/// a `+`.
fn is_same(own: &str, other: &str) -> bool {
    let own = own.to_lowercase();
    own == other.to_lowercase() || own == without_detail(other).to_lowercase()
}

/// An address without what stands behind a `+`. RFC 5233 §4.
fn without_detail(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return address.to_owned();
    };
    let (local, _) = local.split_once('+').unwrap_or((local, ""));
    format!("{local}@{domain}")
}

/// Whether a program has sent a message, or sent it on to many. RFC 3834 §2, RFC 5230 §4.6.
fn is_automatic(header: &Header<'_>) -> bool {
    header.fields().iter().any(|field| {
        let value = || field.raw().trim().to_lowercase();
        if field.is("Auto-Submitted") {
            let value = value();
            let keyword = value.split([';', ' ', '\t', '(', '\r', '\n']).next();
            keyword != Some("no")
        } else if field.is("Precedence") {
            matches!(value().as_str(), "bulk" | "junk" | "list")
        } else if field.is("X-Auto-Response-Suppress") {
            value() != "none"
        } else {
            let name = field.name.get(..5).unwrap_or_default();
            name.eq_ignore_ascii_case("List-")
        }
    })
}

/// Notes that a sender is answered; says whether that is due.
fn remember(
    context: &Context,
    mut account: Account,
    sender: &str,
    vacation: &Object,
) -> Result<bool> {
    // Whoever has been told one thing is told another. RFC 5230 §4.3.
    let mut hash = Sha256::new();
    hash.update(sender.to_lowercase().as_bytes());
    for name in ["subject", "textBody", "htmlBody"] {
        hash.update([0]);
        let text = vacation.get(name).and_then(Value::as_str);
        hash.update(text.unwrap_or_default().as_bytes());
    }
    let key = format!("{:016x}", first_bits(hash));
    for _ in 0..CONFLICTS_MAX {
        let inbox = account.open(0)?;
        let mut answered: BTreeMap<String, Instant> = account.kept(ANSWERED)?;
        // One that is dated in the future is of a clock that was wrong.
        answered.retain(|_, at| (*at..=*at + PERIOD_MS).contains(&context.now));
        if answered.contains_key(&key) {
            return Ok(false);
        }
        if answered.len() >= ANSWERED_MAX {
            let oldest = answered.iter().min_by_key(|(_, at)| **at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                answered.remove(&oldest);
            }
        }
        answered.insert(key.clone(), context.now);
        let value = serde_json::to_vec(&answered).unwrap_or_default();
        let status = account.mailboxes.first().ok_or(Error::NotFound)?;
        let batch = Batch::new();
        batch.expect_modseq(&inbox, status.modseq);
        batch.annotate(&inbox, None, &Annotation::private(ANSWERED, Some(value)));
        match batch.commit() {
            Ok(_) => return Ok(true),
            Err(failure) if failure.error == Error::Conflict => {
                let id = account.id.clone();
                account = Account::load(&context.identity, &id)?.ok_or(Error::NotFound)?;
            }
            Err(failure) => return Err(failure.error),
        }
    }
    Err(Error::Conflict)
}
