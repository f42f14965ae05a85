//! A store in memory, for tests: one tree, any number of principals, and a clock that tests set.
//!
//! All or nothing is had by changing a copy and keeping it only if all went well.

mod answer;
mod commit;
mod state;
mod tree;
mod view;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::{
    AclEntry, Batch, Change, ChangeQuery, Changes, CommitError, Done, Listing, Lock, LockScope,
    Page, PrincipalKey, PrincipalSearch, Quota, Store, StoreError, Who,
};
use crate::resource::{Collection, Member, Principal, Resource, Want};
use crate::{Path, Rights, Time};
use state::State;

/// The store. Everything is owned by the principal who made it.
pub struct Memory {
    state: RefCell<State>,
    principals: RefCell<Vec<Principal>>,
    user: RefCell<Option<String>>,
    now: Cell<Time>,
    seed: Cell<u64>,
    body: RefCell<Vec<u8>>,
    overtaking: RefCell<VecDeque<Overtaking>>,
}

/// What another request does before one commits.
type Overtaking = Box<dyn FnOnce(&Memory)>;

impl Memory {
    /// A store with an empty root collection of a kind, which everyone can read and `owner` can
    /// do everything with. `owner` is also who asks, until [`Memory::sign_in`].
    pub fn new(kind: &str, owner: &str) -> Self {
        let mut state = State::default();
        let acl = vec![
            AclEntry {
                who: Who::Owner,
                rights: Rights::FULL,
                deny: false,
            },
            AclEntry {
                who: Who::All,
                rights: Rights::of("lr"),
                deny: false,
            },
        ];
        state.make(Path::default(), kind, Some(owner), acl, Time(0));
        let memory = Self {
            state: RefCell::new(state),
            principals: RefCell::default(),
            user: RefCell::new(Some(owner.to_owned())),
            now: Cell::new(Time(1_000_000_000)),
            seed: Cell::new(1),
            body: RefCell::default(),
            overtaking: RefCell::default(),
        };
        memory.add_principal(owner, "individual");
        memory
    }

    /// Adds a principal.
    pub fn add_principal(&self, id: &str, kind: &str) {
        self.principals.borrow_mut().push(Principal {
            id: id.to_owned(),
            href: format!("/principals/{id}/"),
            displayname: format!("The {id}"),
            kind: kind.to_owned(),
            alternate_uris: vec![format!("mailto:{id}@example.com")],
            rights: Rights::of("lr"),
            ..Principal::default()
        });
    }

    /// Puts a principal into a group.
    pub fn join(&self, member: &str, group: &str) {
        for principal in self.principals.borrow_mut().iter_mut() {
            if principal.id == group {
                principal.members.push(member.to_owned());
            } else if principal.id == member {
                principal.groups.push(group.to_owned());
            }
        }
    }

    /// Says who asks from now on; none for anonymous.
    pub fn sign_in(&self, user: Option<&str>) {
        *self.user.borrow_mut() = user.map(str::to_owned);
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: i64) {
        self.now.set(Time(self.now.get().0 + seconds));
    }

    /// Forgets all removals, so that older sync tokens become invalid.
    pub fn forget_removals(&self) {
        self.state.borrow_mut().forget_removals();
    }

    /// Makes a collection, asking nobody.
    pub fn make_collection(&self, path: &Path, kind: &str) {
        let now = self.now();
        let mut state = self.state.borrow_mut();
        let owner = state.owner();
        state.make(path.clone(), kind, owner.as_deref(), Vec::new(), now);
    }

    /// Has another request do something between what the next one reads and its commit; called again,
    /// before the commit after that, and so on.
    pub fn overtake(&self, with: impl FnOnce(&Memory) + 'static) {
        self.overtaking.borrow_mut().push_back(Box::new(with));
    }

    /// Limits the bytes of all bodies together.
    pub fn set_quota(&self, bytes: Option<u64>) {
        self.state.borrow_mut().quota = bytes;
    }
}

impl Store for Memory {
    fn now(&self) -> Time {
        self.now.get()
    }

    fn random(&self) -> [u8; 16] {
        // SplitMix64: tests want the same names every time.
        let mut bytes = [0; 16];
        for half in bytes.chunks_mut(8) {
            let seed = self.seed.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
            self.seed.set(seed);
            let mut mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            half.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
        }
        bytes
    }

    fn user(&self) -> Option<Principal> {
        let id = self.user.borrow().clone()?;
        self.principals
            .borrow()
            .iter()
            .find(|principal| principal.id == id)
            .cloned()
    }

    fn find(&self, path: &Path, want: &Want<'_>) -> Result<Option<Resource>, StoreError> {
        if let [first, id] = path.parts()
            && first == "principals"
        {
            let found = self
                .principals
                .borrow()
                .iter()
                .find(|found| found.id == *id)
                .cloned();
            return Ok(found.map(Resource::Principal));
        }
        Ok(self.find_in(&self.state.borrow(), path, want))
    }

