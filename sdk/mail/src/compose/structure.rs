//! How the parts of a new message lie in one another: as its creator says, or as clients expect text
//! and attachments to be.

use super::ComposeError;
use super::fields::{Fields, Owner};
use super::part::{Given, Parts};
use mail_builder::mime::MimePart;
use serde_json::{Map, Value as Json};

/// Reads the body of an Email.
pub(super) fn read<'a>(
    email: &'a Map<String, Json>,
    parts: &mut Parts<'a>,
    fields: &Fields,
) -> Result<MimePart<'static>, ComposeError> {
    let given = |property: &str| email.get(property).filter(|value| !value.is_null());
    if given("bodyValues").is_some_and(|values| !values.is_object()) {
        let wrong = "bodyValues must be an object with an EmailBodyValue for each part";
        return Err(ComposeError::invalid("bodyValues", wrong));
    }
    let Some(structure) = given("bodyStructure") else {
        return flat(email, parts);
    };
    for property in ["textBody", "htmlBody", "attachments"] {
        if given(property).is_some() {
            return Err(ComposeError::InvalidProperties {
                properties: vec!["bodyStructure".to_owned(), property.to_owned()],
                description: format!("with bodyStructure there must be no {property}"),
            });
        }
    }
    parts.read(Given::new(structure, "bodyStructure")?, fields, 0)
}

/// Text, HTML with what it shows, and attachments.
fn flat<'a>(
    email: &'a Map<String, Json>,
    parts: &mut Parts<'a>,
) -> Result<MimePart<'static>, ComposeError> {
    let none = Fields::new(Owner::Email);
    let mut bodies = [None, None];
    let wanted = [("textBody", "text/plain"), ("htmlBody", "text/html")];
    for (body, (property, type_)) in bodies.iter_mut().zip(wanted) {
        let wrong = || {
            let wrong = format!("{property} must have exactly one part, of the type {type_}");
            ComposeError::invalid(property, wrong)
        };
        match email.get(property) {
            None | Some(Json::Null) => {}
            Some(Json::Array(list)) => {
                let [part] = list.as_slice() else {
                    return Err(wrong());
                };
                let given = Given::new(part, property)?;
                if given.type_()? != type_
                    || given.part.get("type").is_none() && type_ != "text/plain"
                {
                    return Err(wrong());
                }
                *body = Some(parts.read(given, &none, 2)?);
            }
            Some(_) => return Err(wrong()),
        }
    }
    let [text, mut html] = bodies;
    let (mut shown, mut attached) = (Vec::new(), Vec::new());
    match email.get("attachments") {
        None | Some(Json::Null) => {}
        Some(Json::Array(list)) => {
            for part in list {
                let given = Given::new(part, "attachments")?;
                let is_shown = html.is_some()
                    && given.text("cid")?.is_some()
                    && given.text("disposition")? == Some("inline");
                let is_referred_to = given.text("cid")?.is_some();
                let given = if is_referred_to {
                    given
                } else {
                    given.attached()
                };
                let part = parts.read(given, &none, 2)?;
                if is_shown { &mut shown } else { &mut attached }.push(part);
            }
        }
        Some(_) => {
            let wrong = "attachments must be a list of parts";
            return Err(ComposeError::invalid("attachments", wrong));
        }
    }
    if let Some(part) = html.take() {
        html = Some(together("multipart/related", part, shown));
    }
    let body = match (text, html) {
        (Some(text), Some(html)) => together("multipart/alternative", text, vec![html]),
        (Some(part), None) | (None, Some(part)) => part,
        (None, None) => MimePart::new("text/plain", ""),
    };
    Ok(together("multipart/mixed", body, attached))
}

/// A part with others; alone if there are none.
fn together(
    type_: &'static str,
    first: MimePart<'static>,
    mut others: Vec<MimePart<'static>>,
) -> MimePart<'static> {
    if others.is_empty() {
        return first;
    }
    others.insert(0, first);
    MimePart::new(type_, others)
}
