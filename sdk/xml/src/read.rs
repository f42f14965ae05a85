//! The reader: bytes to a tree of [`Element`], within [`Limits`].
//!
//! Well-formedness is checked as far as it matters to anyone who gets the tree back: names,
//! characters, references, namespaces and the nesting of tags.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{PrefixDeclaration, ResolveResult};
use quick_xml::reader::NsReader;

use crate::{Attribute, Element, Name, Node, XML};

/// How much a body may ask of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest document in bytes.
    pub bytes: usize,
    /// How deep elements may nest.
    pub depth: usize,
    /// How many elements the document may have.
    pub elements: usize,
    /// How many attributes, declarations included, an element may have.
    pub attributes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 10 << 20,
            depth: 100,
            elements: 100_000,
            attributes: 100,
        }
    }
}

/// Why a document was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not well-formed, or wrong in its namespaces.
    #[error("the XML is not well-formed: {0}")]
    Malformed(String),
    /// Neither UTF-8 nor its subset US-ASCII.
    #[error("the XML is in {0}; only UTF-8 is supported")]
    Encoding(String),
    /// A document type declaration.
    #[error("the XML has a document type declaration, which is not allowed")]
    DocumentType,
    /// A reference to an entity that XML does not predefine.
    #[error("the XML refers to the unknown entity {0}")]
    UnknownEntity(String),
    /// Over one of the [`Limits`].
    #[error("the XML has more than {limit} {what}")]
    TooBig {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
}

/// Reads a document and gives its root element.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Element, Error> {
    if bytes.len() > limits.bytes {
        return Err(Error::TooBig {
            what: "bytes",
            limit: limits.bytes,
        });
    }
    let text = decode(bytes)?;
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader
        .resolver_mut()
        .set_max_namespace_bindings(limits.attributes.saturating_mul(4));
    let mut tree = Tree {
        limits,
        open: Vec::new(),
        root: None,
        elements: 0,
    };
    loop {
        let event = reader.read_event().map_err(malformed)?;
        match event {
            Event::Start(start) => {
                let element = read_start(&reader, &start, limits)?;
                tree.open(element)?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::CData(text) if tree.open.is_empty() => {
                return Err(malformed(format!(
                    "text outside the root: {:.20}",
                    &*text.xml10_content()
                )));
            }
            Event::CData(text) => tree.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().map_err(malformed)? {
                    Some(character) => character,
                    None => predefined(&reference)?,
                };
                tree.reference(character)?;
            }
            Event::DocType(_) => return Err(Error::DocumentType),
            Event::Decl(declaration) => {
                if let Some(encoding) = declaration.encoding() {
                    check_encoding(&encoding.map_err(malformed)?)?;
                }
            }
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
    match (tree.root, tree.open.is_empty()) {
        (Some(root), true) => Ok(root),
        (_, false) => Err(malformed("an element is not closed")),
        (None, true) => Err(malformed("there is no element")),
    }
}

fn malformed(why: impl ToString) -> Error {
    Error::Malformed(why.to_string())
}

fn decode(bytes: &[u8]) -> Result<&str, Error> {
    if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) {
        return Err(Error::Encoding("UTF-16".to_owned()));
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("the bytes are not UTF-8"))?;
    match text.chars().find(|character| !is_xml_char(*character)) {
        Some(bad) => Err(malformed(format!(
            "U+{:04X} is not allowed in XML",
            u32::from(bad)
        ))),
        None => Ok(text),
    }
}

fn check_encoding(encoding: &str) -> Result<(), Error> {
    let known = ["utf-8", "utf8", "us-ascii", "ascii"];
    match known
        .iter()
        .any(|known| known.eq_ignore_ascii_case(encoding))
    {
        true => Ok(()),
        false => Err(Error::Encoding(encoding.to_owned())),
    }
}

/// XML 1.0 §2.2.
pub(crate) fn is_xml_char(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        other => other >= ' ',
    }
}

fn predefined(entity: &str) -> Result<char, Error> {
    match entity {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        other => Err(Error::UnknownEntity(other.chars().take(40).collect())),
    }
}

