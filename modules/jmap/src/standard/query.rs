//! `/query`. RFC 8620 §5.5.

use super::{DataType, Extra, supported};
use crate::account::Account;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::MethodError;
use crate::json::{Object, object, strings};
use serde_json::Value;
use std::rc::Rc;

/// A data type that can be searched.
pub trait Query: DataType {
    /// What its FilterCondition says.
    type Condition;
    /// How an object is known while it is looked for.
    type Item: Clone + Eq;
    /// Arguments of its own, and what it makes of the filter and the order.
    type Extra: Extra;

    /// Whether `/queryChanges` can tell what has changed.
    const CAN_CALCULATE_CHANGES: bool = true;

    /// Reads a FilterCondition.
    ///
    /// Fails with `unsupportedFilter` for one that can't be asked, `invalidArguments` for one that
    /// is malformed.
    fn condition(object: Object) -> Result<Self::Condition>;

    /// Whether there is an order by this property.
    fn is_sort(comparator: &Comparator) -> bool;

    /// Finds the objects, in order: all of them, or as many as `until` says if that is less work.
    fn run(
        context: &mut Context,
        account: &Rc<Account>,
        subject: &Subject<Self>,
        until: usize,
    ) -> Result<Outcome<Self::Item>>;

    /// The id of an object.
    fn id(item: &Self::Item) -> String;
}

/// What is looked for.
pub struct Subject<T: Query + ?Sized> {
    /// Which objects; all without it.
    pub filter: Option<Filter<T::Condition>>,
    /// In which order.
    pub sort: Vec<Comparator>,
    /// Arguments of the type.
    pub extra: T::Extra,
}

/// What was found.
#[derive(Debug)]
pub struct Outcome<I> {
    /// The objects, from the first on.
    pub items: Vec<I>,
    /// There are no others.
    pub is_whole: bool,
}

/// A FilterOperator or a FilterCondition.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter<C> {
    /// All hold.
    And(Vec<Filter<C>>),
    /// One holds.
    Or(Vec<Filter<C>>),
    /// None holds.
    Not(Vec<Filter<C>>),
    /// This holds.
    Condition(C),
}

impl<C> Filter<C> {
    /// Whether it holds, by whether its conditions do.
    pub fn holds(&self, test: &mut impl FnMut(&C) -> bool) -> bool {
        match self {
            Self::And(filters) => filters.iter().all(|filter| filter.holds(test)),
            Self::Or(filters) => filters.iter().any(|filter| filter.holds(test)),
            Self::Not(filters) => !filters.iter().any(|filter| filter.holds(test)),
            Self::Condition(condition) => test(condition),
        }
    }

    /// Its conditions, in order.
    pub fn conditions(&self) -> Vec<&C> {
        match self {
            Self::And(filters) | Self::Or(filters) | Self::Not(filters) => {
                filters.iter().flat_map(Self::conditions).collect()
            }
            Self::Condition(condition) => vec![condition],
        }
    }
}

/// One of several orders. RFC 8620 §5.5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparator {
    /// By which property.
    pub property: String,
    /// Smallest first.
    pub is_ascending: bool,
    /// Of the type: `keyword`.
    pub keyword: Option<String>,
}

/// How deep filters may lie in each other.
const DEPTH_MAX: usize = 16;
/// How many operators and conditions a filter may have.
const FILTERS_MAX: usize = 128;
/// How many orders may be given.
const SORTS_MAX: usize = 16;

/// Collations that can be asked for: what is ordered is folded anyway.
const COLLATIONS: [&str; 2] = ["i;ascii-casemap", "i;unicode-casemap"];

/// Answers a `/query`.
pub fn query<T: Query>(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = supported::<T>(context.account(&mut arguments)?)?;
    let subject = read_subject::<T>(&mut arguments)?;
    let anchor = arguments.id("anchor")?;
    let anchor_offset = arguments.int("anchorOffset")?.unwrap_or(0);
    let position = arguments.int("position")?.unwrap_or(0);
    let asked = arguments.unsigned("limit")?;
    let with_total = arguments.boolean("calculateTotal")?;
    arguments.finish()?;

    let limit_max = context.limits.max_objects_in_get;
    let limit = asked.unwrap_or(limit_max).min(limit_max);
    let until = match u64::try_from(position) {
        Ok(position) if anchor.is_none() && !with_total => position.saturating_add(limit),
        _ => u64::MAX,
    };
    let until = usize::try_from(until).unwrap_or(usize::MAX);
    let Outcome { items, is_whole } = T::run(context, &account, &subject, until)?;
    let from_end = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let start = match &anchor {
        None if position < 0 => position.saturating_add(from_end).max(0),
        None => position,
        Some(anchor) => {
            let at = items.iter().position(|item| T::id(item) == *anchor);
            let at = at.ok_or_else(|| MethodError::new("anchorNotFound"))?;
            i64::try_from(at)
                .unwrap_or(i64::MAX)
                .saturating_add(anchor_offset)
                .max(0)
        }
    };
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let limit_items = usize::try_from(limit).unwrap_or(usize::MAX);
    let ids = items.iter().skip(start).take(limit_items).map(T::id);
    let mut answer = object! {
        "accountId": account.id.clone(),
        "queryState": T::state(context, &account)?,
        "canCalculateChanges": T::CAN_CALCULATE_CHANGES,
        "position": start as u64,
        "ids": strings(ids),
    };
    if with_total && is_whole {
        answer.insert("total".to_owned(), items.len().into());
    }
    if asked.is_none_or(|asked| asked > limit_max) {
        answer.insert("limit".to_owned(), limit.into());
    }
    Ok(answer)
}

