//! The Mailboxes that a new account has: those that clients look for by their role. RFC 8621 §2, RFC
//! 6154 §2.

use super::mailbox::{ROLE, SORT_ORDER};
use crate::account::MAILBOX_TYPE;
use module::{Annotation, Batch, Error, Identity, Mailbox, Result, Scope, Status};

/// Where the mail of a principal comes in: as in Cyrus, all other mailboxes lie in this one.
pub fn inbox(principal: &str) -> Vec<String> {
    vec!["user".to_owned(), principal.to_owned()]
}

/// On the inbox: the others were made once. Whoever deletes them does not want them again.
const PROVISIONED: &str = "jmap/provisioned";

/// Names and roles, in the order in which clients show them.
const MAILBOXES: [(&str, &str); 5] = [
    ("Drafts", "drafts"),
    ("Sent", "sent"),
    ("Archive", "archive"),
    ("Junk", "junk"),
    ("Trash", "trash"),
];

/// Whether an account may be without its Mailboxes: it has none, or the inbox that the first message
/// made.
pub fn is_due(mailboxes: &[Status]) -> bool {
    mailboxes.len() <= 1
}

/// Makes the Mailboxes of the principal's own account; says whether there was anything to do.
pub fn run(identity: &Identity, mailboxes: &[Status]) -> Result<bool> {
    let Some(principal) = &identity.principal else {
        return Ok(false);
    };
    if identity.scope.contains(Scope::READ_ONLY) {
        return Ok(false);
    }
    let inbox = inbox(principal);
    let existing = mailboxes.iter().any(|status| status.path == inbox);
    let batch = Batch::new();
    let done = Annotation::shared(PROVISIONED, Some(Vec::new()));
    if existing {
        let open = Mailbox::open(&inbox)?;
        if !open.annotations(PROVISIONED)?.is_empty() {
            return Ok(false);
        }
        batch.annotate(&open, None, &done);
    } else {
        let created = batch.create_mailbox(&inbox, MAILBOX_TYPE, None);
        batch.annotate_outcome(created, &done);
    }
    let below = |name: &str| [inbox.as_slice(), &[name.to_owned()]].concat();
    for (order, (name, role)) in MAILBOXES.into_iter().enumerate() {
        let created = batch.create_mailbox(&below(name), MAILBOX_TYPE, None);
        let sort_order = ((order + 2) * 10).to_string();
        for (annotation, value) in [(ROLE, role), (SORT_ORDER, sort_order.as_str())] {
            let value = Some(value.as_bytes().to_vec());
            batch.annotate_outcome(created, &Annotation::shared(annotation, value));
        }
    }
    match batch.commit() {
        Ok(_) => {}
        // Another request was quicker.
        Err(failure) if matches!(failure.error, Error::Exists | Error::Conflict) => {
            return Ok(true);
        }
        Err(failure) => return Err(failure.error),
    }
    let subscriptions = Batch::new();
    subscriptions.subscribe(&Mailbox::open(&inbox)?, true);
    for (name, _) in MAILBOXES {
        subscriptions.subscribe(&Mailbox::open(&below(name))?, true);
    }
    subscriptions.commit()?;
    Ok(true)
}
