//! MailboxRights, and whom a Mailbox is shared with. RFC 8621 §2, RFC 9670 §4.
//!
//! What clients call rights is one or two letters of the store's ACL (RFC 4314 §2.1). `mayShare` is what
//! RFC 9610 §2 and its kin call the right to change `shareWith`; it is told to those who use sharing.

use super::is_inbox;
use crate::error::{SetError, SetResult};
use crate::id::{account_id, principal_name};
use crate::json::Object;
use crate::standard::map_or_null;
use module::{Error, Grant, Identifier, Kind, Principal, Rights, Status};
use serde_json::Value;
use std::collections::BTreeMap;

/// Whom a Mailbox may be shared with at most.
const SHARES_MAX: usize = 500;

/// What clients call rights, and what they are.
const RIGHTS: [(&str, Rights); 9] = [
    ("mayReadItems", Rights::LOOKUP.with(Rights::READ)),
    ("mayAddItems", Rights::INSERT),
    (
        "mayRemoveItems",
        Rights::DELETE_MESSAGE.with(Rights::EXPUNGE),
    ),
    ("maySetSeen", Rights::KEEP_SEEN),
    ("maySetKeywords", Rights::WRITE),
    ("mayCreateChild", Rights::CREATE),
    ("mayRename", Rights::DELETE_MAILBOX),
    ("mayDelete", Rights::DELETE_MAILBOX),
    ("maySubmit", Rights::POST),
];
const MAY_SHARE: (&str, Rights) = ("mayShare", Rights::ADMINISTER);

/// What an inbox does not allow, whatever the ACL says: it has no children, and stays what it is.
const NOT_OF_INBOX: [&str; 3] = ["mayCreateChild", "mayRename", "mayDelete"];

/// Shares, by the id of the principal.
type Shares = BTreeMap<String, Rights>;

/// What whoever asks may do with a Mailbox.
pub fn my_rights(status: &Status, with_sharing: bool) -> Object {
    told(status.rights, is_inbox(&status.path), with_sharing)
}

/// Rights as clients are told.
pub fn told(rights: Rights, is_inbox: bool, with_sharing: bool) -> Object {
    let names = RIGHTS.iter().chain(with_sharing.then_some(&MAY_SHARE));
    let told = names.map(|&(name, needed)| {
        let has = rights.contains(needed) && !(is_inbox && NOT_OF_INBOX.contains(&name));
        (name.to_owned(), Value::Bool(has))
    });
    told.collect()
}

/// `shareWith`: null if nobody but the owner has rights by name.
pub fn share_with(grants: &[Grant], owner: &str) -> Value {
    map_or_null(share_map(grants, owner))
}

/// `shareWith` as it is patched: a map, which may be empty.
pub fn share_map(grants: &[Grant], owner: &str) -> Object {
    let map = shares(grants, owner).into_iter().map(|(id, rights)| {
        let rights = told(rights, false, true);
        (id, Value::Object(rights))
    });
    map.collect()
}

fn shares(grants: &[Grant], owner: &str) -> Shares {
    let mut shares = Shares::new();
    for grant in grants.iter().filter(|grant| !grant.negative) {
        if let Some(name) = name_of(&grant.identifier).filter(|name| *name != owner) {
            let rights = shares.entry(account_id(name)).or_default();
            *rights = *rights | grant.rights;
        }
    }
    shares
}

fn name_of(identifier: &Identifier) -> Option<&str> {
    match identifier {
        Identifier::Principal(name) | Identifier::Group(name) => Some(name),
        Identifier::Anyone | Identifier::Authenticated => None,
    }
}