/// Takes what is looked for.
pub fn read_subject<T: Query>(arguments: &mut Arguments) -> Result<Subject<T>> {
    let mut left = FILTERS_MAX;
    let filter = match arguments.map("filter")? {
        Some(filter) => Some(read_filter::<T>(filter, DEPTH_MAX, &mut left)?),
        None => None,
    };
    let sort = arguments.array("sort")?.unwrap_or_default();
    if sort.len() > SORTS_MAX {
        return Err(MethodError::described(
            "unsupportedSort",
            format!("more than {SORTS_MAX} orders"),
        ));
    }
    let sort = sort.into_iter().map(read_comparator);
    let sort = sort.collect::<Result<Vec<_>>>()?;
    if let Some(unknown) = sort.iter().find(|comparator| !T::is_sort(comparator)) {
        return Err(MethodError::described(
            "unsupportedSort",
            format!("there is no order by {:?}", unknown.property),
        ));
    }
    Ok(Subject {
        filter,
        sort,
        extra: T::Extra::take(arguments)?,
    })
}

fn read_filter<T: Query>(
    mut object: Object,
    depth: usize,
    left: &mut usize,
) -> Result<Filter<T::Condition>> {
    let too_much = || MethodError::described("unsupportedFilter", "the filter is too complicated");
    *left = left.checked_sub(1).ok_or_else(too_much)?;
    let Some(operator) = object.remove("operator") else {
        return T::condition(object).map(Filter::Condition);
    };
    let depth = depth.checked_sub(1).ok_or_else(too_much)?;
    let Some(Value::Array(conditions)) = object.remove("conditions") else {
        return Err(MethodError::invalid_arguments(
            "a FilterOperator has conditions",
        ));
    };
    let conditions = conditions.into_iter().map(|condition| match condition {
        Value::Object(condition) => read_filter::<T>(condition, depth, left),
        _ => Err(MethodError::invalid_arguments("a condition is no object")),
    });
    let conditions = conditions.collect::<Result<Vec<_>>>()?;
    if let Some(name) = object.keys().next() {
        return Err(MethodError::invalid_arguments(format!(
            "a FilterOperator has no {name:?}"
        )));
    }
    match operator.as_str() {
        Some("AND") => Ok(Filter::And(conditions)),
        Some("OR") => Ok(Filter::Or(conditions)),
        Some("NOT") => Ok(Filter::Not(conditions)),
        _ => Err(MethodError::invalid_arguments(
            "the operator is not AND, OR or NOT",
        )),
    }
}

fn read_comparator(value: Value) -> Result<Comparator> {
    let Value::Object(object) = value else {
        return Err(MethodError::invalid_arguments("a Comparator is no object"));
    };
    let mut comparator = Arguments::new(object);
    let property = comparator.string("property")?;
    let property = property
        .ok_or_else(|| MethodError::invalid_arguments("a Comparator without a property"))?;
    let is_ascending = match comparator.take("isAscending") {
        None => true,
        Some(Value::Bool(is)) => is,
        Some(_) => {
            return Err(MethodError::invalid_arguments(
                "\"isAscending\" is not a Boolean",
            ));
        }
    };
    if let Some(collation) = comparator.string("collation")?
        && !COLLATIONS.contains(&collation.as_str())
    {
        return Err(MethodError::described(
            "unsupportedSort",
            format!("there is no collation {collation:?}"),
        ));
    }
    // What else there is, is passed over: jmapc sends properties of the query here, too.
    let keyword = comparator.string("keyword")?;
    Ok(Comparator {
        property,
        is_ascending,
        keyword: keyword.map(|keyword| keyword.to_ascii_lowercase()),
    })
}
