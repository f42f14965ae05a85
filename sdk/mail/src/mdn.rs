//! Message disposition notifications, which tell a sender what became of a message: RFC 8098, and the
//! MDN objects of RFC 9007.

use crate::compose::{ComposeError, Surroundings, text as text_header};
use crate::header::Header;
use crate::message::Message;
use crate::{EmailAddress, Limits};
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An MDN: RFC 9007 §2. Whoever keeps mail knows which Email it is about, if any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mdn {
    /// The Email that it is about.
    #[serde(default)]
    pub for_email_id: Option<String>,
    /// Its subject.
    #[serde(default)]
    pub subject: Option<String>,
    /// What it says to people.
    #[serde(default)]
    pub text_body: Option<String>,
    /// The message that it is about is in it.
    #[serde(default)]
    pub include_original_message: bool,
    /// The program that made it.
    #[serde(rename = "reportingUA", default)]
    pub reporting_ua: Option<String>,
    /// What became of the message.
    pub disposition: Disposition,
    /// The gateway that made it of something else.
    #[serde(default)]
    pub mdn_gateway: Option<String>,
    /// Whom the sender had sent the message to.
    #[serde(default)]
    pub original_recipient: Option<String>,
    /// Who got it: `rfc822; john@example.com`.
    #[serde(default)]
    pub final_recipient: Option<String>,
    /// The Message-ID of the message, in angle brackets.
    #[serde(default)]
    pub original_message_id: Option<String>,
    /// What went wrong.
    #[serde(default)]
    pub error: Option<Vec<String>>,
    /// Further fields by their names.
    #[serde(default)]
    pub extension_fields: Option<BTreeMap<String, String>>,
}

/// What became of a message, and by whom: RFC 8098 §3.2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disposition {
    /// Whether somebody did it.
    pub action_mode: ActionMode,
    /// Whether somebody allowed this to be told.
    pub sending_mode: SendingMode,
    /// What was done.
    #[serde(rename = "type")]
    pub type_: DispositionType,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionMode {
    /// Somebody.
    ManualAction,
    /// A program.
    AutomaticAction,
}

/// Who let it be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendingMode {
    /// Somebody, for this message.
    MdnSentManually,
    /// A program, once and for all.
    MdnSentAutomatically,
}

/// What was done with the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DispositionType {
    /// It was deleted, perhaps unseen.
    Deleted,
    /// It was sent on.
    Dispatched,
    /// It was displayed: whether it was read nobody knows.
    Displayed,
    /// It was processed without being displayed.
    Processed,
}

/// Why no MDN is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MdnError {
    /// Nobody asks for one: `notFound` in RFC 9007 §2.1.
    #[error("the message has no valid Disposition-Notification-To field")]
    NotAsked,
    /// A property is wrong.
    #[error(transparent)]
    Invalid(#[from] ComposeError),
}

const REPORT: &str = "message/disposition-notification";

