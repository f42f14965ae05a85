//! What the asking principal sees of what is in memory.

use super::Memory;
use super::state::{CollectionNode, MemberNode, State};
use crate::resource::{Collection, Fields, Member, Resource, Stored, StoredProperty, Want};
use crate::{Path, Rights};

impl Memory {
    /// What the asking principal may do with a collection.
    pub(super) fn rights(&self, state: &State, path: &Path) -> Rights {
        let user = self.user.borrow();
        let groups = user.as_ref().map(|user| {
            let principals = self.principals.borrow();
            let found = principals.iter().find(|principal| principal.id == *user);
            found
                .map(|principal| principal.groups.clone())
                .unwrap_or_default()
        });
        state.rights(path, user.as_deref(), &groups.unwrap_or_default())
    }

    /// The resource at a path.
    pub(super) fn find_in(&self, state: &State, path: &Path, want: &Want<'_>) -> Option<Resource> {
        if let Some(node) = state.collections.get(path) {
            return Some(Resource::Collection(
                self.collection(state, path, node, want),
            ));
        }
        let parent = path.parent()?;
        let (name, found) = state
            .collections
            .get(&parent)?
            .members
            .get_key_value(path.name()?)?;
        let node = state.collections.get(&parent)?;
        let collection = self.collection(state, &parent, node, &Want::default());
        Some(Resource::Member(
            Box::new(collection),
            self.member(name, found, want),
        ))
    }

    /// A collection as the asking principal sees it.
    pub(super) fn collection(
        &self,
        state: &State,
        path: &Path,
        node: &CollectionNode,
        want: &Want<'_>,
    ) -> Collection {
        Collection {
            path: path.clone(),
            kind: node.kind.clone(),
            id: node.id.clone(),
            rights: self.rights(state, path),
            owner: node.owner.clone(),
            state: node.state,
            elsewhere: Vec::new(),
            members: node.members.len() as u64,
            created: Some(node.created),
            modified: Some(node.modified),
            stored: stored(&self.seen(node), want.stored),
        }
    }

    /// A member as the asking principal sees it.
    pub(super) fn member(&self, name: &str, node: &MemberNode, want: &Want<'_>) -> Member {
        let has = |fields: Fields| want.fields.has(fields);
        let user = self.user.borrow();
        let mut personal = node.personal.iter();
        let personal = personal.find(|(owner, _)| Some(owner) == user.as_ref());
        let personal = personal.map(|(_, value)| value.clone());
        Member {
            name: name.to_owned(),
            version: node.version,
            state: node.state,
            etag: match &personal {
                Some(value) => node.etag.with_personal(value),
                None => node.etag,
            },
            length: node.body.len() as u64,
            content_type: node
                .content_type
                .clone()
                .filter(|_| has(Fields::CONTENT_TYPE)),
            created: Some(node.created),
            modified: Some(node.modified),
            body: has(Fields::BODY).then(|| node.body.to_vec()),
            header: has(Fields::HEADER).then(Vec::new),
            personal,
            stored: stored(&node.stored, want.stored),
        }
    }

    /// The properties of a collection as the asking principal sees them.
    fn seen(&self, node: &CollectionNode) -> Vec<StoredProperty> {
        let user = self.user.borrow();
        let personal = node.personal.iter();
        let mut seen: Vec<StoredProperty> = personal
            .filter(|(owner, _)| Some(owner) == user.as_ref())
            .map(|(_, property)| property.clone())
            .collect();
        let hidden = |name: &xml::Name| seen.iter().any(|property| property.name == *name);
        let shared: Vec<StoredProperty> = node
            .stored
            .iter()
            .filter(|property| !hidden(&property.name))
            .cloned()
            .collect();
        seen.extend(shared);
        seen
    }
}

fn stored(all: &[StoredProperty], want: Stored<'_>) -> Vec<StoredProperty> {
    match want {
        Stored::None => Vec::new(),
        Stored::All => all.to_vec(),
        Stored::Names(names) => all
            .iter()
            .filter(|property| names.contains(&property.name))
            .cloned()
            .collect(),
    }
}