/// The elements that are open and the root once it is closed.
struct Tree<'a> {
    limits: &'a Limits,
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree<'_> {
    fn open(&mut self, element: Element) -> Result<(), Error> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(malformed("there is a second root element"));
        }
        if self.open.len() >= self.limits.depth {
            return Err(Error::TooBig {
                what: "levels of elements",
                limit: self.limits.depth,
            });
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(Error::TooBig {
                what: "elements",
                limit: self.limits.elements,
            });
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        let element = self
            .open
            .pop()
            .ok_or_else(|| malformed("an end tag too many"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        match self.open.last_mut() {
            Some(parent) => match parent.children.last_mut() {
                Some(Node::Text(before)) => before.push_str(text),
                _ if text.is_empty() => {}
                _ => parent.children.push(Node::Text(text.to_owned())),
            },
            None if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() => {}
            None => return Err(malformed("there is text outside the root element")),
        }
        Ok(())
    }

    fn reference(&mut self, character: char) -> Result<(), Error> {
        if !is_xml_char(character) {
            let number = u32::from(character);
            return Err(malformed(format!(
                "a reference to U+{number:04X}, which XML forbids"
            )));
        }
        if self.open.is_empty() {
            return Err(malformed("there is text outside the root element"));
        }
        self.text(character.encode_utf8(&mut [0; 4]))
    }
}

fn read_start(
    reader: &NsReader<&[u8]>,
    start: &BytesStart<'_>,
    limits: &Limits,
) -> Result<Element, Error> {
    let (prefix, local) = split_qname(start.name().0)?;
    let ns = namespace(reader.resolver().resolve_element(start.name()).0)?;
    let mut element = Element::new(Name::owned(ns, local));
    element.prefix = prefix.to_owned();
    for (index, attribute) in start.attributes().enumerate() {
        if index >= limits.attributes {
            return Err(Error::TooBig {
                what: "attributes",
                limit: limits.attributes,
            });
        }
        let attribute = attribute.map_err(malformed)?;
        if attribute.value.contains('<') {
            return Err(malformed("a < in an attribute"));
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(malformed)?
            .into_owned();
        if let Some(bad) = value.chars().find(|character| !is_xml_char(*character)) {
            return Err(malformed(format!(
                "U+{:04X} in an attribute",
                u32::from(bad)
            )));
        }
        match attribute.key.as_namespace_binding() {
            Some(PrefixDeclaration::Default) => element.declarations.push((String::new(), value)),
            Some(PrefixDeclaration::Named("xml")) => {}
            Some(PrefixDeclaration::Named(prefix)) => {
                check_ncname(prefix)?;
                // Namespaces in XML 1.0 §2.2: only the default namespace can be undeclared.
                if value.is_empty() {
                    return Err(malformed(format!(
                        "the prefix {prefix} is bound to nothing"
                    )));
                }
                element.declarations.push((prefix.to_owned(), value));
            }
            None => {
                let (prefix, local) = split_qname(attribute.key.0)?;
                let ns = match prefix {
                    "" => String::new(),
                    "xml" => XML.to_owned(),
                    _ => namespace(reader.resolver().resolve_attribute(attribute.key).0)?,
                };
                let name = Name::owned(ns, local);
                if element.attributes.iter().any(|other| other.name == name) {
                    return Err(malformed(format!("the attribute {name} is there twice")));
                }
                element.attributes.push(Attribute {
                    name,
                    prefix: prefix.to_owned(),
                    value,
                });
            }
        }
    }
    Ok(element)
}

/// The reader's binding holds the raw attribute value: references in it are resolved here.
fn namespace(resolved: ResolveResult<'_>) -> Result<String, Error> {
    match resolved {
        ResolveResult::Bound(ns) => Ok(quick_xml::escape::unescape(ns.0)
            .map_err(malformed)?
            .into_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => Err(malformed(format!(
            "the prefix {prefix:.40} is not declared"
        ))),
    }
}

fn split_qname(qname: &str) -> Result<(&str, &str), Error> {
    let (prefix, local) = match qname.split_once(':') {
        Some((prefix, local)) => {
            check_ncname(prefix)?;
            (prefix, local)
        }
        None => ("", qname),
    };
    check_ncname(local)?;
    Ok((prefix, local))
}

/// Namespaces in XML 1.0 §3, with the classes of XML 1.0 §2.3 for everything beyond ASCII.
pub(crate) fn check_ncname(name: &str) -> Result<(), Error> {
    let mut characters = name.chars();
    let valid = characters.next().is_some_and(is_name_start)
        && characters.all(|character| {
            is_name_start(character)
                || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}'
                    | '\u{0300}'..='\u{036F}' | '\u{203F}'..='\u{2040}')
        });
    match valid {
        true => Ok(()),
        false => Err(malformed(format!("{name:.40} is not a name"))),
    }
}

fn is_name_start(character: char) -> bool {
    matches!(character, 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
        | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
        | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}
