//! Changes of messages.

use super::super::change::Message;
use super::super::state::{Annotations, Row, StoredMessage, Tombstone, digest, owner_of};
use super::Commit;
use crate::{
    Annotation, Condition, Error, Key, Outcome, Result, Rights, Uid, UniqueScope, Visibility,
};
use std::collections::{BTreeMap, BTreeSet};

/// What replacing or removing a message takes.
const REMOVE: Rights = Rights::DELETE_MESSAGE.with(Rights::EXPUNGE);

impl Commit {
    pub(super) fn expect_unique(
        &self,
        row: Row,
        name: Option<&str>,
        key: &Key,
        scope: UniqueScope,
    ) -> Result<Outcome> {
        let here = self.state.mailbox(row)?;
        let owner = owner_of(&here.path);
        let all = self.state.mailboxes.iter();
        let within = all.filter(|(other, mailbox)| match scope {
            UniqueScope::Mailbox => **other == row,
            UniqueScope::Owner => mailbox.type_ == here.type_ && owner_of(&mailbox.path) == owner,
        });
        for (other, mailbox) in within {
            for (&uid, message) in &mailbox.messages {
                let itself = *other == row && name.is_some() && message.name.as_deref() == name;
                if !itself && message.keys.contains(key) {
                    return Err(Error::DuplicateKey(crate::Duplicate {
                        mailbox: mailbox.path.clone(),
                        uid,
                        name: message.name.clone(),
                    }));
                }
            }
        }
        Ok(Outcome::default())
    }

    /// Refuses unless the condition on a name holds, and takes what has the name out of the way.
    pub(super) fn make_room(
        &mut self,
        row: Row,
        name: Option<&str>,
        condition: Condition,
    ) -> Result<Option<StoredMessage>> {
        let mailbox = self.state.mailbox(row)?;
        let path = mailbox.path.clone();
        let taken = name
            .and_then(|name| mailbox.named(name))
            .map(|(uid, _)| uid);
        let below: Vec<String> = path
            .iter()
            .cloned()
            .chain(name.map(str::to_owned))
            .collect();
        if name.is_some() && self.state.paths.contains_key(&below) {
            return Err(Error::Exists);
        }
        match (condition, taken) {
            (Condition::Free, Some(_)) => return Err(Error::Exists),
            (Condition::Unchanged(uid), taken) if taken != Some(uid) => {
                return Err(Error::Conflict);
            }
            _ => {}
        }
        self.state.check(row, Rights::INSERT)?;
        let Some(uid) = taken else {
            self.state.check_name(&path, name, &self.tokens)?;
            return Ok(None);
        };
        self.state.check(row, REMOVE)?;
        self.state.check_message(&path, name, &self.tokens)?;
        let modseq = self.modseq(owner_of(&path));
        let mailbox = self.state.mailbox_mut(row)?;
        let old = mailbox.messages.remove(&uid);
        let name = name.map(str::to_owned);
        mailbox.tombstones.push(Tombstone { uid, modseq, name });
        Ok(old)
    }

    pub(super) fn store(
        &mut self,
        row: Row,
        message: StoredMessage,
        replaced: bool,
    ) -> Result<Outcome> {
        let mailbox = self.state.mailbox_mut(row)?;
        let uid = mailbox.uid_next;
        let (digest, modified) = (message.digest, message.modified);
        mailbox.uid_next += 1;
        // What is there under a name was not removed.
        mailbox
            .tombstones
            .retain(|gone| gone.name.is_none() || gone.name != message.name);
        mailbox.messages.insert(uid, message);
        self.check_quota(row)?;
        self.makes(row, Some(uid));
        Ok(Outcome {
            uid,
            digest,
            modified,
            replaced,
            ..self.touch(row, Some(uid))?
        })
    }

    pub(super) fn put(&mut self, row: Row, message: Message) -> Result<Outcome> {
        let old = self.make_room(row, message.name.as_deref(), message.condition)?;
        let (replaced, now) = (old.is_some(), self.state.now);
        let (created, mut flags, annotations) = match old {
            Some(old) => (old.created, old.flags, old.annotations),
            None => (now, BTreeSet::new(), Annotations::new()),
        };
        flags.extend(message.flags);
        let stored = StoredMessage {
            name: message.name,
            modseq: 0,
            created,
            modified: now,
            digest: digest(&message.body),
            header: message.header,
            body: message.body,
            content_type: message.content_type,
            flags,
            keys: message.keys,
            annotations,
            // The message itself is newer than all of that.
            private: BTreeMap::new(),
        };
        self.store(row, stored, replaced)
    }

