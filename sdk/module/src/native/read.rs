//! Reading of the in-memory host: mailboxes, messages, changes, annotations.

use super::backend::blob::Blob;
use super::state::{Annotations, Row, State, StoredMessage, Tombstone, check_path, with_state};
use crate::{
    Annotation, Digest, Error, Fields, MailboxChange, MailboxScope, Message, MessageAnnotation,
    Modseq, Page, Part, Result, Rights, Status, Uid, Visibility,
};

const ITEMS_MAX: u32 = 2000;
const BYTES_MAX: usize = 8 << 20;

/// An open mailbox.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) row: Row,
}

pub(crate) fn open(path: &[String]) -> Result<Mailbox> {
    with_state(|state| state.open(path).map(|row| Mailbox { row }))
}

pub(crate) fn list(
    scope: &MailboxScope,
    type_: Option<&str>,
    after: Option<&[String]>,
    limit: u32,
) -> Result<Vec<Status>> {
    if limit > ITEMS_MAX {
        return Err(Error::TooMany(u64::from(ITEMS_MAX)));
    }
    if let MailboxScope::Children(path) | MailboxScope::Tree(path) = scope {
        check_path(path)?;
    }
    with_state(|state| {
        let me = state.identity.principal.clone();
        let inside = |path: &[String], row: Row| match scope {
            MailboxScope::Children(above) => {
                path.starts_with(above) && path.len() == above.len() + 1
            }
            MailboxScope::Tree(above) => path.starts_with(above) && path.len() > above.len(),
            MailboxScope::Shared => super::state::owner_of(path) != me || me.is_none(),
            MailboxScope::Subscribed => me
                .as_ref()
                .is_some_and(|me| state.subscriptions.contains(&(me.clone(), row))),
        };
        let rows = state.paths.iter().filter(|(path, row)| {
            inside(path, **row) && after.is_none_or(|after| path.as_slice() > after)
        });
        let visible = rows
            .filter_map(|(_, &row)| state.status(row).ok())
            .filter(|status| {
                status.rights.contains(Rights::LOOKUP)
                    && type_.is_none_or(|type_| status.type_ == type_)
            });
        Ok(visible.take(limit as usize).collect())
    })
}

impl Mailbox {
    /// Runs with the host if whoever acts has these rights.
    fn with<T>(&self, needed: Rights, run: impl FnOnce(&State) -> Result<T>) -> Result<T> {
        with_state(|state| {
            state.check(self.row, needed)?;
            run(state)
        })
    }

    pub(crate) fn status(&self) -> Result<Status> {
        self.with(Rights::empty(), |state| state.status(self.row))
    }

    pub(crate) fn list(&self, after: Uid, limit: u32, fields: Fields) -> Result<Page> {
        self.with(Rights::READ, |state| {
            let limit = limit.min(ITEMS_MAX) as usize;
            let messages = &state.mailbox(self.row)?.messages;
            let mut page = Page::default();
            for (&uid, message) in messages.range(after.saturating_add(1)..) {
                if page.len() == limit {
                    page.more = true;
                    break;
                }
                page.add(state, uid, message, fields);
            }
            Ok(page)
        })
    }

    pub(crate) fn changes(&self, since: Modseq, limit: u32, fields: Fields) -> Result<Page> {
        self.with(Rights::READ, |state| {
            let mailbox = state.mailbox(self.row)?;
            state.remembers(&mailbox.path, mailbox.oldest, since)?;
            let live = mailbox.messages.iter().map(|(&uid, message)| {
                let modseq = state.message_modseq(message);
                (modseq, uid, None)
            });
            let gone = mailbox.tombstones.iter().filter(|_| since > 0);
            let gone = gone.map(|tombstone| (tombstone.modseq, tombstone.uid, Some(tombstone)));
            let mut all: Vec<_> = live
                .chain(gone)
                .filter(|(modseq, ..)| *modseq > since)
                .collect();
            all.sort_by_key(|(modseq, uid, _)| (*modseq, *uid));

            let mut page = Page::default();
            let mut last = since;
            for (modseq, uid, tombstone) in all {
                // The next page begins after a modseq, so that one is never divided.
                if page.len() >= limit as usize && modseq != last {
                    page.more = true;
                    break;
                }
                last = modseq;
                match (tombstone, mailbox.messages.get(&uid)) {
                    (None, Some(message)) => page.add(state, uid, message, fields),
                    (Some(tombstone), _) => page.add_removed(tombstone),
                    (None, None) => {}
                }
            }
            Ok(page)
        })
    }