/// The grants of a Mailbox after its `shareWith` was set. What clients have no word for stays as it is:
/// the owner's grants, those of everybody, negative ones, and letters that are in no right of RFC 8621.
pub fn set_shares(grants: &[Grant], wanted: &Value, owner: &str) -> SetResult<Vec<Grant>> {
    let before = shares(grants, owner);
    let wanted = match wanted {
        Value::Null => Object::new(),
        Value::Object(map) => map.clone(),
        _ => {
            return Err(SetError::invalid(
                "shareWith",
                "this is no Id[MailboxRights]",
            ));
        }
    };
    if wanted.len() > SHARES_MAX {
        let description = format!("a Mailbox is shared with at most {SHARES_MAX} principals");
        return Err(SetError::described("overQuota", description));
    }
    let mut after = grants.to_vec();
    let is_of = |grant: &Grant, id: &str| {
        let name = name_of(&grant.identifier);
        !grant.negative && name.is_some_and(|name| name != owner && account_id(name) == id)
    };
    for id in before.keys().filter(|id| !wanted.contains_key(*id)) {
        after.retain(|grant| !is_of(grant, id));
    }
    for (id, rights) in &wanted {
        let known = before.get(id).copied();
        let rights = read(id, rights, known)?;
        if known == Some(rights) {
            continue;
        }
        let identifier = match grants.iter().find(|grant| is_of(grant, id)) {
            Some(grant) => grant.identifier.clone(),
            None => find(id, owner)?,
        };
        after.retain(|grant| !is_of(grant, id));
        if !rights.is_empty() {
            after.push(Grant::new(identifier, rights));
        }
    }
    Ok(after)
}

/// The grants of a Mailbox that is made beside the inbox: who was let into that by name is not let
/// into everything.
pub fn beside_inbox(inbox: &[Grant], owner: &str) -> Vec<Grant> {
    let of_others = |grant: &&Grant| match name_of(&grant.identifier) {
        Some(name) => name == owner || grant.negative,
        None => true,
    };
    let mut grants: Vec<Grant> = inbox.iter().filter(of_others).cloned().collect();
    // What has the host hand on mail that comes is the inbox's alone.
    for grant in &mut grants {
        grant.rights = match grant.identifier {
            Identifier::Anyone => grant.rights.without(Rights::DELIVER_INVITE),
            _ => grant.rights,
        };
    }
    grants.retain(|grant| !grant.rights.is_empty());
    let owner = Identifier::Principal(owner.to_owned());
    if !grants.iter().any(|grant| grant.identifier == owner) {
        grants.push(Grant::new(owner, Rights::all()));
    }
    grants
}

/// The principal that a Mailbox is to be shared with.
fn find(id: &str, owner: &str) -> SetResult<Identifier> {
    let wrong = |what: &str| SetError::invalid(&format!("shareWith/{id}"), what);
    let name = principal_name(id).ok_or_else(|| wrong("there is no such Principal"))?;
    if name == owner {
        return Err(wrong("the rights of the owner are implicit"));
    }
    match Principal::find(&name) {
        Ok(principal) if principal.kind == Kind::Group => Ok(Identifier::Group(name)),
        Ok(_) => Ok(Identifier::Principal(name)),
        Err(Error::NotFound | Error::Invalid(_)) => Err(wrong("there is no such Principal")),
        Err(error) => Err(error.into()),
    }
}

/// Reads MailboxRights; those that are not there are not given.
fn read(id: &str, rights: &Value, known: Option<Rights>) -> SetResult<Rights> {
    let wrong = |what: &str| SetError::invalid(&format!("shareWith/{id}"), what);
    let Value::Object(rights) = rights else {
        return Err(wrong("these are no MailboxRights"));
    };
    let all = || RIGHTS.iter().chain([&MAY_SHARE]);
    let is_known = |(name, value): (&String, &Value)| {
        value.is_boolean() && all().any(|(known, _)| known == name)
    };
    if !rights.iter().all(is_known) {
        return Err(wrong("these are no MailboxRights"));
    }
    let has = |name: &str| rights.get(name) == Some(&Value::Bool(true));
    // One letter stands for both, so that neither can be given alone.
    if has("mayRename") != has("mayDelete") {
        return Err(wrong(
            "mayRename and mayDelete are given together or not at all",
        ));
    }
    let sum = |sum: Rights, (_, letters): &(&str, Rights)| sum | *letters;
    let words = all().fold(Rights::empty(), sum);
    let given = all().filter(|(name, _)| has(name));
    let given = given.fold(Rights::empty(), sum);
    Ok(match given.is_empty() {
        true => given,
        false => known.unwrap_or_default().without(words) | given,
    })
}
