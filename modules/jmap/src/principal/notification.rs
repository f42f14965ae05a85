//! ShareNotifications: what others have shared with somebody, or share no more. RFC 9670 §3.
//!
//! Nobody writes into the store of somebody else. So who is shared with finds out himself: with the
//! inbox it is kept what was shared when he last looked, and what differs becomes a notification. So
//! several changes to a Mailbox that come between are one, who has made it is taken to be the owner,
//! and it is dated when it was found out.

use crate::account::Account;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::{SetError, SetResult};
use crate::id::{self, MailboxId, account_id};
use crate::json::{Object, object};
use crate::mail::mailbox::{is_inbox, rights::told};
use crate::methods::Method;
use crate::records::{Kept, Records, save};
use crate::standard::{FewQuery, Set, Stage, Test};
use crate::utc_date;
use module::{Annotation, Batch, Principal, Rights};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The data type.
pub struct ShareNotifications;

/// On the inbox: what was shared when it was last looked at.
const SEEN: &str = "jmap/shares-seen";
/// Bytes of that: what is shared beyond is not told of.
const SEEN_BYTES_MAX: usize = 60 << 10;
/// How many notifications are kept; the oldest go first. RFC 9670 §6.3.
const COUNT_MAX: usize = 60;

/// Mailboxes of others, by their ids.
type Seen = BTreeMap<String, Share>;

/// A Mailbox of somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Share {
    owner: String,
    name: String,
    is_inbox: bool,
    rights: u32,
}

impl Kept for ShareNotifications {
    const NAME: &'static str = "ShareNotification";
    const ANNOTATION: &'static str = "jmap/share-notifications";
    const PROPERTIES: &'static [&'static str] = &[
        "id",
        "created",
        "changedBy",
        "objectType",
        "objectAccountId",
        "objectId",
        "oldRights",
        "newRights",
        "name",
    ];
    const FORGETS: Option<(&'static str, usize)> = Some(("created", COUNT_MAX));

    fn all(account: &Account) -> module::Result<BTreeMap<String, Object>> {
        let records = Records::load(account, Self::ANNOTATION)?;
        let mut entities = BTreeMap::new();
        let all = records.iter().map(|(id, kept)| {
            let owner = kept.get("owner").and_then(Value::as_str);
            let owner = owner.unwrap_or_default().to_owned();
            let by = entities
                .entry(owner)
                .or_insert_with_key(|owner| entity(owner));
            (id.clone(), whole(kept, by))
        });
        Ok(all.collect())
    }
}

impl FewQuery for ShareNotifications {
    const CAN_CALCULATE_CHANGES: bool = true;

    const SORTS: &'static [(&'static str, &'static str)] = &[("created", "created")];

    fn test(name: &str, value: Value) -> Option<Test> {
        match name {
            "after" | "before" => Test::date(&["created"], &value, name == "before"),
            "objectType" if value.is_string() => Some(Test::is(&["objectType"], value)),
            "objectAccountId" if value.is_string() => Some(Test::is(&["objectAccountId"], value)),
            _ => None,
        }
    }
}

/// RFC 9670 §3.4: they are dismissed, and nothing else.
impl Set for ShareNotifications {
    type Extra = ();

    fn destroy(stage: &mut Stage<'_>, (): &(), id: &str) -> SetResult<()> {
        save::<Self, ()>(stage, |records, _, _| match records.remove(id) {
            true => Ok(()),
            false => Err(SetError::new("notFound")),
        })
    }
}

/// Finds out what has changed, and then calls a method.
pub fn after_looking(
    context: &mut Context,
    arguments: Arguments,
    method: Method,
) -> Result<Object> {
    look(context)?;
    method(context, arguments)
}

