//! The store of the module: mailboxes, and beside them the directory as a collection of cards.

use dav::store::mailbox::MailboxStore;
use dav::store::{
    AclEntry, Batch, ChangeQuery, Changes, CommitError, Content, Done, Expect, Listing, Lock,
    LockScope, Operation, Page, PrincipalKey, PrincipalSearch, Quota, Refusal, Store, StoreError,
    Transfer, Who,
};
use dav::{Collection, Etag, Fields, Member, Path, Principal, Resource, Rights, Time, Want};
use module::Identity;

use super::card::{digest, write};
use super::{DIRECTORY, NAME};

/// What the name of a card ends in.
const EXTENSION: &str = ".vcf";

/// How many entries the host gives at a time.
const PAGE_MAX: usize = 1000;

/// The store of one request.
pub(crate) struct DirectoryStore {
    mailboxes: MailboxStore,
    identity: Identity,
}

impl DirectoryStore {
    pub(crate) fn new(mailboxes: MailboxStore) -> Self {
        Self {
            mailboxes,
            identity: Identity::current(),
        }
    }

    /// The part for mailboxes, which knows how to give bodies to the host.
    pub(crate) fn mailboxes(&self) -> &MailboxStore {
        &self.mailboxes
    }

    /// The directory; none for who is not signed in, and may not read it.
    fn directory(&self) -> Option<Collection> {
        self.identity.principal.as_ref()?;
        Some(Collection {
            path: Path::new([NAME]),
            kind: DIRECTORY.to_owned(),
            rights: Rights::LOOKUP.and(Rights::READ),
            ..Collection::default()
        })
    }

