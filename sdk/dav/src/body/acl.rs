//! `DAV:acl` and `DAV:ace`. RFC 3744 §5.5, §8.1.

use xml::{DAV, Element, Name, Writer};

use crate::access::{self, Rights};
use crate::error::{
    ALLOWED_PRINCIPAL, HREF, LIMITED_NUMBER_OF_ACES, NO_ABSTRACT, NO_INVERT,
    NOT_SUPPORTED_PRIVILEGE, RECOGNIZED_PRINCIPAL,
};
use crate::store::{AclEntry, PrincipalKey, Who};
use crate::{Context, Error};

/// Reads `DAV:acl`.
pub fn parse(ctx: &Context<'_>, root: &Element) -> Result<Vec<AclEntry>, Error> {
    if !root.is(DAV, "acl") {
        return Err(Error::BadRequest(format!("{} is not DAV:acl", root.name)));
    }
    if root.elements().count() > ctx.profile.limits.items_max {
        return Err(LIMITED_NUMBER_OF_ACES.error());
    }
    let mut entries: Vec<AclEntry> = Vec::new();
    for ace in root.find_all(DAV, "ace") {
        // RFC 3744 §5.5.3, §5.5.4: those that clients got from us and send back with the rest.
        if ace.find(DAV, "protected").is_some() || ace.find(DAV, "inherited").is_some() {
            continue;
        }
        if ace.find(DAV, "invert").is_some() {
            return Err(NO_INVERT.error());
        }
        let principal = ace
            .find(DAV, "principal")
            .and_then(|principal| principal.elements().next())
            .ok_or_else(|| Error::BadRequest("an ace has no principal".to_owned()))?;
        let who = parse_principal(ctx, principal)?;
        let (deny, list) = match (ace.find(DAV, "grant"), ace.find(DAV, "deny")) {
            (Some(list), None) => (false, list),
            (None, Some(list)) => (true, list),
            _ => {
                return Err(Error::BadRequest(
                    "an ace has one of grant and deny".to_owned(),
                ));
            }
        };
        let rights = parse_privileges(ctx, list)?;
        match entries
            .iter_mut()
            .find(|entry| entry.who == who && entry.deny == deny)
        {
            Some(entry) => entry.rights = entry.rights.and(rights),
            None => entries.push(AclEntry { who, rights, deny }),
        }
    }
    Ok(entries)
}

fn parse_principal(ctx: &Context<'_>, element: &Element) -> Result<Who, Error> {
    if element.name.ns() != DAV {
        return Err(RECOGNIZED_PRINCIPAL.error());
    }
    match element.name.local() {
        "all" => Ok(Who::All),
        "authenticated" => Ok(Who::Authenticated),
        "unauthenticated" => Ok(Who::Unauthenticated),
        "self" => match ctx.user_id() {
            Some(id) => Ok(Who::Principal(id.to_owned())),
            None => Err(ALLOWED_PRINCIPAL.error()),
        },
        "property" => match element.find(DAV, "owner") {
            Some(_) => Ok(Who::Owner),
            None => Err(ALLOWED_PRINCIPAL.error()),
        },
        "href" => {
            let href = element.trimmed_text();
            let found = ctx.store.principal(PrincipalKey::Href(&href))?;
            found
                .map(|principal| Who::Principal(principal.id))
                .ok_or_else(|| RECOGNIZED_PRINCIPAL.error())
        }
        _ => Err(RECOGNIZED_PRINCIPAL.error()),
    }
}

fn parse_privileges(ctx: &Context<'_>, list: &Element) -> Result<Rights, Error> {
    let mut rights = Rights::NONE;
    for element in list.find_all(DAV, "privilege").flat_map(Element::elements) {
        let privilege = access::find(ctx.profile, &element.name)
            .ok_or_else(|| NOT_SUPPORTED_PRIVILEGE.error())?;
        if privilege.is_abstract {
            return Err(NO_ABSTRACT.error());
        }
        rights = rights.and(access::to_rights(ctx.profile, privilege));
    }
    Ok(rights)
}

/// Writes `DAV:ace`. An entry whose principal is gone, or whose rights are no privilege, is left
/// out: there would be nothing to say in it.
pub fn write_ace(ctx: &Context<'_>, out: &mut Writer, entry: &AclEntry) -> Result<(), Error> {
    let grants = access::to_grants(ctx.profile, entry.rights);
    let href = match &entry.who {
        Who::Principal(id) => ctx.principal_href(id)?,
        Who::All | Who::Authenticated | Who::Unauthenticated | Who::Owner => None,
    };
    if grants.is_empty() || (href.is_none() && matches!(entry.who, Who::Principal(_))) {
        return Ok(());
    }
    out.raw(b"<D:ace><D:principal>");
    match &entry.who {
        Who::Principal(_) => out.leaf(&HREF, &href.unwrap_or_default()),
        Who::All => out.empty(&Name::dav("all")),
        Who::Authenticated => out.empty(&Name::dav("authenticated")),
        Who::Unauthenticated => out.empty(&Name::dav("unauthenticated")),
        Who::Owner => out.raw(b"<D:property><D:owner/></D:property>"),
    }
    out.raw(b"</D:principal>");
    let list = Name::dav(if entry.deny { "deny" } else { "grant" });
    out.start(&list);
    for privilege in grants {
        out.raw(b"<D:privilege>");
        out.empty(&privilege.name);
        out.raw(b"</D:privilege>");
    }
    out.end(&list);
    out.raw(b"</D:ace>");
    Ok(())
}
