//! What a client may set of a Mailbox, and whether that can be. RFC 8621 §2.5.

use super::facts::{Facts, is_inbox, parent_id, shown_name};
use super::rights::beside_inbox;
use super::set::find;
use crate::account::Account;
use crate::context::Context;
use crate::error::{SetError, SetResult};
use crate::json::Object;
use crate::mail::provision::inbox;
use crate::session::{MAILBOX_DEPTH_MAX, MAILBOX_NAME_MAX};
use module::{Grant, Status};
use serde_json::Value;

/// Roles that a Mailbox may be given: the names of the IANA registry "IMAP Mailbox Name Attributes"
/// that say what a mailbox is for. The inbox has its own.
const ROLES: [&str; 10] = [
    "all",
    "archive",
    "drafts",
    "flagged",
    "important",
    "junk",
    "memos",
    "scheduled",
    "sent",
    "trash",
];

/// What a client may set.
pub struct Wanted {
    /// `name`.
    pub name: String,
    /// `parentId`.
    pub parent: Option<String>,
    /// `role`.
    pub role: Option<String>,
    /// `sortOrder`.
    pub sort_order: u32,
    /// `isSubscribed`.
    pub is_subscribed: bool,
}

impl Wanted {
    /// Reads it; what is not there has its default.
    pub fn read(object: &Object, account: &Account, context: &Context) -> SetResult<Self> {
        let mut bad = Vec::new();
        for name in object.keys() {
            if !["name", "parentId", "role", "sortOrder", "isSubscribed"].contains(&name.as_str()) {
                bad.push(name.as_str());
            }
        }
        let name = object
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_plain = !name.is_empty()
            && name.len() as u64 <= MAILBOX_NAME_MAX
            && !name.chars().any(char::is_control)
            && !matches!(name, "." | "..");
        if !is_plain {
            bad.push("name");
        }
        let parent = match object.get("parentId") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => match context.real_id(id) {
                Some(id) if find(account, id).is_ok() => Some(id.to_owned()),
                _ => {
                    bad.push("parentId");
                    None
                }
            },
            Some(_) => {
                bad.push("parentId");
                None
            }
        };
        let role = match object.get("role") {
            None | Some(Value::Null) => None,
            Some(Value::String(role)) if ROLES.contains(&role.as_str()) || role == "inbox" => {
                Some(role.clone())
            }
            Some(_) => {
                bad.push("role");
                None
            }
        };
        let sort_order = match object.get("sortOrder") {
            None | Some(Value::Null) => Some(0),
            Some(order) => order.as_u64().filter(|&order| order < 1 << 31),
        };
        let sort_order = sort_order.and_then(|order| u32::try_from(order).ok());
        if sort_order.is_none() {
            bad.push("sortOrder");
        }
        let is_subscribed = match object.get("isSubscribed") {
            None | Some(Value::Null) => Some(true),
            Some(is) => is.as_bool(),
        };
        if is_subscribed.is_none() {
            bad.push("isSubscribed");
        }
        if !bad.is_empty() {
            return Err(SetError::invalid_properties(bad, "these are not valid"));
        }
        Ok(Self {
            name: name.to_owned(),
            parent,
            role,
            sort_order: sort_order.unwrap_or_default(),
            is_subscribed: is_subscribed.unwrap_or(true),
        })
    }

    /// The grants of a new mailbox, if it does not inherit those of the one that it is shown in.
    pub fn grants(&self, account: &Account) -> SetResult<Option<Vec<Grant>>> {
        if self.parent.is_some() || !account.is_personal {
            return Ok(None);
        }
        let inbox = Facts::of(account, 0)?;
        Ok(Some(beside_inbox(&inbox.grants, &account.owner)))
    }

    /// Where the mailbox is to lie. `current` is the one that is changed.
    pub fn path(&self, account: &Account, current: Option<&Status>) -> SetResult<Vec<String>> {
        let above = match &self.parent {
            None => match current.filter(|status| super::parent_path(&status.path).is_none()) {
                // One at the top level stays where it is there.
                Some(status) => {
                    let above = status.path.split_last().map(|(_, above)| above);
                    above.unwrap_or_default().to_vec()
                }
                None => inbox(&account.owner),
            },
            Some(parent) => {
                let (_, parent) = find(account, parent)?;
                if is_inbox(&parent.path) {
                    return Err(SetError::described(
                        "forbidden",
                        "the inbox has no Mailboxes in it",
                    ));
                }
                if current.is_some_and(|status| parent.path.starts_with(&status.path)) {
                    return Err(SetError::invalid("parentId", "this would make a loop"));
                }
                parent.path
            }
        };
        if above.len() as u64 >= MAILBOX_DEPTH_MAX + 2 {
            return Err(SetError::invalid("parentId", "this is too deep"));
        }
        let is_taken = account.mailboxes.iter().any(|status| {
            current.is_none_or(|current| current.id != status.id)
                && shown_name(status) == self.name
                && parent_id(account, status).map(|id| id.to_string()) == self.parent
        });
        if is_taken {
            return Err(SetError::invalid("name", "there is a Mailbox of this name"));
        }
        // Beside the Mailboxes at the top level lie the homes of calendars, contacts and files.
        if above.len() == 2 && self.name.starts_with('#') {
            return Err(SetError::invalid("name", "no name begins with \"#\" here"));
        }
        let mut path = above;
        path.push(self.name.clone());
        Ok(path)
    }

    /// Refuses a role that another Mailbox has.
    pub fn check_role(&self, account: &Account, current: Option<&Status>) -> SetResult<()> {
        let Some(role) = &self.role else {
            return Ok(());
        };
        for (at, status) in account.mailboxes.iter().enumerate() {
            let is_other = current.is_none_or(|current| current.id != status.id);
            if is_other && Facts::of(account, at)?.role.as_ref() == Some(role) {
                return Err(SetError::invalid("role", "another Mailbox has this role"));
            }
        }
        Ok(())
    }
}