impl Mdn {
    /// Reads a message that is an MDN; none if it is none.
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let report = message.parts().iter().find(|part| part.type_ == REPORT)?;
        let octets = report.decoded();
        let fields = Header::parse(&octets, &Limits::default());
        let text = |name: &str| {
            let field = fields.last(name)?;
            Some(field.text().trim().to_owned()).filter(|text| !text.is_empty())
        };
        let human = message
            .parts()
            .iter()
            .find(|part| part.type_ == "text/plain");
        let human = human.map(|part| part.body_value(0).value);
        let errors: Vec<String> = fields.all("Error").map(|field| field.text()).collect();
        let extensions = fields.fields().iter().filter(|field| !is_known(field.name));
        let extensions: BTreeMap<String, String> = extensions
            .map(|field| (field.name.to_owned(), field.text().trim().to_owned()))
            .collect();
        let is_message = |type_: &str| matches!(type_, "message/rfc822" | "message/global");
        let subject = message.header().last("Subject").map(|field| field.text());
        Some(Self {
            for_email_id: None,
            subject,
            text_body: human,
            include_original_message: message.parts().iter().any(|part| is_message(&part.type_)),
            reporting_ua: text("Reporting-UA"),
            disposition: Disposition::parse(&text("Disposition")?)?,
            mdn_gateway: text("MDN-Gateway"),
            original_recipient: text("Original-Recipient"),
            final_recipient: text("Final-Recipient"),
            original_message_id: text("Original-Message-ID"),
            error: Some(errors).filter(|errors| !errors.is_empty()),
            extension_fields: Some(extensions).filter(|fields| !fields.is_empty()),
        })
    }

    /// Makes the message that tells the sender of `original` from whoever got it, and puts into the
    /// MDN what its creator has left to be found out. Whom it goes to is in the message.
    pub fn compose(
        &mut self,
        original: &Message<'_>,
        from: &EmailAddress,
        surroundings: &Surroundings<'_>,
    ) -> Result<Vec<u8>, MdnError> {
        let to = asked_by(original.header()).ok_or(MdnError::NotAsked)?;
        let field = |name: &str| original.header().last(name);
        let ids = field("Message-ID").and_then(|field| field.message_ids());
        let id = ids
            .and_then(|ids| ids.into_iter().next())
            .map(|id| format!("<{id}>"));
        self.original_message_id = id;
        self.original_recipient =
            field("Original-Recipient").map(|field| field.text().trim().to_owned());
        let recipient = self
            .final_recipient
            .get_or_insert_with(|| format!("rfc822; {}", from.email));
        if !recipient.contains(';') {
            *recipient = format!("rfc822; {recipient}");
        }
        let report = self.report()?;
        let subject = self.subject.get_or_insert_with(|| {
            let subject = field("Subject")
                .map(|field| field.text())
                .unwrap_or_default();
            format!("Disposition of: {subject}")
        });
        let text = self.text_body.get_or_insert_default().replace("\r\n", "\n");
        let mut parts = vec![
            MimePart::new("text/plain", text.replace('\n', "\r\n")),
            literal(REPORT, report.into_bytes()),
        ];
        if self.include_original_message {
            parts.push(literal("message/rfc822", original.bytes().to_vec()));
        }
        let size: usize = parts.iter().map(MimePart::size).sum();
        if size > surroundings.size_max {
            let max = surroundings.size_max;
            return Err(ComposeError::TooLarge { max }.into());
        }
        let mut builder = MessageBuilder::new()
            .header("Date", Raw::new(surroundings.date()))
            .header("From", address(from))
            .header("To", Address::new_list(to.iter().map(address).collect()))
            .header("Subject", text_header(subject.clone()))
            .header("Message-ID", Raw::new(surroundings.message_id()))
            // RFC 3834 §5: nobody answers this.
            .header("Auto-Submitted", Raw::new("auto-replied"));
        if let Some(id) = &self.original_message_id {
            builder = builder.header("In-Reply-To", Raw::new(id.clone()));
        }
        let report = ContentType::new("multipart/report")
            .attribute("report-type", "disposition-notification");
        let mut message = Vec::new();
        builder
            .body(MimePart::new(report, parts))
            .serialize(&mut message);
        Ok(message)
    }

    /// The fields of RFC 8098 §3.1, in the order that it recommends.
    fn report(&self) -> Result<String, MdnError> {
        let mut report = String::new();
        let mut add = |property: &str, name: &str, value: &str| {
            // RFC 8098 §3.1: seven bits, and each field on a line of its own.
            let is_plain = |char: char| char == ' ' || char.is_ascii_graphic();
            if !value.chars().all(is_plain) {
                let wrong = format!("{property} must be a line of ASCII");
                return Err(ComposeError::invalid(property, wrong));
            }
            report.push_str(&format!("{name}: {value}\r\n"));
            Ok(())
        };
        let fields = [
            ("reportingUA", "Reporting-UA", &self.reporting_ua),
            (
                "originalRecipient",
                "Original-Recipient",
                &self.original_recipient,
            ),
            ("finalRecipient", "Final-Recipient", &self.final_recipient),
            (
                "originalMessageId",
                "Original-Message-ID",
                &self.original_message_id,
            ),
        ];
        for (property, name, value) in fields {
            if let Some(value) = value {
                add(property, name, value)?;
            }
        }
        add("disposition", "Disposition", &self.disposition.written())?;
        for (name, value) in self.extension_fields.iter().flatten() {
            let is_name = name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b':');
            if name.is_empty() || !is_name || is_known(name) {
                let wrong = format!("{name:?} is no name of an extension field");
                return Err(ComposeError::invalid("extensionFields", wrong).into());
            }
            add("extensionFields", name, value)?;
        }
        Ok(report)
    }
}