    pub(crate) fn mailbox_changes(
        &self,
        since: Modseq,
        deep: bool,
        limit: u32,
    ) -> Result<Vec<MailboxChange>> {
        self.with(Rights::empty(), |state| {
            let path = &state.mailbox(self.row)?.path;
            state.remembers(path, state.oldest(path), since)?;
            let inside = |other: &[String]| {
                other.starts_with(path)
                    && (other.len() == path.len() + 1 || deep && other.len() > path.len())
            };
            let live = state.mailboxes.values().filter(|mailbox| {
                inside(&mailbox.path) && state.rights(mailbox).contains(Rights::LOOKUP)
            });
            let live = live.map(|mailbox| MailboxChange {
                path: mailbox.path.clone(),
                id: mailbox.id.clone(),
                modseq: state.mailbox_modseq(mailbox),
                removed: false,
            });
            let gone = state
                .gone
                .iter()
                .filter(|change| inside(&change.path) && !state.paths.contains_key(&change.path));
            let mut changes: Vec<_> = live.chain(gone.cloned()).collect();
            changes.retain(|change| change.modseq > since && !(change.removed && since == 0));
            changes.sort_by(|a, b| (a.modseq, &a.path).cmp(&(b.modseq, &b.path)));
            // As above: changes that share a modseq are listed together.
            let last = changes.get((limit as usize).saturating_sub(1));
            if let Some(last) = last.map(|change| change.modseq) {
                changes.retain(|change| change.modseq <= last);
            }
            Ok(changes)
        })
    }

    pub(crate) fn find(&self, name: &str) -> Result<Option<Message>> {
        self.with(Rights::READ, |state| {
            let found = state.mailbox(self.row)?.named(name);
            Ok(found.map(|(uid, message)| message.told(state, uid)))
        })
    }

    pub(crate) fn get(&self, uids: &[Uid]) -> Result<Vec<Message>> {
        check_count(uids.len())?;
        self.with(Rights::READ, |state| {
            let messages = &state.mailbox(self.row)?.messages;
            let found = uids
                .iter()
                .filter_map(|uid| Some((*uid, messages.get(uid)?)));
            Ok(found
                .map(|(uid, message)| message.told(state, uid))
                .collect())
        })
    }

    pub(crate) fn find_all(&self, names: &[String]) -> Result<Vec<Option<Message>>> {
        check_count(names.len())?;
        names.iter().map(|name| self.find(name)).collect()
    }

    pub(crate) fn open(&self, uid: Uid, part: Part) -> Result<Blob> {
        self.with(Rights::READ, |state| {
            let message = state
                .mailbox(self.row)?
                .messages
                .get(&uid)
                .ok_or(Error::NotFound)?;
            Ok(match part {
                Part::Body => Blob::new(message.body.clone(), message.digest),
                Part::Header | Part::Whole => {
                    Blob::new(message.part(part).into(), Digest::default())
                }
            })
        })
    }

    pub(crate) fn read(&self, uids: &[Uid], part: Part) -> Result<Vec<Vec<u8>>> {
        self.with(Rights::READ, |state| {
            let messages = &state.mailbox(self.row)?.messages;
            let part_of = |uid| messages.get(uid).map(|message| message.part(part));
            let parts: Vec<_> = uids
                .iter()
                .map(|uid| part_of(uid).unwrap_or_default())
                .collect();
            if parts.iter().map(Vec::len).sum::<usize>() > BYTES_MAX {
                return Err(Error::TooLarge(BYTES_MAX as u64));
            }
            Ok(parts)
        })
    }
}

impl StoredMessage {
    /// A part of the message.
    pub(super) fn part(&self, part: Part) -> Vec<u8> {
        match part {
            Part::Header => self.header.to_vec(),
            Part::Body => self.body.to_vec(),
            Part::Whole => [self.header.as_ref(), self.body.as_ref()].concat(),
        }
    }

