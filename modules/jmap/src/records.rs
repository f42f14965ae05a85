//! Objects that are no mail: a few of them, kept together in an annotation that the owner alone sees,
//! on the inbox, with what is needed to tell their changes exactly.

use crate::account::Account;
use crate::call::Result;
use crate::context::Context;
use crate::error::{MethodError, SetError, SetResult};
use crate::json::Object;
use crate::standard::{
    Change, Changes, DataType, Few, FewQuery, Kind, Log, QueryChanges, STATE_MISMATCH, Stage,
    Subject,
};
use crate::state::State;
use module::{Annotation, Batch, Error, Instant, Modseq};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How many objects that are gone are remembered.
const GONE_MAX: usize = 300;
/// Bytes that all objects of a type may have, with those that are gone: what an annotation holds.
const BYTES_MAX: usize = 60 << 10;
/// Bytes beyond which objects that may be forgotten are: what is left remembers some that are gone.
const OBJECTS_BYTES_MAX: usize = 48 << 10;

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

impl Record {
    /// How many bytes it has where all are kept.
    fn bytes(&self, id: &str) -> usize {
        let punctuation = r#""":,"#.len();
        serde_json::to_vec(self).map_or(BYTES_MAX, |json| json.len()) + id.len() + punctuation
    }
}

impl Records {
    /// Reads those that an annotation of this name has.
    pub fn load(account: &Account, name: &str) -> module::Result<Self> {
        account.kept(name)
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
        true
    }

    /// As they are kept: what there is no room for is forgotten, the oldest first.
    ///
    /// Fails with `overQuota` if that is not enough.
    fn write<T: Kept>(&mut self, now: Instant) -> SetResult<Vec<u8>> {
        if let Some((property, count_max)) = T::FORGETS {
            self.forget_objects(property, count_max, |object| T::may_forget(object, now));
        }
        let gone = self.records.values().filter(|it| it.object.is_none());
        let too_many = gone.count().saturating_sub(GONE_MAX);
        self.forget_gone(|count, _| count < too_many);
        let mut value = self.to_json()?;
        if let Some(excess @ 1..) = value.len().checked_sub(BYTES_MAX) {
            self.forget_gone(|_, bytes| bytes < excess);
            value = self.to_json()?;
        }
        match value.len() <= BYTES_MAX {
            true => Ok(value),
            false => Err(SetError::new("overQuota")),
        }
    }

    fn to_json(&self) -> SetResult<Vec<u8>> {
        serde_json::to_vec(self).map_err(|_| SetError::new("serverFail"))
    }

    /// Takes away the oldest objects that may be forgotten, by the UTCDate in this property, until no
    /// more are left than so many, and there is room for them.
    fn forget_objects(
        &mut self,
        property: &str,
        count_max: usize,
        may_forget: impl Fn(&Object) -> bool,
    ) {
        let (mut count, mut bytes) = (0, 0);
        let mut oldest = Vec::new();
        for (id, record) in &self.records {
            let Some(object) = &record.object else {
                continue;
            };
            let size = record.bytes(id);
            count += 1;
            bytes += size;
            if may_forget(object) {
                let date = object.get(property).and_then(Value::as_str);
                let date = date.unwrap_or_default().to_owned();
                oldest.push((date, record.created, id.clone(), size));
            }
        }
        oldest.sort_unstable();
        for (_, _, id, size) in oldest {
            if count <= count_max && bytes <= OBJECTS_BYTES_MAX {
                break;
            }
            self.remove(&id);
            count -= 1;
            bytes -= size;
        }
    }

