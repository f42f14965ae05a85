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

/// The properties that a client may set, besides `shareWith`.
pub const SETTABLE: [&str; 5] = ["name", "parentId", "role", "sortOrder", "isSubscribed"];

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
        let given = |name: &str| object.get(name).filter(|value| !value.is_null());
        // Each is none if what is given is not valid.
        let name = given("name").and_then(Value::as_str).filter(is_name);
        let parent = given("parentId").map_or(Some(None), |id| {
            let id = context.real_id(id.as_str()?)?;
            find(account, id).is_ok().then(|| Some(id.to_owned()))
        });
        let role = given("role").map_or(Some(None), |role| {
            let role = role.as_str()?;
            let is_known = ROLES.contains(&role) || role == "inbox";
            is_known.then(|| Some(role.to_owned()))
        });
        let sort_order = given("sortOrder").map_or(Some(0), |order| {
            let order = u32::try_from(order.as_u64()?).ok();
            order.filter(|&order| order < 1 << 31)
        });
        let is_subscribed = given("isSubscribed").map_or(Some(true), Value::as_bool);
        let invalid = [
            ("name", name.is_none()),
            ("parentId", parent.is_none()),
            ("role", role.is_none()),
            ("sortOrder", sort_order.is_none()),
            ("isSubscribed", is_subscribed.is_none()),
        ];
        let unknown = object.keys().map(String::as_str);
        let unknown = unknown.filter(|name| !SETTABLE.contains(name));
        let invalid = invalid.into_iter().filter(|(_, is_invalid)| *is_invalid);
        let bad: Vec<&str> = unknown.chain(invalid.map(|(name, _)| name)).collect();
        match (name, parent, role, sort_order, is_subscribed) {
            (Some(name), Some(parent), Some(role), Some(sort_order), Some(is_subscribed))
                if bad.is_empty() =>
            {
                Ok(Self {
                    name: name.to_owned(),
                    parent,
                    role,
                    sort_order,
                    is_subscribed,
                })
            }
            _ => Err(SetError::invalid_properties(
                bad,
                format!(
                    "a name is one line of 1 to {MAILBOX_NAME_MAX} bytes, parentId a Mailbox that \
                     there is, role one of {ROLES:?}, sortOrder below 2^31"
                ),
            )),
        }
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

fn is_name(name: &&str) -> bool {
    (1..=MAILBOX_NAME_MAX).contains(&(name.len() as u64))
        && !name.chars().any(char::is_control)
        && !matches!(*name, "." | "..")
}
