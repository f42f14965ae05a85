//! XML by meaning: names with their namespaces, whatever the prefixes; and what a multistatus
//! (RFC 4918 §13) says of each resource.

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use std::collections::BTreeMap;

/// An element. Its name is `{namespace}local`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// The name.
    pub name: String,
    /// The elements in it.
    pub children: Vec<Element>,
    /// Its text, white space around it taken off.
    pub text: String,
}

impl Element {
    /// The first child of this name, the namespace `DAV:` left out.
    pub fn child(&self, name: &str) -> Option<&Element> {
        let name = full(name);
        self.children.iter().find(|child| child.name == name)
    }

    /// All elements of this name in it, at any depth.
    pub fn all(&self, name: &str) -> Vec<&Element> {
        let name = full(name);
        let mut found = Vec::new();
        self.collect(&name, &mut found);
        found
    }

    /// Says whether there is an element of this name in it, at any depth.
    pub fn has(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }

    fn collect<'a>(&'a self, name: &str, found: &mut Vec<&'a Element>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.collect(name, found);
        }
    }
}

/// What a multistatus says of a resource.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// The status of the resource as a whole.
    pub status: Option<u16>,
    /// Its properties, by name, with the status of each.
    pub properties: BTreeMap<String, (u16, Element)>,
    /// Conditions that did not hold.
    pub error: Option<Element>,
}

impl Member {
    /// A property that was found. The namespace `DAV:` may be left out.
    pub fn property(&self, name: &str) -> Option<&Element> {
        self.properties
            .get(&full(name))
            .filter(|(status, _)| *status == 200)
            .map(|(_, element)| element)
    }

    /// The text of a property that was found.
    #[track_caller]
    pub fn text(&self, name: &str) -> &str {
        match self.property(name) {
            Some(element) => &element.text,
            None => panic!("no {name} in {self:?}"),
        }
    }

    /// The status of a property.
    pub fn status_of(&self, name: &str) -> Option<u16> {
        self.properties.get(&full(name)).map(|(status, _)| *status)
    }
}

/// A multistatus: members by href.
#[derive(Clone, Debug, Default)]
pub struct Multistatus {
    /// The members by path, percent-encoded as sent.
    pub members: BTreeMap<String, Member>,
    /// RFC 6578 §6.2.
    pub sync_token: Option<String>,
}

impl Multistatus {
    /// The member of this path.
    #[track_caller]
    pub fn member(&self, path: &str) -> &Member {
        match self.members.get(path) {
            Some(member) => member,
            None => panic!("no {path} among {:?}", self.paths()),
        }
    }

    /// The only member.
    #[track_caller]
    pub fn only(&self) -> &Member {
        assert_eq!(self.members.len(), 1, "not one member: {:?}", self.paths());
        self.members.values().next().unwrap()
    }

    /// The paths of all members.
    pub fn paths(&self) -> Vec<&str> {
        self.members.keys().map(String::as_str).collect()
    }
}

/// Reads a multistatus.
#[track_caller]
pub fn multistatus(response: &super::Response) -> Multistatus {
    assert_eq!(
        response.status,
        207,
        "not a multistatus: {}",
        response.text()
    );
    let root = parse(&response.body);
    assert_eq!(root.name, "{DAV:}multistatus");
    let mut result = Multistatus {
        sync_token: root.child("sync-token").map(|token| token.text.clone()),
        ..Default::default()
    };
    for element in root.children.iter().filter(|e| e.name == full("response")) {
        let member = member(element);
        for href in element.children.iter().filter(|e| e.name == full("href")) {
            let path = match href.text.split_once("://") {
                Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
                None => &href.text,
            };
            let before = result.members.insert(path.to_owned(), member.clone());
            assert!(before.is_none(), "{path} is there twice");
        }
    }
    result
}

fn member(response: &Element) -> Member {
    let mut member = Member {
        status: response.child("status").map(status),
        error: response.child("error").cloned(),
        ..Default::default()
    };
    for propstat in &response.children {
        if propstat.name != full("propstat") {
            continue;
        }
        let status = propstat.child("status").map_or(0, status);
        for property in propstat.child("prop").into_iter().flat_map(|p| &p.children) {
            let before = member
                .properties
                .insert(property.name.clone(), (status, property.clone()));
            assert!(before.is_none(), "{} is there twice", property.name);
        }
        if let Some(error) = propstat.child("error") {
            member.error = Some(error.clone());
        }
    }
    member
}

fn status(element: &Element) -> u16 {
    element
        .text
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no status: {:?}", element.text))
}

fn full(name: &str) -> String {
    if name.starts_with('{') {
        name.to_owned()
    } else {
        format!("{{DAV:}}{name}")
    }
}

/// Reads a document; fails if it is not well-formed.
#[track_caller]
pub fn parse(bytes: &[u8]) -> Element {
    let text = std::str::from_utf8(bytes).expect("XML that is not UTF-8");
    let mut reader = NsReader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        let (namespace, event) = reader
            .read_resolved_event()
            .unwrap_or_else(|error| panic!("not XML: {error}\n{text}"));
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => namespace.0.to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(prefix) => {
                panic!("unknown prefix {prefix}")
            }
        };
        let named = |local: &str| Element {
            name: format!("{{{namespace}}}{local}"),
            ..Default::default()
        };
        match event {
            Event::Start(start) => open.push(named(start.local_name().as_ref())),
            Event::Empty(empty) => {
                let element = named(empty.local_name().as_ref());
                open.last_mut().unwrap().children.push(element);
            }
            Event::End(_) => {
                let mut element = open.pop().unwrap();
                element.text = element.text.trim().to_owned();
                open.last_mut().unwrap().children.push(element);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
            Event::CData(data) => open.last_mut().unwrap().text.push_str(&data),
            Event::GeneralRef(reference) => {
                let text = match reference.resolve_char_ref().expect("a character") {
                    Some(character) => character,
                    None => match reference.as_ref() {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        other => panic!("unknown entity {other}"),
                    },
                };
                open.last_mut().unwrap().text.push(text);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open.len(), 1, "an element is not closed");
    let mut root = open.pop().unwrap();
    assert_eq!(root.children.len(), 1, "not one root element");
    root.children.remove(0)
}