/// Finds out what others share with whoever asks, and keeps a notification of each difference.
pub fn look(context: &mut Context) -> Result<()> {
    let Some(own) = context.identity.principal.clone() else {
        return Ok(());
    };
    if context.is_read_only() {
        return Ok(());
    }
    let now = shared_now(context)?;
    let account = context.account_of(&account_id(&own))?;
    if account.mailboxes.is_empty() || seen(&account)? == now {
        return Ok(());
    }
    let created = match context.now {
        0 => crate::context::now(),
        now => now,
    };
    let mut stage = Stage {
        context,
        account: Rc::clone(&account),
        batch: Batch::new(),
        guard: &mut None,
    };
    let kept = save::<ShareNotifications, ()>(&mut stage, |records, account, batch| {
        let before = seen(account)?;
        for (id, old, new) in differences(&before, &now) {
            let Some(share) = new.or(old) else {
                continue;
            };
            let kept = object! {
                "created": utc_date::write(created),
                "owner": share.owner.clone(),
                "objectId": id,
                "name": share.name.clone(),
                "isInbox": share.is_inbox,
                "old": old.map(|share| share.rights),
                "new": new.map(|share| share.rights),
            };
            records.put(&id::random('n')?, kept);
        }
        let value = serde_json::to_vec(&now).map_err(|_| SetError::new("serverFail"))?;
        let inbox = account.open(0)?;
        batch.annotate(&inbox, None, &Annotation::private(SEEN, Some(value)));
        Ok(())
    });
    match kept {
        // What could not be kept now is found out the next time.
        Ok(())
        | Err(SetError {
            kind: "overQuota" | "serverUnavailable",
            ..
        }) => Ok(()),
        Err(error) => Err(crate::error::MethodError {
            kind: error.kind,
            description: error.description,
        }),
    }
}

fn shared_now(context: &Context) -> Result<Seen> {
    let mut seen = Seen::new();
    let mut bytes = 0;
    for account in Account::all(&context.identity)? {
        for status in account.mailboxes.iter().filter(|_| !account.is_personal) {
            let share = Share {
                owner: account.owner.clone(),
                name: crate::mail::mailbox::shown_name(status).to_owned(),
                is_inbox: is_inbox(&status.path),
                rights: status.rights.bits(),
            };
            bytes += serde_json::to_vec(&share).map_or(SEEN_BYTES_MAX, |json| json.len() + 24);
            if bytes > SEEN_BYTES_MAX {
                return Ok(seen);
            }
            seen.insert(MailboxId::of(status).to_string(), share);
        }
    }
    Ok(seen)
}

fn seen(account: &Account) -> module::Result<Seen> {
    account.kept(SEEN)
}

/// Mailboxes with other rights than before, and what they were and are.
fn differences<'s>(
    before: &'s Seen,
    now: &'s Seen,
) -> Vec<(String, Option<&'s Share>, Option<&'s Share>)> {
    let mut ids: Vec<&String> = before.keys().chain(now.keys()).collect();
    ids.sort_unstable();
    ids.dedup();
    let of = |id: &&String| {
        let (old, new) = (before.get(*id), now.get(*id));
        let rights = |share: Option<&Share>| share.map(|share| share.rights);
        (rights(old) != rights(new)).then(|| ((*id).clone(), old, new))
    };
    ids.iter().filter_map(of).collect()
}

/// Who has changed something, as an Entity. RFC 9670 §3.
fn entity(owner: &str) -> Value {
    let principal = Principal::find(owner).ok();
    let email = principal.as_ref().and_then(|it| it.addresses.first());
    Value::Object(object! {
        "name": principal.as_ref().map_or(owner, |it| &it.display_name),
        "email": email.cloned(),
        "principalId": principal.is_some().then(|| account_id(owner)),
    })
}

/// A notification as clients are told.
fn whole(kept: &Object, by: &Value) -> Object {
    let value = |name: &str| kept.get(name).cloned().unwrap_or_default();
    let is_inbox = value("isInbox") == Value::Bool(true);
    let rights = |name: &str| {
        let bits = value(name)
            .as_u64()
            .and_then(|bits| u32::try_from(bits).ok());
        bits.map(|bits| Value::Object(told(Rights::from_bits_retain(bits), is_inbox, true)))
    };
    object! {
        "created": value("created"),
        "changedBy": by.clone(),
        "objectType": "Mailbox",
        "objectAccountId": account_id(value("owner").as_str().unwrap_or_default()),
        "objectId": value("objectId"),
        "oldRights": rights("old"),
        "newRights": rights("new"),
        "name": value("name"),
    }
}