    /// Forgets the oldest of those that are gone, as long as `goes_on`, given how many were forgotten,
    /// and their bytes.
    fn forget_gone(&mut self, goes_on: impl Fn(usize, usize) -> bool) {
        let gone = self.records.iter().filter(|(_, it)| it.object.is_none());
        let mut gone: Vec<(Modseq, String)> = gone
            .map(|(id, record)| (record.changed, id.clone()))
            .collect();
        gone.sort_unstable();
        let mut bytes = 0;
        for (count, (changed, id)) in gone.into_iter().enumerate() {
            if !goes_on(count, bytes) {
                break;
            }
            self.oldest = self.oldest.max(changed);
            if let Some(record) = self.records.remove(&id) {
                bytes += record.bytes(&id);
            }
        }
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
        let is_on_its_way = since.cursor.is_some();
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
                (None, true) if is_on_its_way => Kind::Destroyed,
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

/// A data type whose objects are records.
pub trait Kept {
    /// Its name: `Identity`.
    const NAME: &'static str;
    /// The name of the annotation that has them.
    const ANNOTATION: &'static str;
    /// All properties, `id` among them.
    const PROPERTIES: &'static [&'static str];
    /// The property with the UTCDate by which the oldest objects are forgotten, and how many are kept;
    /// none if all are.
    const FORGETS: Option<(&'static str, usize)> = None;

    /// Whether an object may be forgotten now, to make room.
    fn may_forget(object: &Object, now: Instant) -> bool {
        let _ = (object, now);
        true
    }

    /// All objects, as clients are told, but for their ids.
    fn all(account: &Account) -> module::Result<BTreeMap<String, Object>>;
}

impl<T: Kept> DataType for T {
    const NAME: &'static str = T::NAME;

    fn state(_: &mut Context, account: &Rc<Account>) -> Result<String> {
        Ok(Records::load(account, T::ANNOTATION)?.state())
    }

    fn is_in(account: &Account) -> bool {
        account.is_personal
    }
}

impl<T: Kept> Few for T {
    const PROPERTIES: &'static [&'static str] = T::PROPERTIES;

    fn all(_: &mut Context, account: &Rc<Account>) -> Result<BTreeMap<String, Object>> {
        Ok(T::all(account)?)
    }
}

impl<T: Kept> Changes for T {
    fn log(_: &mut Context, account: &Rc<Account>, since: &State) -> Result<Log> {
        Records::load(account, T::ANNOTATION)?.log(since)
    }
}

impl<T: Kept + FewQuery> QueryChanges for T {
    fn affected(
        _: &mut Context,
        account: &Rc<Account>,
        _: &Subject<Self>,
        since: &State,
    ) -> Result<BTreeSet<String>> {
        let log = Records::load(account, T::ANNOTATION)?.log(since)?;
        Ok(log.changes.into_iter().map(|change| change.id).collect())
    }
}

/// How often a change is made again because something else, a message that came in perhaps, has
/// changed the inbox meanwhile.
const CONFLICTS_MAX: usize = 8;

/// Changes the records of a type, and what else `change` adds to the batch, at once: the next
/// operation finds it changed. `change` may run several times, each on what there is then.
pub fn save<T: Kept, R>(
    stage: &mut Stage<'_>,
    mut change: impl FnMut(&mut Records, &Account, &Batch) -> SetResult<R>,
) -> SetResult<R> {
    let mut conflicts = 0;
    loop {
        let mut records = Records::load(&stage.account, T::ANNOTATION)?;
        if stage
            .guard
            .as_ref()
            .is_some_and(|state| *state != records.state())
        {
            return Err(SetError::new(STATE_MISMATCH));
        }
        let batch = Batch::new();
        // First: a change of the inbox in the batch itself is none of somebody else's.
        let status = stage.account.mailboxes.first().ok_or(Error::NotFound)?;
        batch.expect_modseq(&*stage.account.open(0)?, status.modseq);
        let result = change(&mut records, &stage.account, &batch)?;
        let value = records.write::<T>(stage.context.now)?;
        let annotation = Annotation::private(T::ANNOTATION, Some(value));
        batch.annotate(&*stage.account.open(0)?, None, &annotation);
        match batch.commit() {
            Ok(_) => {
                stage.committed()?;
                return Ok(result);
            }
            Err(failure) if failure.error == Error::Conflict && conflicts < CONFLICTS_MAX => {
                conflicts += 1;
                stage.renew()?;
            }
            Err(failure) => return Err(failure.error.into()),
        }
    }
}
