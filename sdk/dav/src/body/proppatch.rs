//! `DAV:propertyupdate`. RFC 4918 §14.19.

use xml::{DAV, Element, Name};

use crate::Error;

/// One property to set or remove.
#[derive(Clone, Debug)]
pub struct Update {
    /// What it is called.
    pub name: Name,
    /// The new element and its bytes, standing alone; none to remove it.
    pub value: Option<(Element, Vec<u8>)>,
}

/// Reads the updates in document order. RFC 4918 §9.2.
pub fn parse(root: &Element) -> Result<Vec<Update>, Error> {
    if !root.is(DAV, "propertyupdate") {
        return Err(Error::BadRequest(format!(
            "{} is not DAV:propertyupdate",
            root.name
        )));
    }
    let updates = parse_children(root);
    match updates.is_empty() {
        true => Err(Error::BadRequest(
            "propertyupdate changes nothing".to_owned(),
        )),
        false => Ok(updates),
    }
}

/// Reads all `DAV:set` and `DAV:remove` among the children of `root`.
pub fn parse_children(root: &Element) -> Vec<Update> {
    let mut updates = Vec::new();
    for instruction in root.elements() {
        let is_set = instruction.is(DAV, "set");
        if !is_set && !instruction.is(DAV, "remove") {
            continue;
        }
        for prop in instruction.find_all(DAV, "prop") {
            for property in prop.elements() {
                let value = is_set.then(|| {
                    let mut element = property.clone();
                    // RFC 4918 §4.3: the language in scope belongs to the value.
                    let outer = [root, instruction, prop];
                    if let Some(lang) = outer.iter().rev().find_map(|element| element.lang()) {
                        element.inherit_lang(lang);
                    }
                    let mut bytes = Vec::new();
                    element.write_standalone(&mut bytes, &outer);
                    (element, bytes)
                });
                updates.push(Update {
                    name: property.name.clone(),
                    value,
                });
            }
        }
    }
    updates
}
