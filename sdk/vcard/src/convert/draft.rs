//! A property that is to be written: what a conversion makes of one that was read.

use crate::property::Property;
use crate::text::{fold, is_forbidden};

/// A property in the making. Values are spelled as they will stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub group: Option<String>,
    pub name: String,
    /// Names with their values, quotes included.
    pub parameters: Vec<(String, Vec<String>)>,
    pub value: String,
}

impl Draft {
    /// One that says the same, in the grammar that versions 3.0 and 4.0 have in common: types get
    /// their name, and what vCard 2.1 wraps around values is off.
    pub fn of(property: &Property<'_>) -> Self {
        let mut draft = Self {
            group: property.group().map(str::to_owned),
            name: property.name().to_owned(),
            parameters: Vec::new(),
            value: property.raw().into_owned(),
        };
        for parameter in property.parameters() {
            let values = parameter.raw_values().map(str::to_owned).collect();
            draft.parameters.push((parameter.name().to_owned(), values));
        }
        draft.remove("CHARSET");
        if property.is_quoted_printable() {
            draft.remove("ENCODING");
            // It hides what no card may have.
            draft.value.retain(|char| !is_forbidden(char));
        }
        draft
    }

    /// A new one.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self {
            group: None,
            name: name.to_owned(),
            parameters: Vec::new(),
            value: value.into(),
        }
    }

    /// The values of the first parameter of a name, as they stand there.
    pub fn parameter(&self, name: &str) -> Option<&[String]> {
        let found = self
            .parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, values)| values.as_slice())
    }

    /// Whether a parameter has this one value, in whatever case.
    pub fn has(&self, name: &str, value: &str) -> bool {
        matches!(self.parameter(name), Some([only]) if only.eq_ignore_ascii_case(value))
    }

    /// Takes a parameter off, and gives its first value without quotes.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        let found = self.parameter(name)?;
        let value = found
            .first()
            .map(|value| value.trim_matches('"').to_owned());
        self.parameters
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        Some(value.unwrap_or_default())
    }

    /// Sets a parameter to one value, spelled as it will stand there.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.parameters.push((name.to_owned(), vec![value.into()]));
    }

    /// Puts quotes around lists of types in one pair of quotes off, and takes the types out for
    /// which `wanted` holds. RFC 6350 §5.6.
    pub fn take_types(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut taken = Vec::new();
        for (name, values) in &mut self.parameters {
            if !name.eq_ignore_ascii_case("TYPE") {
                continue;
            }
            let mut kept = Vec::with_capacity(values.len());
            let mut any = false;
            for value in values.iter() {
                let bare = value.trim_matches('"');
                let words = bare.split(',').map(str::trim);
                let (found, rest): (Vec<&str>, Vec<&str>) = words.partition(|word| wanted(word));
                any |= !found.is_empty();
                taken.extend(found.into_iter().map(str::to_owned));
                kept.extend(rest.into_iter().map(str::to_owned));
            }
            if any {
                *values = kept;
            }
        }
        self.parameters
            .retain(|(name, values)| !name.eq_ignore_ascii_case("TYPE") || !values.is_empty());
        taken
    }

    /// Takes the quotes off lists of types: vCard 3.0 has none around them. RFC 2426 §4.
    pub fn unquote_types(&mut self) {
        for (name, values) in &mut self.parameters {
            if name.eq_ignore_ascii_case("TYPE") && values.iter().any(|v| v.contains('"')) {
                let bare = values
                    .iter()
                    .flat_map(|value| value.trim_matches('"').split(','));
                *values = bare.map(|word| word.trim().to_owned()).collect();
            }
        }
    }

    /// Adds a type.
    pub fn add_type(&mut self, word: &str) {
        let found = self
            .parameters
            .iter_mut()
            .rfind(|(name, _)| name.eq_ignore_ascii_case("TYPE"));
        match found {
            Some((_, values)) => values.push(word.to_owned()),
            None => self.set("TYPE", word),
        }
    }

    /// Writes the line, folded.
    pub fn write(&self, out: &mut String) {
        let mut line = String::with_capacity(self.value.len() + 40);
        if let Some(group) = &self.group {
            line.push_str(group);
            line.push('.');
        }
        line.push_str(&self.name);
        for (name, values) in &self.parameters {
            line.push(';');
            line.push_str(name);
            line.push('=');
            line.push_str(&values.join(","));
        }
        line.push(':');
        line.push_str(&self.value);
        fold(out, &line);
    }
}
