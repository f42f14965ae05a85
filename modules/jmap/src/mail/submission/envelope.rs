//! Envelopes: as the client gives them, or made of the message. RFC 8621 §7.

use crate::error::{SetError, SetResult};
use crate::json::{Object, object, strings};
use crate::utc_date;
use mail::Header;
use module::Instant;
use serde_json::Value;
use std::collections::BTreeSet;

/// How many recipients a message may have.
const RECIPIENTS_MAX: usize = 500;
/// How long an address may be. RFC 5321 §4.5.3.1.3.
const ADDRESS_MAX: usize = 254;

/// An envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The return path; may be empty.
    pub mail_from: String,
    /// To whom.
    pub rcpt_to: Vec<String>,
    /// Not before this time.
    pub hold_until: Option<Instant>,
    /// As JSON, as it is kept: each recipient an address, which [`unfold`] makes an object.
    pub kept: Value,
}

impl Envelope {
    /// The one that a client gives. `delay_max` is how many seconds a message may wait.
    pub fn read(value: &Value, now: Instant, delay_max: u64) -> SetResult<Self> {
        let bad = |what: &str| SetError::invalid("envelope", what);
        let address = |value: &Value| -> SetResult<(String, Object)> {
            let email = value.get("email").and_then(Value::as_str);
            let email = email.ok_or_else(|| bad("an address without email"))?;
            let parameters = match value.get("parameters") {
                None | Some(Value::Null) => Object::new(),
                Some(Value::Object(parameters)) => parameters.clone(),
                Some(_) => return Err(bad("parameters are an object")),
            };
            Ok((email.to_owned(), parameters))
        };
        let from = value
            .get("mailFrom")
            .ok_or_else(|| bad("mailFrom is missing"))?;
        let (mail_from, parameters) = address(from)?;
        let mut hold_until = None;
        for (name, value) in &parameters {
            let text = value.as_str().unwrap_or_default();
            let held = match name.to_ascii_uppercase().as_str() {
                // RFC 4865 §3.
                "HOLDFOR" => {
                    let seconds = text.parse::<i64>().ok().filter(|seconds| *seconds >= 0);
                    let held = |seconds: i64| seconds.checked_mul(1000)?.checked_add(now);
                    seconds.and_then(held)
                }
                "HOLDUNTIL" => utc_date::parse_date(text),
                _ => return Err(bad("this parameter of MAIL FROM is not supported")),
            };
            hold_until = Some(held.ok_or_else(|| bad("this is no time to wait for"))?);
        }
        let latest = i64::try_from(delay_max.saturating_mul(1000)).unwrap_or(i64::MAX);
        if hold_until.is_some_and(|until| until > now.saturating_add(latest)) {
            return Err(bad("this is too long to wait"));
        }
        let to = value.get("rcptTo").and_then(Value::as_array);
        let to = to.ok_or_else(|| bad("rcptTo is missing"))?;
        let mut rcpt_to = Vec::with_capacity(to.len());
        for one in to {
            let (email, parameters) = address(one)?;
            if !parameters.is_empty() {
                return Err(bad("parameters of RCPT TO are not supported"));
            }
            rcpt_to.push(email);
        }
        let parameters = match parameters.is_empty() {
            true => Value::Null,
            false => Value::Object(parameters),
        };
        let from = object! { "email": mail_from.as_str(), "parameters": parameters };
        Self {
            kept: kept(from, &rcpt_to),
            mail_from,
            rcpt_to,
            hold_until,
        }
        .checked()
    }

    /// The one that is made of a message; `identity` is the address that is used where the message
    /// has none that may be.
    pub fn make(
        header: &Header<'_>,
        identity: &str,
        may_send: impl Fn(&str) -> bool,
    ) -> SetResult<Self> {
        let from = ["Sender", "From"].into_iter().find_map(|name| {
            let addresses = header.last(name)?.addresses();
            addresses.into_iter().next()
        });
        let from = from.map(|from| from.email).filter(|from| may_send(from));
        let mut known = BTreeSet::new();
        let fields = ["To", "Cc", "Bcc"].into_iter();
        let addresses = fields
            .flat_map(|name| header.all(name))
            .flat_map(|field| field.addresses());
        let rcpt_to: Vec<String> = addresses
            .map(|address| address.email)
            .filter(|email| known.insert(email.to_lowercase()))
            .collect();
        let mail_from = from.unwrap_or_else(|| identity.to_owned());
        let from = object! { "email": mail_from.as_str(), "parameters": Value::Null };
        Self {
            kept: kept(from, &rcpt_to),
            mail_from,
            rcpt_to,
            hold_until: None,
        }
        .checked()
    }

    fn checked(self) -> SetResult<Self> {
        if self.rcpt_to.is_empty() {
            return Err(SetError::new("noRecipients"));
        }
        if self.rcpt_to.len() > RECIPIENTS_MAX {
            let error = SetError::new("tooManyRecipients");
            return Err(error.with("maxRecipients", RECIPIENTS_MAX));
        }
        let invalid: Vec<&String> = self.rcpt_to.iter().filter(|to| !is_address(to)).collect();
        if !invalid.is_empty() {
            let invalid = strings(invalid.into_iter().cloned());
            return Err(SetError::new("invalidRecipients").with("invalidRecipients", invalid));
        }
        if !self.mail_from.is_empty() && !is_address(&self.mail_from) {
            return Err(SetError::invalid("envelope", "mailFrom is no address"));
        }
        Ok(self)
    }
}

fn kept(mail_from: Object, rcpt_to: &[String]) -> Value {
    Value::Object(object! { "mailFrom": mail_from, "rcptTo": strings(rcpt_to.iter().cloned()) })
}

/// Makes an envelope that is kept one that clients are told. RFC 8621 §7.
pub fn unfold(envelope: &mut Value) {
    let to = envelope.get_mut("rcptTo").and_then(Value::as_array_mut);
    for to in to.into_iter().flatten() {
        if to.is_string() {
            let email = to.take();
            *to = Value::Object(object! { "email": email, "parameters": Value::Null });
        }
    }
}

/// Whether SMTP can take a text as an address: RFC 5321 §4.1.2, with RFC 6531.
fn is_address(text: &str) -> bool {
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>');
    let (local, domain) = text.rsplit_once('@').unwrap_or(("", ""));
    !local.is_empty()
        && !domain.is_empty()
        && text.len() <= ADDRESS_MAX
        && text.chars().all(is_plain)
}
