//! A method call: its arguments, read one by one, so that what is left over is an error.

use crate::error::MethodError;
use crate::json::Object;
use serde_json::Value;

/// What most of this module's functions for methods return.
pub type Result<T> = std::result::Result<T, MethodError>;

/// The arguments of a method call.
#[derive(Debug, Default)]
pub struct Arguments(Object);

/// How long an Id may be. RFC 8620 §1.2.
const ID_MAX: usize = 255;
/// The greatest UnsignedInt: 2^53 - 1. RFC 8620 §1.3.
const INT_MAX: i64 = (1 << 53) - 1;

impl Arguments {
    /// Takes over an object.
    pub fn new(object: Object) -> Self {
        Self(object)
    }

    /// Gives it back as it came.
    pub fn into_object(self) -> Object {
        self.0
    }

    /// An argument, which is left there.
    pub fn peek(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Takes an argument; null is as good as none.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a String.
    pub fn string(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "a String")),
        }
    }

    /// Takes a Boolean that is false without it.
    pub fn boolean(&mut self, name: &str) -> Result<bool> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(value),
            Some(_) => Err(wrong(name, "a Boolean")),
        }
    }

    /// Takes an UnsignedInt.
    pub fn unsigned(&mut self, name: &str) -> Result<Option<u64>> {
        match self.int(name)? {
            None => Ok(None),
            Some(value) => u64::try_from(value)
                .map(Some)
                .map_err(|_| wrong(name, "an UnsignedInt")),
        }
    }

    /// Takes an Int.
    pub fn int(&mut self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        value
            .as_i64()
            .filter(|value| (-INT_MAX..=INT_MAX).contains(value))
            .map(Some)
            .ok_or_else(|| wrong(name, "an Int"))
    }

    /// Takes an Id.
    pub fn id(&mut self, name: &str) -> Result<Option<String>> {
        match self.string(name)? {
            Some(id) if !is_id(&id) => Err(wrong(name, "an Id")),
            id => Ok(id),
        }
    }

    /// Takes a list of Strings.
    pub fn strings(&mut self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let Value::Array(items) = value else {
            return Err(wrong(name, "a String[]"));
        };
        let strings = items.into_iter().map(|item| match item {
            Value::String(text) => Ok(text),
            _ => Err(wrong(name, "a String[]")),
        });
        strings.collect::<Result<_>>().map(Some)
    }

    /// Takes a map, in the order of its names.
    pub fn map(&mut self, name: &str) -> Result<Option<Object>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(_) => Err(wrong(name, "an object")),
        }
    }

    /// Takes a list of any values.
    pub fn array(&mut self, name: &str) -> Result<Option<Vec<Value>>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(wrong(name, "an array")),
        }
    }

    /// Refuses arguments that nobody has taken.
    pub fn finish(self) -> Result<()> {
        match self.0.into_iter().find(|(_, value)| !value.is_null()) {
            None => Ok(()),
            Some((name, _)) => Err(MethodError::invalid_arguments(format!(
                "the method has no argument {name:?}"
            ))),
        }
    }
}

/// An argument that must be there.
pub fn required<T>(name: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| MethodError::invalid_arguments(format!("{name:?} is missing")))
}

/// Whether a text may be an Id, or a creation id with its `#`. RFC 8620 §1.2.
pub fn is_id(text: &str) -> bool {
    let id = text.strip_prefix('#').unwrap_or(text);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !id.is_empty() && id.len() <= ID_MAX && id.bytes().all(allowed)
}

fn wrong(name: &str, wanted: &str) -> MethodError {
    MethodError::invalid_arguments(format!("{name:?} is not {wanted}"))
}
