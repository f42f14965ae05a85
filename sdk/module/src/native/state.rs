//! What the in-memory host keeps, and who may do what with it.

use crate::index::Key;
use crate::{
    Delivery, Descriptor, Digest, Envelope, Error, Grant, Identifier, Identity, Instant, Lock,
    MailboxChange, Modseq, Parcel, Principal, Refusal, Result, Rights, Scope, SignIn, Status,
    Timer, Uid,
};
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

/// Runs with the host of this thread.
pub(crate) fn with_state<T>(run: impl FnOnce(&mut State) -> T) -> T {
    STATE.with(|state| run(&mut state.borrow_mut()))
}

/// The row of a mailbox: what a handle holds.
pub(crate) type Row = u64;

/// A message as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct StoredMessage {
    pub(crate) name: Option<String>,
    pub(crate) modseq: Modseq,
    pub(crate) created: Instant,
    pub(crate) modified: Instant,
    pub(crate) header: Rc<[u8]>,
    pub(crate) body: Rc<[u8]>,
    pub(crate) digest: Digest,
    pub(crate) content_type: String,
    pub(crate) flags: BTreeSet<String>,
    pub(crate) keys: Vec<Key>,
    pub(crate) annotations: Annotations,
    /// When private annotations last changed, by principal.
    pub(crate) private: BTreeMap<String, Modseq>,
}

/// Values by name and, if they are private, by whose they are.
pub(crate) type Annotations = BTreeMap<(String, Option<String>), Vec<u8>>;

/// A message that is gone.
#[derive(Clone, Debug)]
pub(crate) struct Tombstone {
    pub(crate) uid: Uid,
    pub(crate) modseq: Modseq,
    pub(crate) name: Option<String>,
}

/// A mailbox as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct StoredMailbox {
    pub(crate) id: String,
    pub(crate) path: Vec<String>,
    pub(crate) type_: String,
    pub(crate) modseq: Modseq,
    /// When the newest message was removed that is remembered no more.
    pub(crate) oldest: Modseq,
    /// When it was renamed to its path.
    pub(crate) placed: Modseq,
    pub(crate) created: Instant,
    pub(crate) uid_next: Uid,
    pub(crate) grants: Vec<Grant>,
    pub(crate) annotations: Annotations,
    /// When private annotations of the mailbox itself last changed, by principal.
    pub(crate) private: BTreeMap<String, Modseq>,
    pub(crate) messages: BTreeMap<Uid, StoredMessage>,
    pub(crate) tombstones: Vec<Tombstone>,
}

impl StoredMailbox {
    /// The message of a name.
    pub(crate) fn named(&self, name: &str) -> Option<(Uid, &StoredMessage)> {
        let mut messages = self.messages.iter();
        let found = messages.find(|(_, message)| message.name.as_deref() == Some(name));
        found.map(|(&uid, message)| (uid, message))
    }
}

/// What takes the deliveries of a module in.
pub(crate) type Receive = fn(Parcel) -> std::result::Result<Option<Vec<u8>>, Refusal>;

/// What makes the keys of a message.
pub(crate) type Index = fn(crate::Unindexed) -> Vec<Key>;

