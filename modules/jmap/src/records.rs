//! Objects that are no mail: a few of them, kept together in an annotation that the owner alone sees,
//! on the inbox, with what is needed to tell their changes exactly.

use crate::account::Account;
use crate::call::Result;
use crate::error::{MethodError, SetError};
use crate::json::Object;
use crate::standard::{Change, Kind, Listed, Log, Properties};
use crate::state::State;
use module::{Annotation, Batch, Error, Modseq};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many objects that are gone are remembered.
const GONE_MAX: usize = 300;
/// Bytes that all objects of a type may have: what an annotation holds.
const BYTES_MAX: usize = 60 << 10;

/// All objects of a type.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Records {
    /// A counter of changes.
    changes: Modseq,
    /// Changes before this are not remembered.
    oldest: Modseq,
    records: BTreeMap<String, Record>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    created: Modseq,
    changed: Modseq,
    /// None if it is gone.
    object: Option<Object>,
}

impl Records {
    /// Reads those that an annotation of this name has.
    pub fn load(account: &Account, name: &str) -> module::Result<Self> {
        let annotations = account.open(0)?.annotations(name)?;
        let annotation = annotations.into_iter().find(|known| known.name == name);
        let value = annotation.and_then(|annotation| annotation.value);
        Ok(value
            .and_then(|value| serde_json::from_slice(&value).ok())
            .unwrap_or_default())
    }

    /// Adds to a batch that these are kept, unless they have changed since the account was looked at.
    pub fn stage(
        &self,
        account: &Account,
        name: &str,
        batch: &Batch,
    ) -> std::result::Result<(), SetError> {
        let status = account.mailboxes.first().ok_or(Error::NotFound)?;
        let value = serde_json::to_vec(self).map_err(|_| SetError::new("serverFail"))?;
        if value.len() > BYTES_MAX {
            return Err(SetError::new("overQuota"));
        }
        let inbox = account.open(0)?;
        batch.expect_modseq(&inbox, status.modseq);
        batch.annotate(&inbox, None, &Annotation::private(name, Some(value)));
        Ok(())
    }

    /// The object of an id.
    pub fn find(&self, id: &str) -> Option<&Object> {
        self.records.get(id)?.object.as_ref()
    }

    /// All objects, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Object)> {
        let records = self.records.iter();
        records.filter_map(|(id, record)| Some((id, record.object.as_ref()?)))
    }

    /// Puts an object in, or in the place of another one.
    pub fn put(&mut self, id: &str, object: Object) {
        self.changes += 1;
        let changed = self.changes;
        let record = self.records.entry(id.to_owned()).or_insert(Record {
            created: changed,
            changed,
            object: None,
        });
        record.changed = changed;
        record.object = Some(object);
    }

    /// Takes an object away; says whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(record) = self.records.get_mut(id).filter(|it| it.object.is_some()) else {
            return false;
        };
        self.changes += 1;
        record.changed = self.changes;
        record.object = None;
        let gone = self
            .records
            .iter()
            .filter(|(_, record)| record.object.is_none());
        let mut gone: Vec<(Modseq, String)> = gone
            .map(|(id, record)| (record.changed, id.clone()))
            .collect();
        if gone.len() > GONE_MAX {
            gone.sort_unstable();
            for (changed, id) in gone.iter().take(gone.len() - GONE_MAX) {
                self.oldest = self.oldest.max(*changed);
                self.records.remove(id);
            }
        }
        true
    }

    /// Their state, as clients get it.
    pub fn state(&self) -> String {
        let state = State {
            modseq: self.changes,
            marks: Vec::new(),
            cursor: None,
        };
        state.write()
    }

    /// What has changed since a state.
    pub fn log(&self, since: &State) -> Result<Log> {
        let since = since.modseq;
        if since < self.oldest || since > self.changes {
            return Err(MethodError::new("cannotCalculateChanges"));
        }
        let changed = self
            .records
            .iter()
            .filter(|(_, record)| record.changed > since);
        let changes = changed.filter_map(|(id, record)| {
            let is_new = record.created > since;
            let kind = match (&record.object, is_new) {
                (Some(_), true) => Kind::Created,
                (Some(_), false) => Kind::Updated,
                (None, false) => Kind::Destroyed,
                (None, true) => return None,
            };
            Some(Change {
                id: id.clone(),
                modseq: record.changed,
                kind,
            })
        });
        Ok(Log {
            changes: changes.collect(),
            more: Object::new(),
        })
    }
}

/// Those of some objects that are asked for.
pub fn listed(
    all: impl IntoIterator<Item = (String, Object)>,
    ids: Option<Vec<String>>,
    properties: &Properties,
) -> Listed {
    let mut all: BTreeMap<String, Object> = all.into_iter().collect();
    let wanted = ids.unwrap_or_else(|| all.keys().cloned().collect());
    let mut listed = Listed::default();
    for id in wanted {
        match all.remove(&id) {
            None => listed.not_found.push(id),
            Some(mut object) => {
                object.insert("id".to_owned(), Value::String(id));
                listed.list.push(properties.keep(object));
            }
        }
    }
    listed
}
