//! A selection of the properties of a card, as `address-data` asks for it. RFC 6352 §10.4.

use crate::property::Property;
use crate::scan::{Name, find};
use crate::text::fold;
use crate::version_of;

/// The properties that are asked for. Those that make a card one are always with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Each by its name.
    pub properties: Vec<Selected>,
}

/// A property that is asked for. RFC 6352 §10.4.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Its group: any or none if not set.
    pub group: Option<String>,
    /// Its name, in whatever case.
    pub name: String,
    /// Whether the value is left out.
    pub without_value: bool,
}

impl Selected {
    /// Reads a name with or without a group before it.
    pub fn new(name: &str, without_value: bool) -> Self {
        let (group, name) = match name.split_once('.') {
            Some((group, name)) => (Some(group.to_owned()), name),
            None => (None, name),
        };
        Self {
            group,
            name: name.to_owned(),
            without_value,
        }
    }

    /// Whether a property of this name is meant.
    #[inline]
    pub fn matches(&self, name: Name<'_>) -> bool {
        match &self.group {
            None => name.is(&self.name),
            Some(group) => name.is_in(group, &self.name),
        }
    }

    fn is(&self, property: &Property<'_>) -> bool {
        let group = self.group.as_deref();
        property.is(&self.name)
            && group.is_none_or(|group| {
                let found = property.group().unwrap_or_default();
                found.eq_ignore_ascii_case(group)
            })
    }
}

impl Selection {
    /// A card with what is selected alone, each property in the bytes that it stands in.
    pub fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = b"BEGIN:VCARD\r\n".to_vec();
        // Values are looked at no further, but parameters are.
        let wanted = |name: Name<'_>| {
            name.is("VERSION")
                || self
                    .properties
                    .iter()
                    .any(|selected| selected.matches(name))
        };
        for property in find(bytes, version_of(bytes), wanted) {
            let mut selected = self.properties.iter().filter(|one| one.is(&property));
            let bare = selected.next().is_some_and(|one| one.without_value);
            if bare && selected.all(|one| one.without_value) {
                push_without_value(&mut out, &property);
            } else {
                out.extend_from_slice(property.wire());
                if !property.wire().ends_with(b"\n") {
                    out.extend_from_slice(b"\r\n");
                }
            }
        }
        out.extend_from_slice(b"END:VCARD\r\n");
        out
    }
}

fn push_without_value(out: &mut Vec<u8>, property: &Property<'_>) {
    let mut line = String::new();
    if let Some(group) = property.group() {
        line.push_str(group);
        line.push('.');
    }
    line.push_str(property.name());
    for parameter in property.parameters() {
        line.push(';');
        line.push_str(parameter.name());
        let values: Vec<&str> = parameter.raw_values().collect();
        line.push('=');
        line.push_str(&values.join(","));
    }
    line.push(':');
    let mut folded = String::new();
    fold(&mut folded, &line);
    out.extend_from_slice(folded.as_bytes());
}
