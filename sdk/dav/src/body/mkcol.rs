//! `DAV:mkcol`: a collection made with properties. RFC 5689 §5.1.

use xml::{DAV, Element, Name};

use super::proppatch::{Update, parse_children};
use crate::Error;

/// What is to be made.
#[derive(Clone, Debug, Default)]
pub struct MakeCollection {
    /// What stands in `DAV:resourcetype`; none if it was not set.
    pub resourcetype: Option<Vec<Name>>,
    /// All other properties.
    pub updates: Vec<Update>,
}

/// Reads `DAV:mkcol`, or a root that a protocol uses in its place.
pub fn parse(root: &Element, ns: &str, local: &str) -> Result<MakeCollection, Error> {
    if !root.is(ns, local) {
        return Err(Error::UnsupportedMediaType(format!(
            "{} is not {{{ns}}}{local}",
            root.name
        )));
    }
    let mut make = MakeCollection::default();
    for update in parse_children(root) {
        match update.value {
            None => return Err(Error::BadRequest("nothing can be removed here".to_owned())),
            Some((element, _)) if element.is(DAV, "resourcetype") => {
                make.resourcetype =
                    Some(element.elements().map(|child| child.name.clone()).collect());
            }
            Some(_) => make.updates.push(update),
        }
    }
    Ok(make)
}
