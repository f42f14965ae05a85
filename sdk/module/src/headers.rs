//! HTTP header fields. RFC 9110 §5.

/// A header field; names are lower-case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The field's name.
    pub name: String,
    /// The field's value, without surrounding white space.
    pub value: String,
}

/// The header fields of a request or an answer, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(pub(crate) Vec<Header>);

impl Headers {
    /// No fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of the first field of this name; the name must be lower-case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|header| header.name == name)
            .map(|header| header.value.as_str())
    }

    /// The values of all fields of this name, in order; the name must be lower-case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter()
            .filter(move |(field, _)| *field == name)
            .map(|(_, value)| value)
    }

    /// All fields as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|header| (header.name.as_str(), header.value.as_str()))
    }

    /// Adds a field after those that are there.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let mut name = name.into();
        name.make_ascii_lowercase();
        self.0.push(Header {
            name,
            value: value.into(),
        });
    }

    /// Replaces all fields of this name by one.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0
            .retain(|header| !header.name.eq_ignore_ascii_case(name));
        self.push(name, value);
    }
}

impl IntoIterator for Headers {
    type Item = (String, String);
    type IntoIter = std::iter::Map<std::vec::IntoIter<Header>, fn(Header) -> (String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(|header| (header.name, header.value))
    }
}
