//! The tree of principals: the directory as collections of principals.

use dav::store::mailbox::{find_principal, principal_collections, principal_of, search_principals};
use dav::store::{
    AclEntry, Batch, ChangeQuery, Changes, CommitError, Done, Expect, Listing, Lock, LockScope,
    Page, PrincipalKey, PrincipalSearch, Quota, Refusal, Store, StoreError,
};
use dav::{Collection, Member, Operation, Path, Principal, Resource, Rights, Stored, Time, Want};
use module::{Descriptor, Identity, Kind};
use std::cell::OnceCell;
use xml::Name;

use crate::homes;
use crate::profile::{COLLECTION, ROOT};

/// The store of one request.
pub(crate) struct PrincipalStore {
    identity: Identity,
    received: module::Instant,
    modules: OnceCell<Vec<Descriptor>>,
}

/// What a path means, as far as its form tells.
enum Place<'p> {
    /// `/`, `/dav/`.
    Root,
    /// `/dav/principals/`.
    Principals,
    /// The collection of users (with rooms and resources), or that of groups.
    Kind { groups: bool },
    /// A principal.
    One { groups: bool, id: &'p str },
}

fn place(path: &Path) -> Option<Place<'_>> {
    let mut parts = path.parts().iter().map(String::as_str);
    let parts = [
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ];
    match parts {
        [None, ..] | [Some("dav"), None, ..] => Some(Place::Root),
        [Some("dav"), Some("principals"), rest @ ..] => match rest {
            [None, ..] => Some(Place::Principals),
            [Some(kind @ ("user" | "group")), None, _] => Some(Place::Kind {
                groups: kind == "group",
            }),
            [Some(kind @ ("user" | "group")), Some(id), None] => Some(Place::One {
                groups: kind == "group",
                id,
            }),
            _ => None,
        },
        _ => None,
    }
}

impl PrincipalStore {
    pub(crate) fn new(received: module::Instant) -> Self {
        Self {
            identity: Identity::current(),
            received,
            modules: OnceCell::new(),
        }
    }

    /// What all modules say of themselves.
    pub(crate) fn modules(&self) -> &[Descriptor] {
        self.modules.get_or_init(module::modules)
    }

    fn with_homes(&self, mut principal: Principal, groups: bool, want: &Want<'_>) -> Principal {
        if !groups && !matches!(want.stored, Stored::None) {
            principal.stored = homes::properties(self.modules(), &principal.id, &want.stored);
        }
        principal
    }

    fn one(
        &self,
        id: &str,
        groups: bool,
        want: &Want<'_>,
    ) -> Result<Option<Principal>, StoreError> {
        let found = find_principal(&self.identity, PrincipalKey::Id(id))?;
        let found = found.filter(|principal| (principal.kind == "group") == groups);
        Ok(found.map(|principal| self.with_homes(principal, groups, want)))
    }

    /// The collections that lie directly below `/dav/`: those that modules are mounted at.
    fn mounted(&self) -> Vec<Collection> {
        let mounts = self.modules().iter().flat_map(|module| &module.mounts);
        let names = mounts.filter_map(|mount| mount.path.strip_prefix("/dav/"));
        let mut names: Vec<&str> = names
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
            .iter()
            .map(|name| collection(&Path::new(["dav", name]), ROOT))
            .collect()
    }

    fn list_principals(&self, groups: bool, listing: &Listing<'_>) -> Result<Page, StoreError> {
        const PAGE_MAX: usize = 1000;
        let limit = listing.limit.clamp(1, PAGE_MAX);
        let kind = groups.then_some(Kind::Group);
        let found = module::Principal::search("", kind, listing.after, limit as u32)
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        let mut page = Page::default();
        if found.len() == limit {
            page.next = found.last().map(|entry| entry.id.clone());
        }
        for entry in found
            .into_iter()
            .filter(|entry| (entry.kind == Kind::Group) == groups)
        {
            let principal = principal_of(&self.identity, entry)?;
            page.principals
                .push(self.with_homes(principal, groups, &listing.want));
        }
        Ok(page)
    }

    fn apply(&self, operation: Operation) -> Result<(), Refusal> {
        let unsupported = Err(Refusal::Unsupported("changing principals"));
        match operation {
            Operation::Check { path, expect } => {
                let found = self.find(&path, &Want::default());
                let found = found
                    .map_err(|error| Refusal::Failed(error.to_string()))?
                    .is_some();
                match (expect, found) {
                    (Expect::Anything, _) | (Expect::Present, true) | (Expect::Missing, false) => {
                        Ok(())
                    }
                    _ => Err(Refusal::Changed),
                }
            }
            Operation::Property {
                path, name, xml, ..
            } if name == Name::dav("displayname") => match place(&path) {
                Some(Place::One { groups: false, id })
                    if self.identity.principal.as_deref() == Some(id) =>
                {
                    set_display_name(xml.as_deref())
                }
                _ => Err(Refusal::Denied(Rights::WRITE)),
            },
            _ => unsupported,
        }
    }
}