/// The whole host. A batch works on a copy, which takes its place if all went well.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) now: Instant,
    pub(crate) identity: Identity,
    pub(crate) principals: BTreeMap<String, Principal>,
    pub(crate) members: BTreeMap<String, Vec<String>>,
    pub(crate) paths: BTreeMap<Vec<String>, Row>,
    pub(crate) mailboxes: BTreeMap<Row, StoredMailbox>,
    pub(crate) gone: Vec<MailboxChange>,
    pub(crate) modseqs: BTreeMap<Option<String>, Modseq>,
    /// The last modseq that was given away, by owner, and the states of those whose private
    /// annotations took some, by owner and principal: these move nobody else's.
    pub(crate) issued: BTreeMap<Option<String>, Modseq>,
    pub(crate) private_states: BTreeMap<(Option<String>, String), Modseq>,
    pub(crate) oldest: BTreeMap<Option<String>, Modseq>,
    pub(crate) numbers: u64,
    pub(crate) locks: Vec<Lock>,
    pub(crate) subscriptions: BTreeSet<(String, Row)>,
    pub(crate) quotas: BTreeMap<String, (Option<u64>, Option<u64>)>,
    pub(crate) blobs: BTreeMap<(Option<String>, Digest), Rc<[u8]>>,
    pub(crate) timers: BTreeMap<(String, String), Timer>,
    pub(crate) deliveries: Vec<(Option<String>, Delivery)>,
    pub(crate) receiver: Option<Receive>,
    pub(crate) index: Option<Index>,
    pub(crate) submissions: Vec<(Envelope, Vec<u8>)>,
    pub(crate) endpoints: Vec<super::StoredEndpoint>,
    pub(crate) server_key: Option<Vec<u8>>,
    pub(crate) options: BTreeMap<String, String>,
    /// What was remembered, by whom it is for and its name.
    pub(crate) memories: BTreeMap<(Option<String>, String), Vec<u8>>,
    pub(crate) modules: Vec<Descriptor>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            // 2026-01-01T00:00:00Z
            now: 1_767_225_600_000,
            identity: Identity {
                principal: None,
                tenant: "example.org".to_owned(),
                groups: Vec::new(),
                sign_in: SignIn::Anonymous,
                scope: Scope::empty(),
            },
            principals: BTreeMap::new(),
            members: BTreeMap::new(),
            paths: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            gone: Vec::new(),
            modseqs: BTreeMap::new(),
            issued: BTreeMap::new(),
            private_states: BTreeMap::new(),
            oldest: BTreeMap::new(),
            numbers: 0,
            locks: Vec::new(),
            subscriptions: BTreeSet::new(),
            quotas: BTreeMap::new(),
            blobs: BTreeMap::new(),
            timers: BTreeMap::new(),
            deliveries: Vec::new(),
            receiver: None,
            index: None,
            submissions: Vec::new(),
            endpoints: Vec::new(),
            server_key: Some(vec![4; 65]),
            options: BTreeMap::new(),
            memories: BTreeMap::new(),
            modules: Vec::new(),
        }
    }
}

impl State {
    /// A number never given before.
    pub(crate) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The groups that a principal is in, directly or through others.
    pub(crate) fn groups_of(&self, id: &str) -> Vec<String> {
        let mut groups: BTreeSet<String> = BTreeSet::new();
        let mut waiting = vec![id.to_owned()];
        while let Some(member) = waiting.pop() {
            for (group, members) in &self.members {
                if members.contains(&member) && groups.insert(group.clone()) {
                    waiting.push(group.clone());
                }
            }
        }
        groups.into_iter().collect()
    }

    /// A mailbox by its row; `NotFound` once it was deleted.
    pub(crate) fn mailbox(&self, row: Row) -> Result<&StoredMailbox> {
        self.mailboxes.get(&row).ok_or(Error::NotFound)
    }

    /// As `mailbox`, to be changed.
    pub(crate) fn mailbox_mut(&mut self, row: Row) -> Result<&mut StoredMailbox> {
        self.mailboxes.get_mut(&row).ok_or(Error::NotFound)
    }

    /// What whoever acts may do with a mailbox. RFC 4314 §2.
    pub(crate) fn rights(&self, mailbox: &StoredMailbox) -> Rights {
        let me = &self.identity;
        let meant = |identifier: &Identifier| match identifier {
            Identifier::Anyone => true,
            Identifier::Authenticated => me.principal.is_some(),
            Identifier::Principal(id) => me.principal.as_ref() == Some(id),
            Identifier::Group(id) => me.groups.contains(id),
        };
        let sum = |negative: bool| {
            let grants = mailbox.grants.iter();
            let grants = grants.filter(|grant| grant.negative == negative);
            grants
                .filter(|grant| meant(&grant.identifier))
                .fold(Rights::empty(), |sum, grant| sum | grant.rights)
        };
        let rights = sum(false).without(sum(true));
        let owner = owner_of(&mailbox.path);
        if me.scope.contains(Scope::ADMIN) || (owner.is_some() && owner == me.principal) {
            return rights | Rights::LOOKUP | Rights::ADMINISTER;
        }
        rights
    }

    /// Refuses unless whoever acts has all these rights; hides what may not be looked up.
    pub(crate) fn check(&self, row: Row, needed: Rights) -> Result<()> {
        let rights = self.rights(self.mailbox(row)?);
        if rights.contains(needed) {
            Ok(())
        } else if rights.contains(Rights::LOOKUP) {
            Err(Error::Forbidden(needed.without(rights)))
        } else {
            Err(Error::NotFound)
        }
    }

    /// The row of a path that whoever acts may look up.
    pub(crate) fn open(&self, path: &[String]) -> Result<Row> {
        check_path(path)?;
        let row = self.paths.get(path).copied().ok_or(Error::NotFound)?;
        self.check(row, Rights::LOOKUP)?;
        Ok(row)
    }

    /// The rows of a mailbox and of all below it, parents first.
    pub(crate) fn tree(&self, path: &[String]) -> Vec<Row> {
        let inside = |(other, _): &(&Vec<String>, &Row)| other.starts_with(path);
        self.paths
            .iter()
            .filter(inside)
            .map(|(_, &row)| row)
            .collect()
    }

