//! The changes of a batch, collected within bounds until they are committed.

use crate::bindings::chapar::host::types::Error;
use storage::{Annotation, Change, Content, Grant, Identifier, Key, KeyValue, Put};

/// Most changes of one batch.
const CHANGES_MAX: usize = 20_000;
/// Most bytes that a batch holds in the host's memory; bigger bodies go in as blobs.
const BYTES_MAX: usize = 64 << 20;

/// A batch that is being filled.
#[derive(Default)]
pub struct Batch {
    batch: storage::Batch,
    /// Bytes held for it.
    bytes: usize,
    /// What was wrong first, said at commit.
    wrong: Option<(u32, Error)>,
}

impl Batch {
    /// Adds a change, unless something was wrong before.
    pub(crate) fn add(&mut self, change: Change) {
        if self.wrong.is_some() {
            return;
        }
        self.bytes = self.bytes.saturating_add(size(&change));
        if self.batch.changes.len() >= CHANGES_MAX {
            self.refuse(Error::TooMany(CHANGES_MAX as u64));
        } else if self.bytes > BYTES_MAX {
            self.refuse(Error::TooLarge(BYTES_MAX as u64));
        } else {
            self.batch.changes.push(change);
        }
    }

    /// Adds lock tokens.
    pub(crate) fn submit(&mut self, tokens: Vec<String>) {
        self.bytes = self.bytes.saturating_add(texts(&tokens));
        if self.bytes > BYTES_MAX {
            self.refuse(Error::TooLarge(BYTES_MAX as u64));
        } else {
            self.batch.tokens.extend(tokens);
        }
    }

    /// The next change is wrong: nothing will be committed.
    pub(crate) fn refuse(&mut self, error: Error) {
        if self.wrong.is_none() {
            let change = u32::try_from(self.batch.changes.len()).unwrap_or(u32::MAX);
            self.wrong = Some((change, error));
            // Give the memory back.
            self.batch = storage::Batch::default();
        }
    }

    /// What is to be committed, or which change is wrong and why.
    pub(crate) fn finish(self) -> Result<storage::Batch, (u32, Error)> {
        match self.wrong {
            None => Ok(self.batch),
            Some(wrong) => Err(wrong),
        }
    }
}

/// Bytes that a change holds, roughly.
fn size(change: &Change) -> usize {
    let held = match change {
        Change::ExpectModseq { .. }
        | Change::Remove { .. }
        | Change::DeleteMailbox { .. }
        | Change::Subscribe { .. } => 0,
        Change::ExpectUnique { name, key, .. } => optional(name) + keys(std::slice::from_ref(key)),
        Change::Put { put, .. } | Change::PutAsOf { put, .. } => put_size(put),
        Change::Copy { name, .. } | Change::Move { name, .. } => optional(name),
        Change::SetFlags { add, remove, .. } => texts(add) + texts(remove),
        Change::SetKeys { keys: list, .. } => keys(list),
        Change::Annotate { annotation, .. } | Change::AnnotateOutcome { annotation, .. } => {
            annotation_size(annotation)
        }
        Change::CreateMailbox {
            path,
            mailbox_type,
            grants: list,
        } => texts(&path.0) + mailbox_type.len() + list.as_deref().map_or(0, grants),
        Change::RenameMailbox { path, .. } | Change::CopyMailbox { path, .. } => texts(&path.0),
        Change::SetRights { grants: list, .. } => grants(list),
        Change::Lock { name, request, .. } => optional(name) + request.owner.len(),
        Change::RefreshLock { token, .. } | Change::Unlock { token, .. } => token.len(),
        Change::Deliver { delivery } => texts(&delivery.recipients) + delivery.message.len(),
        Change::SetTimer { name, token, .. } => name.len() + token.len(),
    };
    held + size_of::<Change>()
}

fn put_size(put: &Put) -> usize {
    let content = match &put.content {
        Content::Bytes(bytes) => bytes.len(),
        Content::Blob(blob) => blob.inline.as_ref().map_or(0, |bytes| bytes.len()),
    };
    optional(&put.name)
        + put.header.len()
        + content
        + put.content_type.len()
        + texts(&put.flags)
        + keys(&put.keys)
}

fn annotation_size(annotation: &Annotation) -> usize {
    annotation.name.len() + annotation.value.as_ref().map_or(0, |value| value.len())
}

fn optional(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

fn texts(list: &[String]) -> usize {
    list.iter()
        .map(|text| text.len() + size_of::<String>())
        .sum()
}

fn keys(list: &[Key]) -> usize {
    list.iter()
        .map(|key| {
            let value = match &key.value {
                KeyValue::Text(text) | KeyValue::Words(text) => text.len(),
                KeyValue::Number(_) | KeyValue::Interval(_, _) => 0,
            };
            key.name.len() + value + size_of::<Key>()
        })
        .sum()
}

fn grants(list: &[Grant]) -> usize {
    list.iter()
        .map(|grant| {
            let name = match &grant.identifier {
                Identifier::Anyone | Identifier::Authenticated => 0,
                Identifier::Principal(name) | Identifier::Group(name) => name.len(),
            };
            name + size_of::<Grant>()
        })
        .sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_bounded_in_number_and_in_bytes() {
        let mut many = Batch::default();
        for _ in 0..=CHANGES_MAX {
            many.add(Change::DeleteMailbox { mailbox: 1 });
        }
        let (change, error) = many.finish().unwrap_err();
        assert_eq!(change as usize, CHANGES_MAX);
        assert!(matches!(error, Error::TooMany(_)));

        let mut big = Batch::default();
        for _ in 0..65 {
            big.add(Change::Unlock {
                mailbox: 1,
                token: "x".repeat(1 << 20),
            });
        }
        assert!(big.batch.changes.is_empty());
        assert!(matches!(big.finish(), Err((63, Error::TooLarge(_)))));
    }
}
