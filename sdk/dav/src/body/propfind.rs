//! `DAV:propfind`, and the part of it that reports use too. RFC 4918 §14.20.

use xml::{DAV, Element};

use crate::Error;

/// Which properties a client asks for.
#[derive(Clone, Debug)]
pub enum PropRequest {
    /// These: the elements as written, with what they hold.
    Prop(Vec<Element>),
    /// All that are for everyone, and these.
    AllProp(Vec<Element>),
    /// The names of all that there are.
    PropName,
}

impl PropRequest {
    /// How many properties are named.
    pub fn len(&self) -> usize {
        match self {
            PropRequest::Prop(elements) | PropRequest::AllProp(elements) => elements.len(),
            PropRequest::PropName => 0,
        }
    }

    /// Whether no property is named.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads the body of PROPFIND. No body is `DAV:allprop`. RFC 4918 §9.1.
pub fn parse(root: Option<&Element>) -> Result<PropRequest, Error> {
    match root {
        None => Ok(PropRequest::AllProp(Vec::new())),
        Some(root) if root.is(DAV, "propfind") => {
            let request = parse_children(root)?;
            request.ok_or_else(|| {
                Error::BadRequest("propfind asks for none of prop, allprop and propname".into())
            })
        }
        Some(root) => Err(Error::BadRequest(format!(
            "{} is not DAV:propfind",
            root.name
        ))),
    }
}

/// Finds `DAV:prop`, `DAV:allprop` or `DAV:propname` among the children of `root`.
pub fn parse_children(root: &Element) -> Result<Option<PropRequest>, Error> {
    let mut found = None;
    for child in root.elements().filter(|child| child.name.ns() == DAV) {
        let request = match child.name.local() {
            "prop" => PropRequest::Prop(child.elements().cloned().collect()),
            "allprop" => {
                let include = root.find(DAV, "include");
                PropRequest::AllProp(
                    include
                        .map(|include| include.elements().cloned().collect())
                        .unwrap_or_default(),
                )
            }
            "propname" => PropRequest::PropName,
            _ => continue,
        };
        if found.is_some() {
            return Err(Error::BadRequest(
                "only one of prop, allprop and propname".into(),
            ));
        }
        found = Some(request);
    }
    Ok(found)
}