    /// What is known of a mailbox.
    pub(crate) fn status(&self, row: Row) -> Result<Status> {
        let mailbox = self.mailbox(row)?;
        let owner = owner_of(&mailbox.path);
        Ok(Status {
            path: mailbox.path.clone(),
            id: mailbox.id.clone(),
            type_: mailbox.type_.clone(),
            rights: self.rights(mailbox),
            modseq: self.mailbox_modseq(mailbox),
            owner_modseq: self.owner_modseq(&owner),
            placed_modseq: mailbox.placed,
            owner,
            uid_next: mailbox.uid_next,
            messages: mailbox.messages.len() as u64,
            bytes: mailbox.messages.values().map(StoredMessage::bytes).sum(),
            created: mailbox.created,
        })
    }

    /// The modseq of a mailbox, as whoever acts sees it.
    pub(crate) fn mailbox_modseq(&self, mailbox: &StoredMailbox) -> Modseq {
        let messages = mailbox.messages.values().map(|message| &message.private);
        let own = messages.chain([&mailbox.private]);
        let own = own.map(|private| self.own_modseq(private)).max();
        mailbox.modseq.max(own.unwrap_or(0))
    }

    /// The modseq of a message, as whoever acts sees it.
    pub(crate) fn message_modseq(&self, message: &StoredMessage) -> Modseq {
        message.modseq.max(self.own_modseq(&message.private))
    }

    fn own_modseq(&self, private: &BTreeMap<String, Modseq>) -> Modseq {
        let me = self.identity.principal.as_ref();
        me.and_then(|me| private.get(me).copied()).unwrap_or(0)
    }

    /// The modseq of an owner, as whoever acts sees it.
    fn owner_modseq(&self, owner: &Option<String>) -> Modseq {
        let shared = self.modseqs.get(owner).copied().unwrap_or(0);
        let own = self.identity.principal.clone();
        let own = own.and_then(|me| self.private_states.get(&(owner.clone(), me)).copied());
        shared.max(own.unwrap_or(0))
    }

    /// When the newest mailbox was removed that is remembered no more, by its owner.
    pub(crate) fn oldest(&self, path: &[String]) -> Modseq {
        self.oldest.get(&owner_of(path)).copied().unwrap_or(0)
    }

    /// Refuses a modseq from before what is remembered, or from the future.
    pub(crate) fn remembers(&self, path: &[String], oldest: Modseq, since: Modseq) -> Result<()> {
        let owner = owner_of(path);
        let counter = self.owner_modseq(&owner);
        match since == 0 || (oldest..=counter).contains(&since) {
            true => Ok(()),
            false => Err(Error::TooOld),
        }
    }

    /// Bytes and messages that an owner has stored.
    pub(crate) fn used(&self, owner: Option<&String>) -> (u64, u64) {
        let owned = self
            .mailboxes
            .values()
            .filter(|mailbox| owner_of(&mailbox.path).as_ref() == owner);
        let messages = owned.flat_map(|mailbox| mailbox.messages.values());
        messages.fold((0, 0), |(bytes, count), message| {
            (bytes + message.bytes(), count + 1)
        })
    }

    /// The key under which annotations of whoever acts are visible.
    pub(crate) fn sees(&self, private_to: Option<&String>) -> bool {
        private_to.is_none() || private_to == self.identity.principal.as_ref()
    }
}

impl StoredMessage {
    /// Bytes that count against a quota.
    pub(crate) fn bytes(&self) -> u64 {
        (self.header.len() + self.body.len()) as u64
    }
}

/// Whom a path belongs to.
pub(crate) fn owner_of(path: &[String]) -> Option<String> {
    match path {
        [first, owner, ..] if first == "user" => Some(owner.clone()),
        _ => None,
    }
}

/// Refuses what is not a path.
pub(crate) fn check_path(path: &[String]) -> Result<()> {
    let well_formed = |part: &String| {
        !part.is_empty()
            && part.len() <= 255
            && part != "."
            && part != ".."
            && !part.chars().any(char::is_control)
    };
    if path.is_empty() || !path.iter().all(well_formed) {
        return Err(Error::Invalid(
            "a path has non-empty parts without control characters".to_owned(),
        ));
    }
    Ok(())
}

/// The SHA-256 of bytes.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    let hash = Sha256::digest(bytes);
    let word = |index: usize| {
        let bytes = hash.get(index * 8..index * 8 + 8).unwrap_or_default();
        bytes
            .iter()
            .fold(0, |word, &byte| word << 8 | u64::from(byte))
    };
    Digest {
        a: word(0),
        b: word(1),
        c: word(2),
        d: word(3),
    }
}
