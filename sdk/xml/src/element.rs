//! The tree of a request body, and how a part of it is written so that it stands alone.

use crate::escape::{escape_attribute, escape_text};
use crate::{Name, XML};

/// An element with all that RFC 4918 §4.3 asks to keep of a property value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// What it is called.
    pub name: Name,
    /// The prefix that the document used; empty for none.
    pub prefix: String,
    /// The namespace declarations on this element, as prefix and namespace.
    pub declarations: Vec<(String, String)>,
    /// The attributes, namespace declarations left out.
    pub attributes: Vec<Attribute>,
    /// Elements and text, in order.
    pub children: Vec<Node>,
}

/// An attribute that is no namespace declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// What it is called; without a prefix it is in no namespace.
    pub name: Name,
    /// The prefix that the document used; empty for none.
    pub prefix: String,
    /// The value with all references resolved.
    pub value: String,
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Character data with all references resolved.
    Text(String),
}

impl Element {
    /// An empty element.
    pub fn new(name: Name) -> Self {
        Self {
            name,
            prefix: String::new(),
            declarations: Vec::new(),
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    /// The same element with `text` at its end.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// The same element with `child` at its end.
    pub fn with_child(mut self, child: Element) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// Whether it is the element `local` in `ns`.
    pub fn is(&self, ns: &str, local: &str) -> bool {
        self.name.is(ns, local)
    }

    /// The child elements in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child element with this name.
    pub fn find(&self, ns: &str, local: &str) -> Option<&Element> {
        self.elements().find(|element| element.is(ns, local))
    }

    /// The child elements with this name.
    pub fn find_all<'a>(
        &'a self,
        ns: &'a str,
        local: &'a str,
    ) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.is(ns, local))
    }

    /// The value of an attribute in no namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.is("", local))
            .map(|attribute| attribute.value.as_str())
    }

    /// The value of its own `xml:lang`.
    pub fn lang(&self) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.is(XML, "lang"))
            .map(|attribute| attribute.value.as_str())
    }

    /// Sets `xml:lang`, unless the element has one of its own.
    pub fn inherit_lang(&mut self, lang: &str) {
        if self.lang().is_none() {
            self.attributes.push(Attribute {
                name: Name::new(XML, "lang"),
                prefix: "xml".to_owned(),
                value: lang.to_owned(),
            });
        }
    }

    /// All text in it, that of child elements left out.
    pub fn text(&self) -> String {
        self.children
            .iter()
            .filter_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) => None,
            })
            .collect()
    }

    /// [`Element::text`] without the white space around it: for hrefs, tokens and numbers.
    pub fn trimmed_text(&self) -> String {
        self.text().trim_matches([' ', '\t', '\r', '\n']).to_owned()
    }

    /// Writes the element so that it means the same wherever it is put.
    ///
    /// `outer` is the elements around it in the document it came from, outermost first: what they
    /// declare is repeated where the element uses it, in a name or (as `prefix:`) in its content.
    pub fn write_standalone(&self, out: &mut Vec<u8>, outer: &[&Element]) {
        let mut inherited: Vec<(&str, &str)> = Vec::new();
        for (prefix, ns) in outer.iter().flat_map(|element| &element.declarations) {
            inherited.retain(|(known, _)| known != prefix);
            inherited.push((prefix, ns));
        }
        inherited.retain(|(prefix, _)| {
            !self.declarations.iter().any(|(own, _)| own == prefix) && self.mentions(prefix)
        });
        let mut scope = vec![("xml", XML)];
        self.write_scoped(out, &mut scope, &inherited);
    }

    fn mentions(&self, prefix: &str) -> bool {
        let in_text = |text: &str| {
            !prefix.is_empty()
                && text.match_indices(prefix).any(|(at, _)| {
                    text.as_bytes()
                        .get(at + prefix.len())
                        .is_some_and(|byte| *byte == b':')
                })
        };
        self.prefix == prefix
            || self.attributes.iter().any(|attribute| {
                (attribute.prefix == prefix && !prefix.is_empty()) || in_text(&attribute.value)
            })
            || self.children.iter().any(|node| match node {
                Node::Element(element) => element.mentions(prefix),
                Node::Text(text) => in_text(text),
            })
    }

    fn write_scoped<'a>(
        &'a self,
        out: &mut Vec<u8>,
        scope: &mut Vec<(&'a str, &'a str)>,
        inherited: &[(&'a str, &'a str)],
    ) {
        let outer_len = scope.len();
        let mut declared = Vec::new();
        let own = self
            .declarations
            .iter()
            .map(|(prefix, ns)| (prefix.as_str(), ns.as_str()));
        for binding in inherited.iter().copied().chain(own) {
            declare(binding, scope, &mut declared);
        }
        if lookup(scope, &self.prefix) != Some(self.name.ns()) {
            declare((&self.prefix, self.name.ns()), scope, &mut declared);
        }
        for attribute in self
            .attributes
            .iter()
            .filter(|attribute| !attribute.prefix.is_empty())
        {
            if lookup(scope, &attribute.prefix) != Some(attribute.name.ns()) {
                declare(
                    (&attribute.prefix, attribute.name.ns()),
                    scope,
                    &mut declared,
                );
            }
        }
        out.push(b'<');
        write_qname(out, &self.prefix, &self.name);
        for (prefix, ns) in declared {
            out.extend_from_slice(if prefix.is_empty() {
                b" xmlns"
            } else {
                b" xmlns:"
            });
            out.extend_from_slice(prefix.as_bytes());
            out.extend_from_slice(b"=\"");
            escape_attribute(out, ns);
            out.push(b'"');
        }
        for attribute in &self.attributes {
            out.push(b' ');
            write_qname(out, &attribute.prefix, &attribute.name);
            out.extend_from_slice(b"=\"");
            escape_attribute(out, &attribute.value);
            out.push(b'"');
        }
        if self.children.is_empty() {
            out.extend_from_slice(b"/>");
        } else {
            out.push(b'>');
            for node in &self.children {
                match node {
                    Node::Element(element) => element.write_scoped(out, scope, &[]),
                    Node::Text(text) => escape_text(out, text),
                }
            }
            out.extend_from_slice(b"</");
            write_qname(out, &self.prefix, &self.name);
            out.push(b'>');
        }
        scope.truncate(outer_len);
    }
}

fn declare<'a>(
    binding: (&'a str, &'a str),
    scope: &mut Vec<(&'a str, &'a str)>,
    declared: &mut Vec<(&'a str, &'a str)>,
) {
    declared.retain(|(prefix, _)| *prefix != binding.0);
    declared.push(binding);
    scope.push(binding);
}

/// What a prefix stands for; no prefix and no declaration stand for no namespace.
fn lookup<'a>(scope: &[(&'a str, &'a str)], prefix: &str) -> Option<&'a str> {
    scope
        .iter()
        .rev()
        .find(|(known, _)| *known == prefix)
        .map(|(_, ns)| *ns)
        .or(if prefix.is_empty() { Some("") } else { None })
}

fn write_qname(out: &mut Vec<u8>, prefix: &str, name: &Name) {
    if !prefix.is_empty() {
        out.extend_from_slice(prefix.as_bytes());
        out.push(b':');
    }
    out.extend_from_slice(name.local().as_bytes());
}