    /// What is told of the message to whoever acts.
    pub(super) fn told(&self, state: &State, uid: Uid) -> Message {
        Message {
            uid,
            name: self.name.clone(),
            modseq: state.message_modseq(self),
            created: self.created,
            modified: self.modified,
            size: self.body.len() as u64,
            header_size: u32::try_from(self.header.len()).unwrap_or(u32::MAX),
            digest: self.digest,
            content_type: self.content_type.clone(),
            flags: self.flags.iter().cloned().collect(),
            annotations: seen(state, &self.annotations, "")
                .count()
                .try_into()
                .unwrap_or(u32::MAX),
        }
    }
}

impl Page {
    fn add(&mut self, state: &State, uid: Uid, message: &StoredMessage, fields: Fields) {
        let asked = |field, text| if fields.contains(field) { text } else { "" };
        let name = asked(Fields::NAME, message.name.as_deref().unwrap_or(""));
        let content_type = asked(Fields::CONTENT_TYPE, &message.content_type);
        let flags: Vec<&str> = match fields.contains(Fields::FLAGS) {
            true => message.flags.iter().map(String::as_str).collect(),
            false => Vec::new(),
        };
        let Digest { a, b, c, d } = message.digest;
        let seen = seen(state, &message.annotations, "").count();
        self.uids.push(uid);
        self.modseqs.push(state.message_modseq(message));
        self.created.push(message.created);
        self.modified.push(message.modified);
        self.sizes.push(message.body.len() as u64);
        self.header_sizes.push(message.header.len() as u32);
        self.digests.extend([a, b, c, d]);
        self.names.extend(add_text(&mut self.text, name));
        self.content_types
            .extend(add_text(&mut self.text, content_type));
        self.flags
            .extend(add_text(&mut self.text, &flags.join(" ")));
        self.annotations.push(seen as u32);
        self.removed.push(false);
    }

    fn add_removed(&mut self, tombstone: &Tombstone) {
        self.uids.push(tombstone.uid);
        self.modseqs.push(tombstone.modseq);
        self.created.push(0);
        self.modified.push(0);
        self.sizes.push(0);
        self.header_sizes.push(0);
        self.digests.extend([0; 4]);
        self.names.extend(add_text(
            &mut self.text,
            tombstone.name.as_deref().unwrap_or(""),
        ));
        self.content_types.extend([0; 2]);
        self.flags.extend([0; 2]);
        self.annotations.push(0);
        self.removed.push(true);
    }
}

/// Adds a string to the text of a page, and says where it is.
fn add_text(page: &mut String, text: &str) -> [u32; 2] {
    let start = page.len() as u32;
    page.push_str(text);
    [start, text.len() as u32]
}

/// The annotations that whoever acts can see, by name.
fn seen<'a>(
    state: &'a State,
    annotations: &'a Annotations,
    prefix: &'a str,
) -> impl Iterator<Item = Annotation> + 'a {
    let visible = annotations.iter().filter(move |((name, private_to), _)| {
        name.starts_with(prefix) && state.sees(private_to.as_ref())
    });
    visible.map(|((name, private_to), value)| Annotation {
        name: name.clone(),
        visibility: match private_to {
            Some(_) => Visibility::Private,
            None => Visibility::Shared,
        },
        value: Some(value.clone()),
    })
}

pub(crate) fn of_mailbox(mailbox: &Mailbox, prefix: &str) -> Result<Vec<Annotation>> {
    mailbox.with(Rights::empty(), |state| {
        Ok(seen(state, &state.mailbox(mailbox.row)?.annotations, prefix).collect())
    })
}

pub(crate) fn of_messages(
    mailbox: &Mailbox,
    uids: &[Uid],
    prefix: &str,
) -> Result<Vec<MessageAnnotation>> {
    check_count(uids.len())?;
    mailbox.with(Rights::READ, |state| {
        let messages = &state.mailbox(mailbox.row)?.messages;
        let asked = messages.iter().filter(|(uid, _)| uids.contains(uid));
        let all = asked.flat_map(|(&uid, message)| {
            let seen = seen(state, &message.annotations, prefix);
            seen.map(move |annotation| MessageAnnotation { uid, annotation })
        });
        Ok(all.collect())
    })
}

fn check_count(count: usize) -> Result<()> {
    if count > ITEMS_MAX as usize {
        return Err(Error::TooMany(u64::from(ITEMS_MAX)));
    }
    Ok(())
}
