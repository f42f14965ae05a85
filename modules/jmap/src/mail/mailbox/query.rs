//! `Mailbox/query` and `Mailbox/queryChanges`. RFC 8621 §2.3, §2.4.

use super::Mailboxes;
use super::facts::{Facts, parent_id, shown_name};
use crate::account::Account;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::MethodError;
use crate::id::MailboxId;
use crate::json::Object;
use crate::standard::{Changes, Comparator, Extra, Outcome, Query, QueryChanges, Subject};
use crate::state::State;
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A FilterCondition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    parent_id: Option<Option<String>>,
    name: Option<String>,
    role: Option<Option<String>>,
    has_any_role: Option<bool>,
    is_subscribed: Option<bool>,
}

/// Arguments of the method.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tree {
    sort: bool,
    filter: bool,
}

impl Extra for Tree {
    fn take(arguments: &mut Arguments) -> Result<Self> {
        Ok(Self {
            sort: arguments.boolean("sortAsTree")?,
            filter: arguments.boolean("filterAsTree")?,
        })
    }
}

/// What is looked at.
struct Candidate {
    id: MailboxId,
    parent: Option<MailboxId>,
    name: String,
    folded: String,
    facts: Facts,
}

impl Query for Mailboxes {
    type Condition = Condition;
    type Item = MailboxId;
    type Extra = Tree;

    fn condition(object: Object) -> Result<Condition> {
        let mut condition = Condition::default();
        for (name, value) in object {
            match (name.as_str(), value) {
                ("parentId", Value::Null) => condition.parent_id = Some(None),
                ("parentId", Value::String(id)) => condition.parent_id = Some(Some(id)),
                ("name", Value::String(text)) => condition.name = Some(text.to_lowercase()),
                ("role", Value::Null) => condition.role = Some(None),
                ("role", Value::String(role)) => condition.role = Some(Some(role)),
                ("hasAnyRole", Value::Bool(has)) => condition.has_any_role = Some(has),
                ("isSubscribed", Value::Bool(is)) => condition.is_subscribed = Some(is),
                _ => {
                    return Err(MethodError::described(
                        "unsupportedFilter",
                        format!("no condition {name:?} of this value"),
                    ));
                }
            }
        }
        Ok(condition)
    }

    fn is_sort(comparator: &Comparator) -> bool {
        matches!(comparator.property.as_str(), "sortOrder" | "name")
    }

    fn run(
        context: &mut Context,
        account: &Rc<Account>,
        subject: &Subject<Self>,
        _: usize,
    ) -> Result<Outcome<MailboxId>> {
        let mut all = BTreeMap::new();
        for (at, status) in account.mailboxes.iter().enumerate() {
            let name = shown_name(status).to_owned();
            let id = MailboxId::of(status);
            let candidate = Candidate {
                id,
                parent: parent_id(account, status),
                folded: name.to_lowercase(),
                name,
                facts: Facts::of(account, at)?,
            };
            all.insert(id, candidate);
        }
        let test =
            |condition: &Condition, candidate: &Candidate| condition.holds(candidate, context);
        let mut passes: BTreeSet<MailboxId> = all
            .values()
            .filter(|candidate| match &subject.filter {
                None => true,
                Some(filter) => filter.holds(&mut |condition| test(condition, candidate)),
            })
            .map(|candidate| candidate.id)
            .collect();
        if subject.extra.filter {
            let with_ancestors = |id: &MailboxId| {
                let mut above = lineage(&all, *id).into_iter();
                above.all(|ancestor| passes.contains(&ancestor.id))
            };
            passes = passes.iter().copied().filter(with_ancestors).collect();
        }
        let mut items: Vec<MailboxId> = passes.into_iter().collect();
        items.sort_by(|a, b| order(&all, subject, *a, *b));
        Ok(Outcome {
            items,
            is_whole: true,
        })
    }

    fn id(item: &MailboxId) -> String {
        item.to_string()
    }
}

impl QueryChanges for Mailboxes {
    fn affected(
        context: &mut Context,
        account: &Rc<Account>,
        subject: &Subject<Self>,
        since: &State,
    ) -> Result<BTreeSet<String>> {
        let log = Self::log(context, account, since)?;
        // Where the tree counts, one that changes moves all that lie in it.
        if subject.extra.sort || subject.extra.filter {
            let now = account.mailboxes.iter().map(MailboxId::of);
            let then = since.marks.iter().map(|mark| mark.id);
            let is_same = log.changes.is_empty();
            return Ok(match is_same {
                true => BTreeSet::new(),
                false => now.chain(then).map(|id| id.to_string()).collect(),
            });
        }
        Ok(log.changes.into_iter().map(|change| change.id).collect())
    }
}

impl Condition {
    fn holds(&self, candidate: &Candidate, context: &Context) -> bool {
        let Candidate {
            parent,
            folded,
            facts,
            ..
        } = candidate;
        let parent = parent.map(|id| id.to_string());
        let is_parent = |wanted: &Option<String>| match wanted {
            None => parent.is_none(),
            Some(id) => context.real_id(id) == parent.as_deref(),
        };
        let has_role = facts.role.is_some();
        self.parent_id.as_ref().is_none_or(is_parent)
            && self
                .name
                .as_ref()
                .is_none_or(|name| folded.contains(name.as_str()))
            && self.role.as_ref().is_none_or(|role| *role == facts.role)
            && self.has_any_role.is_none_or(|has| has == has_role)
            && self
                .is_subscribed
                .is_none_or(|is| is == facts.is_subscribed)
    }
}

type All = BTreeMap<MailboxId, Candidate>;

/// A Mailbox and all above it, outermost first.
fn lineage(all: &All, id: MailboxId) -> Vec<&Candidate> {
    let mut lineage = Vec::new();
    let mut next = Some(id);
    while let Some(candidate) = next.and_then(|id| all.get(&id)) {
        lineage.push(candidate);
        next = candidate.parent;
    }
    lineage.reverse();
    lineage
}

fn order(all: &All, subject: &Subject<Mailboxes>, a: MailboxId, b: MailboxId) -> Ordering {
    if subject.extra.sort {
        let (a, b) = (lineage(all, a), lineage(all, b));
        let mut pairs = a.iter().zip(&b);
        return match pairs.find(|(a, b)| a.id != b.id) {
            Some((a, b)) => compare(&subject.sort, a, b),
            None => a.len().cmp(&b.len()),
        };
    }
    match (all.get(&a), all.get(&b)) {
        (Some(a), Some(b)) => compare(&subject.sort, a, b),
        _ => a.cmp(&b),
    }
}

fn compare(sort: &[Comparator], a: &Candidate, b: &Candidate) -> Ordering {
    let orders = sort.iter().map(|comparator| {
        let ordering = match comparator.property.as_str() {
            "sortOrder" => a.facts.sort_order.cmp(&b.facts.sort_order),
            _ => (&a.folded, &a.name).cmp(&(&b.folded, &b.name)),
        };
        match comparator.is_ascending {
            true => ordering,
            false => ordering.reverse(),
        }
    });
    orders
        .fold(Ordering::Equal, Ordering::then)
        .then_with(|| a.id.cmp(&b.id))
}
