//! Principals of the directory as principals of RFC 3744.

use module::{Identity, Kind, Principal as Entry};

use super::convert::store_error;
use crate::Rights;
use crate::path::{Path, percent_encode};
use crate::resource::Principal;
use crate::store::{PrincipalKey, PrincipalSearch, StoreError};

/// Where principals are: the collections of users and of groups lie below.
pub const PRINCIPALS: &str = "/dav/principals";

/// The collections that principals are found in.
pub fn principal_collections() -> Vec<String> {
    vec![
        format!("{PRINCIPALS}/user/"),
        format!("{PRINCIPALS}/group/"),
    ]
}

/// Who is asking, as far as it costs nothing to know.
pub(super) fn user(identity: &Identity) -> Option<Principal> {
    let id = identity.principal.as_ref()?;
    Some(Principal {
        id: id.clone(),
        href: href(Kind::User, id),
        displayname: id.clone(),
        kind: kind(Kind::User).to_owned(),
        groups: identity.groups.clone(),
        rights: rights(identity, id),
        ..Principal::default()
    })
}

/// Finds a principal by id or href, with its groups and members.
pub fn find_principal(
    identity: &Identity,
    key: PrincipalKey<'_>,
) -> Result<Option<Principal>, StoreError> {
    let found = match key {
        PrincipalKey::Id(id) => Entry::find(id),
        PrincipalKey::Href(uri) => match parse_href(uri) {
            Some(Named::Id(id, is_group)) => match Entry::find(&id) {
                Ok(entry) if (entry.kind == Kind::Group) == is_group => Ok(entry),
                Ok(_) => return Ok(None),
                Err(error) => Err(error),
            },
            Some(Named::Address(address)) => Entry::find_by_address(&address),
            None => return Ok(None),
        },
    };
    match found {
        Ok(entry) => principal_of(identity, entry).map(Some),
        Err(module::Error::NotFound) => Ok(None),
        Err(error) => Err(store_error(error)),
    }
}

/// An entry of the directory as a principal, with its groups and members.
pub fn principal_of(identity: &Identity, entry: Entry) -> Result<Principal, StoreError> {
    let groups = Entry::groups(&entry.id).map_err(store_error)?;
    let members = match entry.kind {
        Kind::Group => Entry::members(&entry.id).map_err(store_error)?,
        Kind::User | Kind::Room | Kind::Resource => Vec::new(),
    };
    Ok(Principal {
        href: href(entry.kind, &entry.id),
        displayname: entry.display_name,
        kind: kind(entry.kind).to_owned(),
        alternate_uris: entry
            .addresses
            .iter()
            .map(|address| format!("mailto:{address}"))
            .collect(),
        members,
        groups,
        rights: rights(identity, &entry.id),
        stored: Vec::new(),
        id: entry.id,
    })
}

/// Goes through the directory until enough principals pass the test.
pub fn search_principals(
    identity: &Identity,
    search: &PrincipalSearch<'_>,
) -> Result<Vec<Principal>, StoreError> {
    const PAGE_MAX: u32 = 1000;
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let text = search.hint.unwrap_or("");
        let page = Entry::search(text, None, after.as_deref(), PAGE_MAX).map_err(store_error)?;
        let full = page.len() == PAGE_MAX as usize;
        after = page.last().map(|entry| entry.id.clone());
        for entry in page {
            let principal = principal_of(identity, entry)?;
            if (search.test)(&principal) {
                found.push(principal);
            }
            if found.len() >= search.limit {
                return Ok(found);
            }
        }
        if !full {
            return Ok(found);
        }
    }
}

/// Everyone who signed in may see a principal; its own display name is a principal's to change.
fn rights(identity: &Identity, id: &str) -> Rights {
    let seen = Rights::LOOKUP.and(Rights::READ);
    let read_only = identity.scope.contains(module::Scope::READ_ONLY);
    match identity.principal.as_deref() == Some(id) && !read_only {
        true => seen.and(Rights::WRITE),
        false => seen,
    }
}

fn href(kind: Kind, id: &str) -> String {
    let mut out = String::with_capacity(64);
    out.push_str(PRINCIPALS);
    out.push_str(match kind {
        Kind::Group => "/group/",
        Kind::User | Kind::Room | Kind::Resource => "/user/",
    });
    percent_encode(&mut out, id);
    out.push('/');
    out
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "individual",
        Kind::Group => "group",
        Kind::Room => "room",
        Kind::Resource => "resource",
    }
}

/// What an href of a principal names.
enum Named {
    Id(String, bool),
    Address(String),
}

/// Reads a principal URL (absolute, or a path alone) or a `mailto:` URI.
fn parse_href(uri: &str) -> Option<Named> {
    let uri = uri.trim();
    if let Some(head) = uri
        .get(..7)
        .filter(|head| head.eq_ignore_ascii_case("mailto:"))
    {
        return crate::percent_decode(uri.get(head.len()..)?).map(Named::Address);
    }
    let path = match uri.split_once("://") {
        Some((_, rest)) => rest.get(rest.find('/')?..)?,
        None => uri,
    };
    let (path, _) = Path::parse(path)?;
    let (base, _) = Path::parse(PRINCIPALS)?;
    match path.strip(&base)? {
        [kind, id] if kind == "user" => Some(Named::Id(id.clone(), false)),
        [kind, id] if kind == "group" => Some(Named::Id(id.clone(), true)),
        _ => None,
    }
}