impl Disposition {
    /// Reads the value of a Disposition field; case does not matter.
    fn parse(value: &str) -> Option<Self> {
        let value = value.to_ascii_lowercase();
        let (modes, types) = value.split_once(';')?;
        let (action, sending) = modes.split_once('/')?;
        let type_ = types.split(['/', ',']).next()?;
        Some(Self {
            action_mode: match action.trim() {
                "manual-action" => ActionMode::ManualAction,
                "automatic-action" => ActionMode::AutomaticAction,
                _ => return None,
            },
            sending_mode: match sending.trim() {
                "mdn-sent-manually" => SendingMode::MdnSentManually,
                "mdn-sent-automatically" => SendingMode::MdnSentAutomatically,
                _ => return None,
            },
            type_: match type_.trim() {
                "deleted" => DispositionType::Deleted,
                "dispatched" => DispositionType::Dispatched,
                "displayed" => DispositionType::Displayed,
                "processed" => DispositionType::Processed,
                _ => return None,
            },
        })
    }

    fn written(self) -> String {
        let action = match self.action_mode {
            ActionMode::ManualAction => "manual-action",
            ActionMode::AutomaticAction => "automatic-action",
        };
        let sending = match self.sending_mode {
            SendingMode::MdnSentManually => "MDN-sent-manually",
            SendingMode::MdnSentAutomatically => "MDN-sent-automatically",
        };
        let type_ = match self.type_ {
            DispositionType::Deleted => "deleted",
            DispositionType::Dispatched => "dispatched",
            DispositionType::Displayed => "displayed",
            DispositionType::Processed => "processed",
        };
        format!("{action}/{sending}; {type_}")
    }
}

/// Who wants to be told what becomes of a message: RFC 8098 §2.1. None if nobody does.
pub fn asked_by(header: &Header<'_>) -> Option<Vec<EmailAddress>> {
    let addresses = header.last("Disposition-Notification-To")?.addresses();
    let is_address = |address: &EmailAddress| {
        let parts = address.email.split_once('@');
        parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
    };
    (!addresses.is_empty() && addresses.iter().all(is_address)).then_some(addresses)
}

/// The fields that have properties of their own, and those that RFC 8098 has given up.
fn is_known(name: &str) -> bool {
    const KNOWN: [&str; 9] = [
        "Reporting-UA",
        "MDN-Gateway",
        "Original-Recipient",
        "Final-Recipient",
        "Original-Message-ID",
        "Disposition",
        "Error",
        "Failure",
        "Warning",
    ];
    KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A part that is written as it is.
fn literal(type_: &'static str, octets: Vec<u8>) -> MimePart<'static> {
    let encoding = if octets.is_ascii() { "7bit" } else { "8bit" };
    MimePart::new(type_, BodyPart::Binary(octets.into())).transfer_encoding(encoding)
}

fn address(address: &EmailAddress) -> Address<'static> {
    Address::new_address(address.name.clone(), address.email.clone())
}
