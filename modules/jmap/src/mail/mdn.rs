//! Message Disposition Notifications. RFC 9007.

use super::identity::{self, Identities};
use super::submission::lines;
use super::world::{World, keywords};
use crate::account::Account;
use crate::blob::{self, BlobId, Whole, blob_ids, parse_each};
use crate::call::{Arguments, Result, required};
use crate::context::Context;
use crate::error::{MethodError, SetError, SetResult};
use crate::id::EmailId;
use crate::json::{Object, object};
use crate::standard::{map_or_null, supported};
use mail::mdn::{Mdn, MdnError, asked_by};
use mail::{EmailAddress, Limits, Message, keys};
use module::{Blob, Envelope, Error, Query, Term, Test};
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

/// The keyword of messages for which one was sent.
const SENT: &str = "$mdnsent";

/// `MDN/parse`. RFC 9007 §2.2.
pub fn parse(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = context.account(&mut arguments)?;
    let ids = blob_ids(context, &mut arguments)?;
    arguments.finish()?;
    parse_each(context, &account, ids, |_, _, bytes| {
        let Some(mut mdn) = Mdn::parse(&Message::parse(bytes, &Limits::default())) else {
            return Ok(None);
        };
        if let Some(about) = &mdn.original_message_id {
            mdn.for_email_id = find(&account, about)?.map(|email| email.to_string());
        }
        Ok(serde_json::to_value(&mdn).ok())
    })
}

/// The one Email with this Message-ID; none if there are several.
fn find(account: &Rc<Account>, message_id: &str) -> module::Result<Option<EmailId>> {
    let id = message_id.trim_start_matches('<').trim_end_matches('>');
    let query = Query {
        all_of: vec![vec![Term::new(
            keys::ID,
            Test::Equal(keys::text_key(id).to_owned()),
        )]],
        limit: 100,
        ..Query::default()
    };
    let world = World::load(account)?;
    let mut found = BTreeSet::new();
    for shelf in world.shelves() {
        for hit in account.open(shelf.at)?.search(&query)?.found {
            found.extend(shelf.table.row(hit.message.uid).map(|row| row.id));
        }
    }
    Ok(found.first().copied().filter(|_| found.len() == 1))
}

/// `MDN/send`. RFC 9007 §2.1.
pub fn send(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    // Who has Identities in it.
    let account = supported::<Identities>(context.writable_account(&mut arguments)?)?;
    let id = required("identityId", arguments.id("identityId")?)?;
    let mdns = required("send", arguments.map("send")?)?;
    let on_success = arguments.map("onSuccessUpdateEmail")?.unwrap_or_default();
    arguments.finish()?;
    context.limits.check_set(mdns.len())?;
    let identity = context.real_id(&id).map(str::to_owned);
    let mut identities = identity::all(&account)?;
    let identity = identity.and_then(|id| identities.remove(&id));
    let from = identity.and_then(|identity| {
        let text = |name: &str| Some(identity.get(name)?.as_str()?.to_owned());
        Some(EmailAddress {
            name: text("name").filter(|name| !name.is_empty()),
            email: text("email")?,
        })
    });
    let from = from.ok_or_else(|| MethodError::invalid_arguments("there is no such Identity"))?;
    let (mut sent, mut not_sent, mut update) = (Object::new(), Object::new(), Object::new());
    for (name, value) in mdns {
        let patch = on_success.get(&format!("#{name}"));
        match send_one(context, &account, &from, &value, patch) {
            Ok((email, told)) => {
                sent.insert(name, Value::Object(told));
                update.insert(email.to_string(), patch.cloned().unwrap_or_default());
            }
            Err(error) => {
                not_sent.insert(name, error.into_value());
            }
        }
    }
    if !update.is_empty() {
        let set = object! { "accountId": account.id.clone(), "update": update };
        context.implicit.push(("Email/set", set));
    }
    Ok(object! {
        "accountId": account.id.clone(),
        "sent": map_or_null(sent),
        "notSent": map_or_null(not_sent),
    })
}

/// Sends one; tells the Email that it is about, and what the client had left open.
fn send_one(
    context: &Context,
    account: &Rc<Account>,
    from: &EmailAddress,
    value: &Value,
    patch: Option<&Value>,
) -> SetResult<(EmailId, Object)> {
    let mut mdn: Mdn = serde_json::from_value(value.clone())
        .map_err(|error| SetError::invalid("disposition", error.to_string()))?;
    let id = mdn.for_email_id.as_deref();
    let email = id.and_then(|id| EmailId::parse(context.real_id(id)?));
    let world = World::load(account)?;
    let places = email.map(|email| world.places(email)).unwrap_or_default();
    let Some(email) = email.filter(|_| !places.is_empty()) else {
        return Err(SetError::new("notFound"));
    };
    if keywords(&places).has(SENT) {
        return Err(SetError::new("mdnAlreadySent"));
    }
    if !sets_keyword(patch) {
        return Err(SetError::invalid(
            "onSuccessUpdateEmail",
            "the keyword $mdnsent must be set",
        ));
    }
    if let Some(recipient) = &mdn.final_recipient {
        let address = recipient
            .rsplit_once(';')
            .map_or(recipient.as_str(), |(_, it)| it);
        if !identity::may_send_from(&account.owner, address.trim())? {
            return Err(SetError::new("forbiddenFrom"));
        }
    }
    let bytes = blob::bytes(account, &BlobId::whole(Whole::Email(email)))?;
    let original = Message::parse(&bytes, &Limits::default());
    let unique = EmailId::random()?.to_string();
    let message = mdn
        .compose(&original, from, &context.surroundings(&unique))
        .map_err(|error| match error {
            MdnError::NotAsked => SetError::described("notFound", error.to_string()),
            MdnError::Invalid(error) => error.into(),
        })?;
    let to = asked_by(original.header()).unwrap_or_default();
    let envelope = Envelope {
        // RFC 8098 §3: nobody is told of an MDN that can't be delivered.
        sender: String::new(),
        recipients: to.into_iter().map(|to| to.email).collect(),
        not_before: None,
    };
    let blob = Blob::create(&lines::whole(&message))?;
    envelope.submit(&blob).map_err(|error| match error {
        Error::Unsupported(_) => SetError::described("forbidden", "this server sends no mail"),
        error => error.into(),
    })?;
    let told = match serde_json::to_value(&mdn) {
        Ok(Value::Object(told)) => told,
        _ => Object::new(),
    };
    let told = told
        .into_iter()
        .filter(|(name, told)| value.get(name) != Some(told))
        .collect();
    Ok((email, told))
}

/// Whether a patch of an Email sets the keyword.
fn sets_keyword(patch: Option<&Value>) -> bool {
    let yes = Some(&Value::Bool(true));
    let Some(patch) = patch else { return false };
    let whole = patch
        .get("keywords")
        .and_then(|keywords| keywords.get(SENT));
    patch.get(format!("keywords/{SENT}")) == yes || whole == yes
}
