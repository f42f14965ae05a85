//! Members into the host's batch: put, copied, moved.

use std::rc::Rc;

use module::{Annotation, Blob, Condition, Key as HostKey};

use super::MailboxStore;
use super::commit::{Making, Outcome, check_name};
use super::convert::{self, annotation_name, key, read_refusal, refusal, time, uid};
use super::header::Header;
use super::tree::Opened;
use crate::Path;
use crate::store::{Accept, Content, Expect, Refusal, Unique, UniqueScope};

/// A media type that says nothing.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Where bytes are on their way.
enum Bytes {
    Here(Vec<u8>),
    Blob(usize),
}

/// A copy or a move of a member.
pub(super) struct Transfer {
    pub moving: bool,
    /// Which member it replaces.
    pub over: Expect,
    /// Which body is meant.
    pub expect: Expect,
    pub accept: Option<Accept>,
}

impl MailboxStore {
    pub(super) fn put(
        &self,
        making: &mut Making,
        path: &Path,
        accept: Accept,
        expect: Expect,
    ) -> Result<Outcome, Refusal> {
        let mailbox = self.inside(path)?;
        let name = check_name(path)?.to_owned();
        let parent = path.parent().unwrap_or_default();
        let created = making.made.iter().rev().find(|(made, _)| *made == parent);
        let created = created.map(|(_, change)| *change);
        let opened = match created {
            Some(_) => None,
            None => {
                let parent = self.open_parent(&mailbox).map_err(read_refusal)?;
                Some(parent.ok_or(Refusal::ParentMissing)?.0)
            }
        };
        let condition = match expect {
            Expect::Anything => Condition::None,
            Expect::Missing => Condition::Free,
            Expect::Version(version) => Condition::Unchanged(uid(version).ok_or(Refusal::Changed)?),
            Expect::Present => Condition::Unchanged(self.existing(path, expect)?.1),
            Expect::State(_) => return Err(Refusal::Changed),
        };
        let (content, length) = self.content(making, path, accept.content)?;
        let content_type = self.content_type(accept.content_type, &name);
        if let Some(opened) = &opened {
            self.expect_unique(making, opened, &name, &accept.unique);
        }
        let header = Header {
            principal: self.identity.principal.as_deref(),
            domain: &self.identity.tenant,
            name: &name,
            date: time(self.received),
            unique: u128::from_be_bytes(convert::random(self.received)),
            content_type: &content_type,
            length,
        };
        let header = header.write();
        let put = module::Put {
            name: Some(name),
            condition,
            header,
            content: match content {
                Bytes::Here(bytes) => module::Content::Bytes(bytes),
                Bytes::Blob(at) => {
                    let blob = making.blobs.get(at);
                    module::Content::Blob(blob.ok_or(Refusal::Failed("a body is lost".into()))?)
                }
            },
            content_type,
            flags: Vec::new(),
            keys: accept.keys.into_iter().map(key).collect(),
            keys_version: self.layout.keys_version,
        };
        let change = match (&opened, created) {
            (Some(opened), _) => making.batch.put(&opened.mailbox, put),
            (None, Some(created)) => making.batch.put_into(created, put),
            (None, None) => return Err(Refusal::ParentMissing),
        };
        for (name, value) in accept.properties {
            let annotation = Annotation::shared(annotation_name(&name), value);
            making.batch.annotate_outcome(change, &annotation);
        }
        making.made.push((path.clone(), change));
        Ok(Outcome::Written(opened, change))
    }

    /// Where the bytes are, and how many.
    fn content(
        &self,
        making: &mut Making,
        path: &Path,
        content: Content,
    ) -> Result<(Bytes, u64), Refusal> {
        let blob = match content {
            Content::Bytes(bytes) => {
                let length = bytes.len() as u64;
                return Ok((Bytes::Here(bytes), length));
            }
            Content::Request => match self.body.borrow_mut().take() {
                None => return Ok((Bytes::Here(Vec::new()), 0)),
                Some(body) => Blob::ingest(body, None).map_err(|error| match error {
                    module::Error::Invalid(_) => Refusal::BodyIncomplete,
                    error => refusal(error),
                })?,
            },
            Content::Unchanged => {
                let (parent, uid) = self.existing(path, Expect::Present)?;
                parent
                    .mailbox
                    .open_message(uid, module::Part::Body)
                    .map_err(refusal)?
            }
        };
        let length = blob.size();
        making.blobs.push(blob);
        Ok((Bytes::Blob(making.blobs.len() - 1), length))
    }

    fn content_type(&self, told: Option<String>, name: &str) -> String {
        let means_something = |told: &String| {
            let essence = told.split(';').next().unwrap_or_default().trim();
            !essence.is_empty() && !essence.eq_ignore_ascii_case(UNKNOWN_TYPE)
        };
        let told = told
            .filter(means_something)
            .filter(|told| !told.chars().any(char::is_control));
        told.unwrap_or_else(|| {
            (self.layout.media_type)(name)
                .unwrap_or(UNKNOWN_TYPE)
                .to_owned()
        })
    }

    fn expect_unique(&self, making: &mut Making, opened: &Opened, name: &str, unique: &[Unique]) {
        for unique in unique {
            let key = HostKey::text(&unique.name, unique.value.as_str());
            let scope = match unique.scope {
                UniqueScope::Collection => module::UniqueScope::Mailbox,
                UniqueScope::Owner => module::UniqueScope::Owner,
            };
            let change = making
                .batch
                .expect_unique(&opened.mailbox, Some(name), &key, scope);
            making.unique.push((change, unique.name.clone()));
        }
    }

    pub(super) fn transfer(
        &self,
        making: &mut Making,
        from: &Path,
        to: &Path,
        transfer: Transfer,
    ) -> Result<Outcome, Refusal> {
        let Transfer {
            moving,
            over,
            expect,
            accept,
        } = transfer;
        let condition = match over {
            Expect::Missing => Condition::Free,
            over => Condition::Unchanged(self.existing(to, over)?.1),
        };
        let (source, uid) = self.existing(from, expect)?;
        let name = check_name(to)?;
        let mailbox = self.inside(to)?;
        let target = self.open_parent(&mailbox).map_err(read_refusal)?;
        let (target, _) = target.ok_or(Refusal::ParentMissing)?;
        // Keys go along with the message: they are a function of its bytes.
        let (unique, properties) = match accept {
            Some(accept) => (accept.unique, accept.properties),
            None => Default::default(),
        };
        let (source, batch) = (&source.mailbox, &making.batch);
        if !moving {
            self.expect_unique(making, &target, name, &unique);
            let copied = making
                .batch
                .copy(source, uid, &target.mailbox, Some(name), condition);
            return Ok(self.transferred(making, to, target, copied, properties));
        }
        let moved = batch.move_(source, uid, &target.mailbox, Some(name), condition);
        // Only now is the source no other message with the same key.
        self.expect_unique(making, &target, name, &unique);
        Ok(self.transferred(making, to, target, moved, properties))
    }

    fn transferred(
        &self,
        making: &mut Making,
        to: &Path,
        target: Rc<Opened>,
        change: u32,
        properties: Vec<(xml::Name, Option<Vec<u8>>)>,
    ) -> Outcome {
        for (name, value) in properties {
            let annotation = Annotation::shared(annotation_name(&name), value);
            making.batch.annotate_outcome(change, &annotation);
        }
        making.made.push((to.clone(), change));
        Outcome::Written(Some(target), change)
    }
}
