//! What became of a batch, in the engine's words.

use std::rc::Rc;

use super::MailboxStore;
use super::convert::{etag, refusal, time};
use super::personal::fill_personal;
use super::tree::Opened;
use crate::Path;
use crate::resource::Member;
use crate::store::{Done, Operation, Refusal};

/// What an operation will have done.
pub(super) enum Outcome {
    Done,
    Written(Option<Rc<Opened>>, u32),
    Locked(u32),
}

impl MailboxStore {
    /// What an operation has done, by what the host says of its changes.
    pub(super) fn done(&self, outcome: Outcome, results: &[module::Outcome]) -> Done {
        match outcome {
            Outcome::Done => Done::Done,
            Outcome::Locked(change) => match results.get(change as usize) {
                Some(result) => Done::Locked {
                    token: result.lock_token.clone(),
                },
                None => Done::Done,
            },
            Outcome::Written(opened, change) => {
                let written = opened.zip(results.get(change as usize));
                match written.and_then(|(opened, result)| self.written(&opened, result)) {
                    Some(member) => Done::Written {
                        etag: member.etag,
                        modified: member.modified.unwrap_or_default(),
                    },
                    None => Done::Done,
                }
            }
        }
    }

    /// The member that a message became. Who may put things in without reading them learns no tag.
    fn written(&self, opened: &Opened, result: &module::Outcome) -> Option<Member> {
        if !opened.status.rights.contains(module::Rights::READ) {
            return None;
        }
        let mut members = [Member {
            version: u64::from(result.uid),
            etag: etag(result.digest),
            modified: Some(time(result.modified)),
            ..Member::default()
        }];
        let source = self.source(&opened.mailbox, opened.status.owner.as_deref());
        fill_personal(source, &mut members).ok()?;
        let [member] = members;
        Some(member)
    }

    /// What a refused change means, with what is known of paths.
    pub(super) fn refused(
        &self,
        error: module::Error,
        path: Option<Path>,
        key: Option<String>,
    ) -> Refusal {
        let other = match &error {
            module::Error::DuplicateKey(other) => {
                let collection = self.path_of(&other.mailbox);
                collection
                    .zip(other.name.as_deref())
                    .map(|(path, name)| path.join(name))
            }
            _ => None,
        };
        match (refusal(error.clone()), error) {
            (Refusal::NotUnique { .. }, _) => Refusal::NotUnique {
                name: key.unwrap_or_default(),
                other,
            },
            (Refusal::Locked(_), module::Error::Locked(token)) => {
                let seen = self.locks_seen.borrow();
                let root = seen.iter().find(|(known, _)| *known == token);
                let root = root.map(|(_, root)| root.clone());
                Refusal::Locked(root.or(path).unwrap_or_default())
            }
            (refusal, _) => refusal,
        }
    }
}

/// The path that a refusal of an operation is about.
pub(super) fn subject(operation: &Operation) -> Option<Path> {
    match operation {
        Operation::Check { path, .. }
        | Operation::Put { path, .. }
        | Operation::Remove { path, .. }
        | Operation::RemoveTree { path }
        | Operation::MakeCollection { path, .. }
        | Operation::Property { path, .. }
        | Operation::Personal { path, .. }
        | Operation::SetAcl { path, .. } => Some(path.clone()),
        Operation::Copy(transfer) | Operation::Move(transfer) => Some(transfer.to.clone()),
        Operation::CopyTree { to, .. } | Operation::MoveTree { to, .. } => Some(to.clone()),
        Operation::Lock(lock) | Operation::Refresh { lock, .. } | Operation::Unlock(lock) => {
            Some(lock.root.clone())
        }
        Operation::Extension(_) => None,
    }
}
