//! `EmailSubmission/query` and `EmailSubmission/queryChanges`. RFC 8621 §7.3, §7.4.

use super::{ANNOTATION, Submissions};
use crate::account::Account;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::MethodError;
use crate::json::Object;
use crate::records::Records;
use crate::standard::{Changes, Comparator, Outcome, Query, QueryChanges, Subject};
use crate::state::State;
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A FilterCondition: names of properties, and what they must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition(Vec<(&'static str, Wanted)>);

#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    OneOf(Vec<Value>),
    Before(String),
    After(String),
}

impl Query for Submissions {
    type Condition = Condition;
    type Item = String;
    type Extra = ();

    fn condition(object: Object) -> Result<Condition> {
        let conditions = object.into_iter().map(|(name, value)| {
            let date = |value: &Value| value.as_str().map(str::to_owned);
            let test = match (name.as_str(), value) {
                ("identityIds", Value::Array(ids)) => ("identityId", Wanted::OneOf(ids)),
                ("emailIds", Value::Array(ids)) => ("emailId", Wanted::OneOf(ids)),
                ("threadIds", Value::Array(ids)) => ("threadId", Wanted::OneOf(ids)),
                ("undoStatus", status @ Value::String(_)) => {
                    ("undoStatus", Wanted::OneOf(vec![status]))
                }
                ("before", ref value) if value.is_string() => {
                    ("sendAt", Wanted::Before(date(value).unwrap_or_default()))
                }
                ("after", ref value) if value.is_string() => {
                    ("sendAt", Wanted::After(date(value).unwrap_or_default()))
                }
                _ => {
                    return Err(MethodError::described(
                        "unsupportedFilter",
                        format!("no condition {name:?} of this value"),
                    ));
                }
            };
            Ok(test)
        });
        conditions.collect::<Result<_>>().map(Condition)
    }

    fn is_sort(comparator: &Comparator) -> bool {
        matches!(
            comparator.property.as_str(),
            "emailId" | "threadId" | "sentAt"
        )
    }

    fn extra(_: &mut Arguments) -> Result<()> {
        Ok(())
    }

    fn run(
        _: &mut Context,
        account: &Rc<Account>,
        subject: &Subject<Self>,
        _: usize,
    ) -> Result<Outcome<String>> {
        let records = Records::load(account, ANNOTATION)?;
        let holds = |object: &Object| match &subject.filter {
            None => true,
            Some(filter) => filter.holds(&mut |condition| condition.holds(object)),
        };
        let mut found: Vec<(&String, &Object)> =
            records.iter().filter(|(_, object)| holds(object)).collect();
        found.sort_by(|(a, left), (b, right)| {
            let orders = subject.sort.iter().map(|by| {
                let name = match by.property.as_str() {
                    "sentAt" => "sendAt",
                    name => name,
                };
                let text = |object: &Object| {
                    let value = object.get(name).and_then(Value::as_str);
                    value.unwrap_or_default().to_owned()
                };
                let ordering = text(left).cmp(&text(right));
                match by.is_ascending {
                    true => ordering,
                    false => ordering.reverse(),
                }
            });
            orders.fold(Ordering::Equal, Ordering::then).then(a.cmp(b))
        });
        Ok(Outcome {
            items: found.into_iter().map(|(id, _)| id.clone()).collect(),
            is_whole: true,
        })
    }

    fn id(item: &String) -> String {
        item.clone()
    }
}

impl QueryChanges for Submissions {
    fn affected(
        context: &mut Context,
        account: &Rc<Account>,
        _: &Subject<Self>,
        since: &State,
    ) -> Result<BTreeSet<String>> {
        let log = Self::log(context, account, since)?;
        Ok(log.changes.into_iter().map(|change| change.id).collect())
    }
}

impl Condition {
    fn holds(&self, object: &Object) -> bool {
        self.0.iter().all(|(name, wanted)| {
            let value = object.get(*name).unwrap_or(&Value::Null);
            let text = value.as_str().unwrap_or_default();
            match wanted {
                Wanted::OneOf(values) => values.contains(value),
                // Dates of one form, in UTC, are ordered as their texts are.
                Wanted::Before(date) => text < date.as_str(),
                Wanted::After(date) => text >= date.as_str(),
            }
        })
    }
}
