//! `/get`. RFC 8620 §5.1.

use super::{DataType, Extra, supported};
use crate::account::Account;
use crate::call::{Arguments, Result, is_id};
use crate::context::Context;
use crate::error::MethodError;
use crate::json::{Object, object, strings};
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A data type whose objects can be asked for.
pub trait Get: DataType {
    /// Arguments of its own.
    type Extra: Extra;

    /// All properties that are told if none are named, `id` among them.
    const PROPERTIES: &'static [&'static str];

    /// Whether a property may be named, besides those told anyway.
    fn is_property(name: &str) -> bool {
        let _ = name;
        false
    }

    /// Finds the objects of these ids, or all that there are if none are given.
    ///
    /// Fails with `requestTooLarge` if all are more than `limit`.
    fn load(
        context: &mut Context,
        account: &Rc<Account>,
        ids: Option<Vec<String>>,
        properties: &Properties,
        extra: Self::Extra,
        limit: usize,
    ) -> Result<Listed>;
}

/// What was found.
#[derive(Debug, Default)]
pub struct Listed {
    /// The objects.
    pub list: Vec<Object>,
    /// The ids of which there is no object.
    pub not_found: Vec<String>,
}

/// The properties that are asked for.
#[derive(Debug, Clone)]
pub enum Properties {
    /// Those of the type.
    Default(&'static [&'static str]),
    /// These.
    Named(Vec<String>),
}

impl Properties {
    /// Takes `properties`; without them, `default` is asked for.
    pub fn take<T: Get>(
        arguments: &mut Arguments,
        default: &'static [&'static str],
    ) -> Result<Self> {
        let Some(names) = arguments.strings("properties")? else {
            return Ok(Self::Default(default));
        };
        let is_known = |name: &str| T::PROPERTIES.contains(&name) || T::is_property(name);
        match names.iter().find(|name| !is_known(name)) {
            None => Ok(Self::Named(names)),
            Some(unknown) => Err(MethodError::invalid_arguments(format!(
                "{} has no property {unknown:?}",
                T::NAME
            ))),
        }
    }

    /// Whether a property is asked for.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Default(names) => names.contains(&name),
            Self::Named(names) => name == "id" || names.iter().any(|other| other == name),
        }
    }

    /// Whether any of these is asked for.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// All that are asked for.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Default(names) => names.to_vec(),
            Self::Named(names) => names.iter().map(String::as_str).collect(),
        }
    }

    /// Takes those away from an object that are not asked for.
    pub fn keep(&self, mut object: Object) -> Object {
        if let Self::Named(_) = self {
            object.retain(|name, _| self.has(name));
        }
        object
    }
}

/// Answers a `/get`.
pub fn get<T: Get>(context: &mut Context, mut arguments: Arguments) -> Result<Object> {
    let account = supported::<T>(context.account(&mut arguments)?)?;
    let ids = arguments.strings("ids")?;
    context.limits.check_get(ids.as_ref().map_or(0, Vec::len))?;
    if ids.iter().flatten().any(|id| !is_id(id)) {
        return Err(MethodError::invalid_arguments("\"ids\" is not an Id[]"));
    }
    let properties = Properties::take::<T>(&mut arguments, T::PROPERTIES)?;
    let extra = T::Extra::take(&mut arguments)?;
    arguments.finish()?;

    let ids = ids.map(|ids| {
        let mut known = BTreeSet::new();
        let ids = ids.into_iter().filter(|id| known.insert(id.clone()));
        ids.collect::<Vec<_>>()
    });
    // A creation id stands for what it made, and stays what is not found if it made nothing.
    let ids = ids.map(|ids| {
        let real = |id: String| context.real_id(&id).map(str::to_owned).unwrap_or(id);
        ids.into_iter().map(real).collect()
    });
    let limit = usize::try_from(context.limits.max_objects_in_get).unwrap_or(usize::MAX);
    let listed = T::load(context, &account, ids, &properties, extra, limit)?;
    Ok(object! {
        "accountId": account.id.clone(),
        "state": T::state(context, &account)?,
        "list": listed.list.into_iter().map(Value::Object).collect::<Vec<_>>(),
        "notFound": strings(listed.not_found),
    })
}