    fn children(&self, collection: &Collection, listing: &Listing<'_>) -> Result<Page, StoreError> {
        let state = self.state.borrow();
        let mut page = Page::default();
        if collection.path.parts() == ["principals"] {
            page.principals = self.principals.borrow().clone();
        }
        if listing.collections && listing.after.is_none() {
            page.collections = state
                .below(&collection.path)
                .filter(|(path, _)| path.parts().len() == collection.path.parts().len() + 1)
                .map(|(path, node)| self.collection(&state, path, node, &listing.want))
                .filter(|found| found.rights.has(Rights::LOOKUP))
                .collect();
        }
        let node = state
            .collections
            .get(&collection.path)
            .ok_or(StoreError::NotFound)?;
        if let (true, Some(names)) = (listing.members, listing.names) {
            let found = names
                .iter()
                .filter_map(|name| node.members.get_key_value(*name));
            page.members = found
                .map(|(name, node)| self.member(name, node, &listing.want))
                .collect();
        } else if listing.members {
            let after = listing
                .after
                .map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
            let found = node
                .members
                .range::<str, _>((after, std::ops::Bound::Unbounded))
                .filter(|(_, node)| {
                    listing
                        .filter
                        .iter()
                        .all(|filter| state::holds(node, filter))
                });
            page.members = found
                .take(listing.limit)
                .map(|(name, node)| self.member(name, node, &listing.want))
                .collect();
            if page.members.len() == listing.limit {
                page.next = page.members.last().map(|member| member.name.clone());
            }
        }
        Ok(page)
    }

    fn changes(
        &self,
        collection: &Collection,
        query: &ChangeQuery<'_>,
    ) -> Result<Changes, StoreError> {
        let state = self.state.borrow();
        let mut found = state.changes(&collection.path, query)?;
        found.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        // All changes with one state go together.
        let mut end = query.limit.max(1).min(found.len());
        let at = |index: usize| found.get(index).map(|(state, ..)| *state);
        while end > 0 && end < found.len() && at(end) == at(end - 1) {
            end += 1;
        }
        let more = end < found.len();
        let current = at(end.saturating_sub(1)).filter(|_| more);
        found.truncate(end);
        let changes = found
            .into_iter()
            .map(|(changed, path, is_collection)| Change {
                resource: self.find_in(&state, &path, &query.want),
                path,
                state: changed,
                is_collection,
            })
            .collect();
        let newest = state.newest(&collection.path, query.deep).max(query.since);
        Ok(Changes {
            changes,
            state: current.unwrap_or(newest),
            more,
        })
    }

    fn read(&self, collection: &Collection, member: &Member) -> Result<Vec<u8>, StoreError> {
        let state = self.state.borrow();
        let path = collection.path.join(&member.name);
        state
            .member(&path)
            .map(|found| found.body.to_vec())
            .ok_or(StoreError::NotFound)
    }

    fn locks(&self, path: &Path, scope: LockScope) -> Result<Vec<Lock>, StoreError> {
        let state = self.state.borrow();
        let concerns = |lock: &&Lock| {
            lock.expires > self.now()
                && (lock.covers(path) || scope == LockScope::Tree && lock.root.is_within(path))
        };
        Ok(state.locks.iter().filter(concerns).cloned().collect())
    }

    fn acl(&self, collection: &Collection) -> Result<Vec<AclEntry>, StoreError> {
        Ok(self.state.borrow().acl(&collection.path).to_vec())
    }

    fn quota(&self, _: &Collection) -> Result<Option<Quota>, StoreError> {
        let state = self.state.borrow();
        let used_bytes = state.used();
        Ok(state.quota.map(|quota| Quota {
            available_bytes: quota.saturating_sub(used_bytes),
            used_bytes,
        }))
    }

    fn principal(&self, key: PrincipalKey<'_>) -> Result<Option<Principal>, StoreError> {
        let principals = self.principals.borrow();
        let found = principals.iter().find(|principal| match key {
            PrincipalKey::Id(id) => principal.id == id,
            PrincipalKey::Href(href) => {
                principal.href.trim_end_matches('/') == href.trim_end_matches('/')
                    || principal.alternate_uris.iter().any(|uri| uri == href)
            }
        });
        Ok(found.cloned())
    }

    fn search_principals(
        &self,
        search: &PrincipalSearch<'_>,
    ) -> Result<Vec<Principal>, StoreError> {
        let principals = self.principals.borrow();
        Ok(principals
            .iter()
            .filter(|one| (search.test)(one))
            .take(search.limit)
            .cloned()
            .collect())
    }

    fn principal_collections(&self) -> Vec<String> {
        vec!["/principals/".to_owned()]
    }

    fn commit(&self, batch: Batch) -> Result<Vec<Done>, CommitError> {
        let overtaking = self.overtaking.take();
        let mut overtaking = overtaking.into_iter();
        if let Some(first) = overtaking.next() {
            let body = self.body.take();
            first(self);
            self.body.replace(body);
        }
        self.overtaking.replace(overtaking.collect());
        let user = self.user.borrow().clone();
        let mut next = self.state.borrow().clone();
        let done = commit::apply(&mut next, self, user.as_deref(), batch)?;
        *self.state.borrow_mut() = next;
        Ok(done)
    }
}
