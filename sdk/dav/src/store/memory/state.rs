//! What the store in memory holds, and how it is looked at.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::resource::{Etag, StoredProperty};
use crate::store::{AclEntry, ChangeQuery, Filter, Key, KeyValue, Lock, StoreError, Unique, Who};
use crate::{Path, Rights, Time};

/// Everything, so that a copy of it is a transaction.
#[derive(Clone, Default)]
pub(super) struct State {
    pub collections: BTreeMap<Path, CollectionNode>,
    pub locks: Vec<Lock>,
    pub quota: Option<u64>,
    /// The counter that all states and versions come from.
    pub counter: u64,
    removed: Vec<(u64, Path, bool)>,
    forgotten: u64,
}

#[derive(Clone)]
pub(super) struct CollectionNode {
    pub kind: String,
    pub id: String,
    pub owner: Option<String>,
    pub acl: Vec<AclEntry>,
    pub state: u64,
    /// The state of its own last change, that of its members left out.
    pub own_state: u64,
    pub created: Time,
    pub modified: Time,
    pub stored: Vec<StoredProperty>,
    /// What is there for one principal each.
    pub personal: Vec<(String, StoredProperty)>,
    pub members: BTreeMap<String, MemberNode>,
}

#[derive(Clone)]
pub(super) struct MemberNode {
    pub version: u64,
    pub state: u64,
    pub etag: Etag,
    pub body: Rc<Vec<u8>>,
    pub content_type: Option<String>,
    pub created: Time,
    pub modified: Time,
    pub stored: Vec<StoredProperty>,
    pub keys: Vec<Key>,
    pub unique: Vec<Unique>,
}

impl State {
    pub fn make(
        &mut self,
        path: Path,
        kind: &str,
        owner: Option<&str>,
        acl: Vec<AclEntry>,
        now: Time,
    ) {
        self.counter += 1;
        let node = CollectionNode {
            kind: kind.to_owned(),
            id: format!("c{}", self.counter),
            owner: owner.map(str::to_owned),
            acl,
            state: self.counter,
            own_state: self.counter,
            created: now,
            modified: now,
            stored: Vec::new(),
            personal: Vec::new(),
            members: BTreeMap::new(),
        };
        self.touch_parent(&path, now);
        self.collections.insert(path, node);
    }

    pub fn touch_parent(&mut self, path: &Path, now: Time) {
        let counter = self.counter;
        if let Some(parent) = path
            .parent()
            .and_then(|parent| self.collections.get_mut(&parent))
        {
            parent.state = counter;
            parent.modified = now;
        }
    }

    pub fn bury(&mut self, path: Path, is_collection: bool, now: Time) {
        self.touch_parent(&path, now);
        self.removed.push((self.counter, path, is_collection));
    }

    pub fn forget_removals(&mut self) {
        self.forgotten = self.counter;
        self.removed.clear();
    }

    pub fn owner(&self) -> Option<String> {
        self.collections
            .get(&Path::default())
            .and_then(|root| root.owner.clone())
    }

    pub fn member(&self, path: &Path) -> Option<&MemberNode> {
        self.collections
            .get(&path.parent()?)?
            .members
            .get(path.name()?)
    }