    fn find_entry(&self, name: &str, want: &Want<'_>) -> Result<Option<Member>, StoreError> {
        let Some(id) = name.strip_suffix(EXTENSION) else {
            return Ok(None);
        };
        match module::Principal::find(id) {
            Ok(entry) => self.member(&entry, want).map(Some),
            Err(module::Error::NotFound | module::Error::Invalid(_)) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn list(&self, listing: &Listing<'_>) -> Result<Page, StoreError> {
        let mut page = Page::default();
        if !listing.members {
            return Ok(page);
        }
        if let Some(names) = listing.names {
            for name in names {
                page.members.extend(self.find_entry(name, &listing.want)?);
            }
            return Ok(page);
        }
        // What is narrowed down by keys elsewhere is looked at whole here.
        let limit = listing.limit.clamp(1, PAGE_MAX);
        let found = module::Principal::search("", None, listing.after, limit as u32);
        let found = found.map_err(failed)?;
        if found.len() == limit {
            page.next = found.last().map(|entry| entry.id.clone());
        }
        for entry in &found {
            page.members.push(self.member(entry, &listing.want)?);
        }
        Ok(page)
    }

    /// A copy out of the directory brings the bytes along: no mailbox has them.
    fn bring(&self, operation: Operation) -> Result<Operation, Refusal> {
        let (from, to, over, expect, mut accept) = match operation {
            Operation::Copy(Transfer {
                from,
                to,
                over,
                expect,
                accept: Some(accept),
            }) if entry(&from).is_some() => (from, to, over, expect, accept),
            other => return Ok(other),
        };
        let name = entry(&from).flatten().ok_or(Refusal::NotFound)?;
        let want = Want {
            fields: Fields::BODY,
            ..Want::default()
        };
        let found = self.find_entry(name, &want).map_err(refusal)?;
        let member = found.ok_or(Refusal::NotFound)?;
        if expect != Expect::Version(member.version) {
            return Err(Refusal::Changed);
        }
        accept.content = Content::Bytes(member.body.unwrap_or_default());
        Ok(Operation::Put {
            path: to,
            accept,
            expect: over,
        })
    }

    fn member(&self, entry: &module::Principal, want: &Want<'_>) -> Result<Member, StoreError> {
        let members = match entry.kind {
            module::Kind::Group => module::Principal::members(&entry.id).map_err(failed)?,
            module::Kind::User | module::Kind::Room | module::Kind::Resource => Vec::new(),
        };
        let body = write(&self.identity.tenant, entry, &members);
        let [a, b] = digest(&[&body]);
        Ok(Member {
            name: format!("{}{EXTENSION}", entry.id),
            version: a,
            state: a,
            etag: Etag::from_digest([a, b, 0]),
            length: body.len() as u64,
            content_type: Some("text/vcard; charset=utf-8".to_owned()),
            body: want.fields.has(Fields::BODY).then_some(body),
            ..Member::default()
        })
    }
}

fn failed(error: module::Error) -> StoreError {
    match error {
        module::Error::NotFound => StoreError::NotFound,
        module::Error::Forbidden(_) => StoreError::Denied(Rights::READ),
        module::Error::Unavailable(_) => StoreError::Busy,
        error => StoreError::Failed(error.to_string()),
    }
}

fn refusal(error: StoreError) -> Refusal {
    match error {
        StoreError::NotFound => Refusal::NotFound,
        StoreError::Busy => Refusal::Busy,
        error => Refusal::Failed(error.to_string()),
    }
}

/// What a path in the directory names: none for the directory itself.
fn entry(path: &Path) -> Option<Option<&str>> {
    match path.parts() {
        [first] if first == NAME => Some(None),
        [first, name] if first == NAME => Some(Some(name)),
        _ => None,
    }
}

impl Store for DirectoryStore {
    fn now(&self) -> Time {
        self.mailboxes.now()
    }

    fn random(&self) -> [u8; 16] {
        self.mailboxes.random()
    }

    fn user(&self) -> Option<Principal> {
        self.mailboxes.user()
    }

    fn find(&self, path: &Path, want: &Want<'_>) -> Result<Option<Resource>, StoreError> {
        let Some(name) = entry(path) else {
            return self.mailboxes.find(path, want);
        };
        let Some(directory) = self.directory() else {
            return Ok(None);
        };
        match name {
            None => Ok(Some(Resource::Collection(directory))),
            Some(name) => {
                let member = self.find_entry(name, want)?;
                Ok(member.map(|member| Resource::Member(Box::new(directory), member)))
            }
        }
    }

    fn children(&self, parent: &Collection, listing: &Listing<'_>) -> Result<Page, StoreError> {
        if parent.kind == DIRECTORY {
            return self.list(listing);
        }
        let mut page = self.mailboxes.children(parent, listing)?;
        if parent.path.parts().is_empty() && listing.collections && listing.after.is_none() {
            page.collections.extend(self.directory());
        }
        Ok(page)
    }

    fn changes(&self, parent: &Collection, query: &ChangeQuery<'_>) -> Result<Changes, StoreError> {
        match parent.kind == DIRECTORY {
            true => Err(StoreError::Unsupported("synchronising the directory")),
            false => self.mailboxes.changes(parent, query),
        }
    }

    fn read(&self, parent: &Collection, member: &Member) -> Result<Vec<u8>, StoreError> {
        if parent.kind != DIRECTORY {
            return self.mailboxes.read(parent, member);
        }
        let want = Want {
            fields: Fields::BODY,
            ..Want::default()
        };
        let found = self.find_entry(&member.name, &want)?;
        found
            .and_then(|found| found.body)
            .ok_or(StoreError::NotFound)
    }

    fn locks(&self, path: &Path, scope: LockScope) -> Result<Vec<Lock>, StoreError> {
        self.mailboxes.locks(path, scope)
    }

    fn acl(&self, collection: &Collection) -> Result<Vec<AclEntry>, StoreError> {
        match collection.kind == DIRECTORY {
            true => Ok(vec![AclEntry {
                who: Who::Authenticated,
                rights: collection.rights,
                deny: false,
            }]),
            false => self.mailboxes.acl(collection),
        }
    }

    fn quota(&self, collection: &Collection) -> Result<Option<Quota>, StoreError> {
        match collection.kind == DIRECTORY {
            true => Ok(None),
            false => self.mailboxes.quota(collection),
        }
    }

    fn principal(&self, key: PrincipalKey<'_>) -> Result<Option<Principal>, StoreError> {
        self.mailboxes.principal(key)
    }

    fn search_principals(
        &self,
        search: &PrincipalSearch<'_>,
    ) -> Result<Vec<Principal>, StoreError> {
        self.mailboxes.search_principals(search)
    }

    fn principal_collections(&self) -> Vec<String> {
        self.mailboxes.principal_collections()
    }

    fn commit(&self, mut batch: Batch) -> Result<Vec<Done>, CommitError> {
        let operations = std::mem::take(&mut batch.operations).into_iter();
        let brought = operations.enumerate().map(|(at, operation)| {
            let failed = |refusal| CommitError {
                operation: Some(at),
                refusal,
            };
            self.bring(operation).map_err(failed)
        });
        batch.operations = brought.collect::<Result<_, _>>()?;
        self.mailboxes.commit(batch)
    }
}