/// Sets what people call the principal; without a value it is called by its name again.
fn set_display_name(element: Option<&[u8]>) -> Result<(), Refusal> {
    let text = match element {
        None => String::new(),
        Some(bytes) => xml::parse(bytes, &xml::Limits::default())
            .map_err(|error| Refusal::BadName(error.to_string()))?
            .text()
            .to_string(),
    };
    module::Principal::set_display_name(text.trim()).map_err(|error| match error {
        module::Error::Invalid(why) => Refusal::BadName(why),
        module::Error::Forbidden(_) => Refusal::Denied(Rights::WRITE),
        module::Error::Unavailable(_) => Refusal::Busy,
        module::Error::Full => Refusal::Full,
        error => Refusal::Failed(error.to_string()),
    })
}

fn collection(path: &Path, kind: &str) -> Collection {
    Collection {
        path: path.clone(),
        kind: kind.to_owned(),
        rights: Rights::LOOKUP.and(Rights::READ),
        ..Collection::default()
    }
}

impl Store for PrincipalStore {
    fn now(&self) -> Time {
        Time(self.received.div_euclid(1000))
    }

    fn random(&self) -> [u8; 16] {
        // Nothing is made here that would need a new name.
        [0; 16]
    }

    fn user(&self) -> Option<Principal> {
        let id = self.identity.principal.as_deref()?;
        find_principal(&self.identity, PrincipalKey::Id(id))
            .ok()
            .flatten()
    }

    fn find(&self, path: &Path, want: &Want<'_>) -> Result<Option<Resource>, StoreError> {
        Ok(match place(path) {
            Some(Place::Root) => Some(Resource::Collection(collection(path, ROOT))),
            Some(Place::Principals | Place::Kind { .. }) => {
                Some(Resource::Collection(collection(path, COLLECTION)))
            }
            Some(Place::One { groups, id }) => self.one(id, groups, want)?.map(Resource::Principal),
            None => None,
        })
    }

    fn children(&self, parent: &Collection, listing: &Listing<'_>) -> Result<Page, StoreError> {
        let collections = match place(&parent.path) {
            Some(Place::Kind { groups }) => return self.list_principals(groups, listing),
            _ if !listing.collections || listing.after.is_some() => Vec::new(),
            Some(Place::Root) if parent.path.parts().is_empty() => {
                vec![collection(&parent.path.join("dav"), ROOT)]
            }
            Some(Place::Root) => self.mounted(),
            Some(Place::Principals) => ["group", "user"]
                .map(|kind| collection(&parent.path.join(kind), COLLECTION))
                .to_vec(),
            Some(Place::One { .. }) | None => Vec::new(),
        };
        Ok(Page {
            collections,
            ..Page::default()
        })
    }

    fn changes(&self, _: &Collection, _: &ChangeQuery<'_>) -> Result<Changes, StoreError> {
        Err(StoreError::Unsupported("synchronising principals"))
    }

    fn read(&self, _: &Collection, _: &Member) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::NotFound)
    }

    fn locks(&self, _: &Path, _: LockScope) -> Result<Vec<Lock>, StoreError> {
        Ok(Vec::new())
    }

    fn acl(&self, _: &Collection) -> Result<Vec<AclEntry>, StoreError> {
        Ok(Vec::new())
    }

    fn quota(&self, _: &Collection) -> Result<Option<Quota>, StoreError> {
        Ok(None)
    }

    fn principal(&self, key: PrincipalKey<'_>) -> Result<Option<Principal>, StoreError> {
        find_principal(&self.identity, key)
    }

    fn search_principals(
        &self,
        search: &PrincipalSearch<'_>,
    ) -> Result<Vec<Principal>, StoreError> {
        let found = search_principals(&self.identity, search)?.into_iter();
        Ok(found
            .map(|principal| {
                let groups = principal.kind == "group";
                self.with_homes(principal, groups, &search.want)
            })
            .collect())
    }

    fn principal_collections(&self) -> Vec<String> {
        principal_collections()
    }

    fn commit(&self, batch: Batch) -> Result<Vec<Done>, CommitError> {
        // One display name is all that a batch can set here, so that it cannot end half-done.
        let mut done = Vec::with_capacity(batch.operations.len());
        for (number, operation) in batch.operations.into_iter().enumerate() {
            self.apply(operation).map_err(|refusal| CommitError {
                operation: Some(number),
                refusal,
            })?;
            done.push(Done::Done);
        }
        Ok(done)
    }
}
