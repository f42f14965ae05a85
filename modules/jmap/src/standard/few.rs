//! Types of which an account has a few objects: they are made whole, and looked at one by one.

use super::{Comparator, DataType, Get, Listed, Outcome, Properties, Query, Subject};
use crate::account::Account;
use crate::call::Result;
use crate::context::Context;
use crate::error::MethodError;
use crate::json::Object;
use crate::utc_date;
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A data type of which there are few objects.
pub trait Few: DataType {
    /// All properties, `id` among them.
    const PROPERTIES: &'static [&'static str];

    /// All objects by their ids, which stand nowhere else in them.
    fn all(context: &mut Context, account: &Rc<Account>) -> Result<BTreeMap<String, Object>>;

    /// At least the objects of these ids, if they are there.
    fn some(
        context: &mut Context,
        account: &Rc<Account>,
        ids: &[String],
    ) -> Result<BTreeMap<String, Object>> {
        let _ = ids;
        Self::all(context, account)
    }
}

impl<T: Few> Get for T {
    type Extra = ();

    const PROPERTIES: &'static [&'static str] = T::PROPERTIES;

    fn load(
        context: &mut Context,
        account: &Rc<Account>,
        ids: Option<Vec<String>>,
        properties: &Properties,
        (): (),
        limit: usize,
    ) -> Result<Listed> {
        let mut all = match &ids {
            Some(ids) => T::some(context, account, ids)?,
            None => T::all(context, account)?,
        };
        if ids.is_none() && all.len() > limit {
            return Err(MethodError::new("requestTooLarge"));
        }
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
        Ok(listed)
    }
}

/// What one of few objects may be looked for by.
pub trait FewQuery: Few {
    /// What changes of a query's results can be told from.
    const CAN_CALCULATE_CHANGES: bool;

    /// Properties by which there is an order, and what clients call the order.
    const SORTS: &'static [(&'static str, &'static str)];

    /// Reads a condition of a FilterCondition, by its name; none if there is no such one, or not of
    /// such a value.
    fn test(name: &str, value: Value) -> Option<Test>;
}

/// A condition of one property.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// Which of these properties: one of them must be so.
    pub properties: &'static [&'static str],
    /// What it must be.
    pub wanted: Wanted,
}

/// What a property must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// One of these.
    OneOf(Vec<Value>),
    /// A text that contains this one, whatever the case.
    Contains(String),
    /// A list that has this value, or an object that has one of these names.
    Has(Vec<Value>),
    /// A UTCDate before this one.
    Before(String),
    /// A UTCDate that is this one, or later.
    After(String),
}

impl Test {
    /// A property is this.
    pub fn is(properties: &'static [&'static str], value: Value) -> Self {
        Self {
            properties,
            wanted: Wanted::OneOf(vec![value]),
        }
    }

    /// A property contains a text.
    pub fn contains(properties: &'static [&'static str], value: &Value) -> Option<Self> {
        Some(Self {
            properties,
            wanted: Wanted::Contains(value.as_str()?.to_lowercase()),
        })
    }

    /// A property is a date before one, or not before it.
    pub fn date(properties: &'static [&'static str], value: &Value, before: bool) -> Option<Self> {
        // Dates of one form, in UTC, are ordered as their texts are.
        let date = utc_date::write(utc_date::parse_date(value.as_str()?)?);
        Some(Self {
            properties,
            wanted: match before {
                true => Wanted::Before(date),
                false => Wanted::After(date),
            },
        })
    }

    fn holds(&self, object: &Object) -> bool {
        self.properties.iter().any(|name| {
            let value = object.get(*name).unwrap_or(&Value::Null);
            let text = value.as_str();
            match &self.wanted {
                Wanted::OneOf(values) => values.contains(value),
                Wanted::Contains(part) => {
                    text.is_some_and(|text| text.to_lowercase().contains(part))
                }
                Wanted::Has(wanted) => wanted.iter().any(|wanted| match value {
                    Value::Array(items) => items.contains(wanted),
                    Value::Object(members) => wanted
                        .as_str()
                        .is_some_and(|name| members.contains_key(name)),
                    _ => false,
                }),
                Wanted::Before(date) => text.is_some_and(|text| text < date.as_str()),
                Wanted::After(date) => text.is_some_and(|text| text >= date.as_str()),
            }
        })
    }
}

impl<T: FewQuery> Query for T {
    type Condition = Vec<Test>;
    type Item = String;
    type Extra = ();

    const CAN_CALCULATE_CHANGES: bool = T::CAN_CALCULATE_CHANGES;

    fn condition(object: Object) -> Result<Vec<Test>> {
        let tests = object.into_iter().filter(|(_, value)| !value.is_null());
        let tests = tests.map(|(name, value)| {
            T::test(&name, value).ok_or_else(|| {
                let description = format!("there is no condition {name:?} of this value");
                MethodError::described("unsupportedFilter", description)
            })
        });
        tests.collect()
    }

    fn is_sort(comparator: &Comparator) -> bool {
        let mut sorts = T::SORTS.iter();
        sorts.any(|(_, name)| *name == comparator.property)
    }

    fn run(
        context: &mut Context,
        account: &Rc<Account>,
        subject: &Subject<Self>,
        _: usize,
    ) -> Result<Outcome<String>> {
        let mut found: Vec<(String, Object)> = T::all(context, account)?.into_iter().collect();
        if let Some(filter) = &subject.filter {
            found.retain(|(_, object)| {
                filter.holds(&mut |tests| tests.iter().all(|test| test.holds(object)))
            });
        }
        let orders: Vec<(&str, bool)> = subject
            .sort
            .iter()
            .filter_map(|by| {
                let mut sorts = T::SORTS.iter();
                let (property, _) = sorts.find(|(_, name)| *name == by.property)?;
                Some((*property, by.is_ascending))
            })
            .collect();
        // Stable: what is equal stays in the order of the ids.
        found.sort_by(|(_, left), (_, right)| {
            let orders = orders.iter().map(|&(property, is_ascending)| {
                let key = |object: &Object| {
                    let value = object.get(property);
                    let number = value.and_then(Value::as_u64);
                    let truth = value.and_then(Value::as_bool);
                    let text = value.and_then(Value::as_str).map(str::to_lowercase);
                    (number, truth, text)
                };
                match is_ascending {
                    true => key(left).cmp(&key(right)),
                    false => key(right).cmp(&key(left)),
                }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        Ok(Outcome {
            items: found.into_iter().map(|(id, _)| id).collect(),
            is_whole: true,
        })
    }

    fn id(item: &String) -> String {
        item.clone()
    }
}