    /// The collections inside of one, itself left out.
    pub fn below<'s>(
        &'s self,
        path: &'s Path,
    ) -> impl Iterator<Item = (&'s Path, &'s CollectionNode)> {
        self.collections
            .range(path..)
            .take_while(move |(inner, _)| inner.is_within(path))
            .filter(move |(inner, _)| *inner != path)
    }

    pub fn used(&self) -> u64 {
        let members = self
            .collections
            .values()
            .flat_map(|node| node.members.values());
        members.map(|member| member.body.len() as u64).sum()
    }

    /// The list of a collection, or of the next one around it that has one.
    pub fn acl(&self, path: &Path) -> &[AclEntry] {
        let mut at = Some(path.clone());
        while let Some(path) = at {
            if let Some(node) = self
                .collections
                .get(&path)
                .filter(|node| !node.acl.is_empty())
            {
                return &node.acl;
            }
            at = path.parent();
        }
        &[]
    }

    pub fn rights(&self, path: &Path, user: Option<&str>, groups: &[String]) -> Rights {
        let owner = self
            .collections
            .get(path)
            .and_then(|node| node.owner.as_deref());
        let is_about = |who: &Who| match who {
            Who::All => true,
            Who::Authenticated => user.is_some(),
            Who::Unauthenticated => user.is_none(),
            Who::Owner => user.is_some() && user == owner,
            Who::Principal(id) => user == Some(id) || groups.contains(id),
        };
        let sum = |deny: bool| {
            let entries = self.acl(path).iter().filter(|entry| entry.deny == deny);
            entries
                .filter(|entry| is_about(&entry.who))
                .fold(Rights::NONE, |rights, entry| rights.and(entry.rights))
        };
        let rights = sum(false).without(sum(true));
        // As in mailboxes: nobody locks himself out.
        match user.is_some() && user == owner {
            true => rights.and(Rights::of("la")),
            false => rights,
        }
    }

    /// The newest state of a collection, or of all that is inside of it too.
    pub fn newest(&self, path: &Path, deep: bool) -> u64 {
        let own = self.collections.get(path).map_or(0, |node| node.state);
        match deep {
            true => self
                .below(path)
                .map(|(_, node)| node.state)
                .fold(own, u64::max),
            false => own,
        }
    }

    pub fn changes(
        &self,
        path: &Path,
        query: &ChangeQuery<'_>,
    ) -> Result<Vec<(u64, Path, bool)>, StoreError> {
        if query.removed_since > self.counter || query.removed_since < self.forgotten {
            return Err(StoreError::TooOld);
        }
        let depth = path.parts().len();
        let in_reach = |found: &Path| query.deep || found.parts().len() == depth + 1;
        let mut changes = Vec::new();
        for (state, gone, is_collection) in &self.removed {
            let back = self.collections.contains_key(gone) || self.member(gone).is_some();
            let inside = gone.is_within(path) && gone != path && in_reach(gone);
            if *state > query.removed_since && inside && !back {
                changes.retain(|(_, other, _)| other != gone);
                changes.push((*state, gone.clone(), *is_collection));
            }
        }
        for (inner, node) in self.below(path) {
            if in_reach(inner) && node.own_state > query.since {
                changes.push((node.own_state, inner.clone(), true));
            }
        }
        let holders = self.below(path).filter(|_| query.deep);
        for (holder, node) in holders.chain(self.collections.get_key_value(path)) {
            for (name, member) in &node.members {
                if member.state > query.since {
                    changes.push((member.state, holder.join(name), false));
                }
            }
        }
        Ok(changes)
    }
}

/// Whether a member has what a filter asks for.
pub(super) fn holds(node: &MemberNode, filter: &Filter<'_>) -> bool {
    if let Filter::Any(filters) = filter {
        return filters.iter().any(|filter| holds(node, filter));
    }
    node.keys.iter().any(|key| match (filter, &key.value) {
        (Filter::Equals(name, value), KeyValue::Text(text)) => key.name == *name && text == value,
        (Filter::Prefix(name, value), KeyValue::Text(text)) => {
            key.name == *name && text.starts_with(value)
        }
        (Filter::Between(name, low, high), KeyValue::Number(number)) => {
            key.name == *name && (low..=high).contains(&number)
        }
        (Filter::Overlaps(names, low, high), KeyValue::Interval(start, end)) => {
            names.contains(&key.name.as_str()) && start < high && end > low
        }
        (Filter::Words(name, words), KeyValue::Words(text)) => {
            key.name == *name
                && words
                    .split_whitespace()
                    .all(|word| text.split_whitespace().any(|own| own == word))
        }
        _ => false,
    })
}