    /// The message that is copied or moved, if the principal has these rights on its mailbox.
    fn source(&self, mailbox: Row, uid: Uid, needed: Rights) -> Result<StoredMessage> {
        self.state.check(mailbox, needed)?;
        let messages = &self.state.mailbox(mailbox)?.messages;
        messages.get(&uid).cloned().ok_or(Error::Conflict)
    }

    pub(super) fn copy(
        &mut self,
        source: Row,
        uid: Uid,
        target: Row,
        name: Option<String>,
        condition: Condition,
    ) -> Result<Outcome> {
        let message = self.source(source, uid, Rights::READ)?;
        let replaced = self
            .make_room(target, name.as_deref(), condition)?
            .is_some();
        let created = self.state.now;
        self.store(
            target,
            StoredMessage {
                name,
                created,
                ..message
            },
            replaced,
        )
    }

    pub(super) fn move_(
        &mut self,
        source: Row,
        uid: Uid,
        target: Row,
        name: Option<String>,
        condition: Condition,
    ) -> Result<Outcome> {
        let message = self.source(source, uid, Rights::READ | REMOVE)?;
        let replaced = self
            .make_room(target, name.as_deref(), condition)?
            .is_some();
        self.remove(source, uid)?;
        self.store(target, StoredMessage { name, ..message }, replaced)
    }

    pub(super) fn remove(&mut self, row: Row, uid: Uid) -> Result<Outcome> {
        self.state.check(row, REMOVE)?;
        let mailbox = self.state.mailbox(row)?;
        let path = mailbox.path.clone();
        let name = mailbox
            .messages
            .get(&uid)
            .ok_or(Error::Conflict)?
            .name
            .clone();
        self.state
            .check_name(&path, name.as_deref(), &self.tokens)?;
        if name.is_some() {
            self.state.drop_locks(&path, name.as_deref());
        }
        let outcome = self.touch(row, None)?;
        let mailbox = self.state.mailbox_mut(row)?;
        mailbox.messages.remove(&uid);
        mailbox.tombstones.push(Tombstone {
            uid,
            modseq: outcome.modseq,
            name,
        });
        Ok(outcome)
    }

    pub(super) fn set_flags(
        &mut self,
        row: Row,
        uid: Uid,
        add: Vec<String>,
        remove: &[String],
    ) -> Result<Outcome> {
        for flag in add.iter().chain(remove) {
            let needed = match flag.as_str() {
                "\\Seen" => Rights::KEEP_SEEN,
                "\\Deleted" => Rights::DELETE_MESSAGE,
                _ => Rights::WRITE,
            };
            self.state.check(row, needed)?;
        }
        let path = self.state.mailbox(row)?.path.clone();
        let name = self.message_mut(row, uid)?.name.clone();
        self.state
            .check_message(&path, name.as_deref(), &self.tokens)?;
        let flags = &mut self.message_mut(row, uid)?.flags;
        flags.retain(|flag| !remove.contains(flag));
        flags.extend(add);
        self.touch(row, Some(uid))
    }

    pub(super) fn annotate(
        &mut self,
        row: Row,
        uid: Option<Uid>,
        annotation: Annotation,
    ) -> Result<Outcome> {
        let Annotation {
            name,
            visibility,
            value,
        } = annotation;
        if name.is_empty() || name.len() > 1024 {
            return Err(Error::Invalid(
                "an annotation's name has 1 to 1024 bytes".to_owned(),
            ));
        }
        if value.as_ref().is_some_and(|value| value.len() > 64 << 10) {
            return Err(Error::TooLarge(64 << 10));
        }
        let mailbox = self.state.mailbox(row)?;
        let (path, rights) = (mailbox.path.clone(), self.state.rights(mailbox));
        let me = self.state.identity.principal.clone();
        let private_to = match visibility {
            Visibility::Private if me.is_none() => return Err(Error::Forbidden(Rights::empty())),
            Visibility::Private => me.clone(),
            Visibility::Shared => None,
        };
        let needed = match (visibility, uid) {
            (Visibility::Private, _) => Rights::READ,
            (_, Some(_)) if rights.contains(Rights::ANNOTATE) => Rights::ANNOTATE,
            _ => Rights::WRITE,
        };
        self.state.check(row, needed)?;
        let annotations = match uid {
            None => {
                self.state.check_mailbox(&path, &self.tokens)?;
                &mut self.state.mailbox_mut(row)?.annotations
            }
            Some(uid) => {
                let name = self.message_mut(row, uid)?.name.clone();
                self.state
                    .check_message(&path, name.as_deref(), &self.tokens)?;
                &mut self.message_mut(row, uid)?.annotations
            }
        };
        match value {
            Some(value) => annotations.insert((name, private_to), value),
            None => annotations.remove(&(name, private_to)),
        };
        match me.filter(|_| visibility == Visibility::Private) {
            Some(me) => self.touch_private(row, uid, me),
            None => self.touch(row, uid),
        }
    }
}
