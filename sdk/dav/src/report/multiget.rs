//! What the multiget reports of protocols share: the members that a list of hrefs names.
//! RFC 4791 §7.9, RFC 6352 §8.7.

use std::collections::HashSet;

use xml::{DAV, Element};

use crate::body::multistatus::Multistatus;
use crate::error::NUMBER_OF_MATCHES_WITHIN_LIMITS;
use crate::property::Subject;
use crate::request::{Response, Status};
use crate::resource::{Resource, Want};
use crate::store::Listing;
use crate::{Context, Error, Path, Rights, percent_encode};

/// Answers with the members that the `DAV:href`s in `root` name, in an order of the server's own.
/// `write` adds one that was found.
///
/// Each collection is asked once a page, however many of its members are named. What is named twice
/// is answered once.
pub fn run<'m, 'c>(
    ctx: &'m Context<'c>,
    root: &Element,
    want: &Want<'_>,
    mut write: impl FnMut(&mut Multistatus<'m, 'c>, Subject<'_>, &str) -> Result<(), Error>,
) -> Result<Response, Error> {
    let mut multistatus = Multistatus::new(ctx);
    let named = parse(ctx, root)?;
    for href in &named.nowhere {
        multistatus.status(href, Status::NOT_FOUND, None)?;
    }
    for (path, names) in &named.collections {
        answer(ctx, path, names, want, &mut multistatus, &mut write)?;
    }
    multistatus.finish()
}

/// What the hrefs name.
struct Named {
    /// Collections, and the names in each.
    collections: Vec<(Path, Vec<String>)>,
    /// The hrefs that lead out of this mount, or to nothing that can be a member.
    nowhere: Vec<String>,
}

fn parse(ctx: &Context<'_>, root: &Element) -> Result<Named, Error> {
    let mut named = Named {
        collections: Vec::new(),
        nowhere: Vec::new(),
    };
    let mut seen: HashSet<Path> = HashSet::new();
    for element in root.find_all(DAV, "href") {
        let href = element.trimmed_text();
        let path = ctx.parse_href(&href)?;
        let parts = path
            .as_ref()
            .and_then(|path| path.parent().zip(path.name()));
        let (Some(path), Some((parent, name))) = (&path, parts) else {
            named.nowhere.push(href);
            continue;
        };
        if !seen.insert(path.clone()) {
            continue;
        }
        if seen.len() > ctx.profile.limits.resources_max {
            return Err(NUMBER_OF_MATCHES_WITHIN_LIMITS.error());
        }
        // Most name members of one collection, one after the other.
        match named
            .collections
            .iter_mut()
            .rfind(|(known, _)| *known == parent)
        {
            Some((_, names)) => names.push(name.to_owned()),
            None => named.collections.push((parent, vec![name.to_owned()])),
        }
        ctx.check_items("collections", named.collections.len())?;
    }
    Ok(named)
}

fn answer<'m, 'c>(
    ctx: &'m Context<'c>,
    path: &Path,
    names: &[String],
    want: &Want<'_>,
    multistatus: &mut Multistatus<'m, 'c>,
    write: &mut impl FnMut(&mut Multistatus<'m, 'c>, Subject<'_>, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let found = ctx.find(path, &Want::default())?;
    let mut href = ctx.href(path, true);
    let base_len = href.len();
    let mut tell = |multistatus: &mut Multistatus<'m, 'c>, name: &str, status, why| {
        href.truncate(base_len);
        percent_encode(&mut href, name);
        multistatus.status(&href, status, why)
    };
    let collection = match found {
        Some(Resource::Collection(collection)) => collection,
        Some(Resource::Member(..) | Resource::Principal(_)) | None => {
            return names
                .iter()
                .try_for_each(|name| tell(multistatus, name, Status::NOT_FOUND, None));
        }
    };
    if !collection.rights.has(Rights::READ) {
        let why = ctx
            .require(path, collection.rights, Rights::READ, "read")
            .err();
        return names
            .iter()
            .try_for_each(|name| tell(multistatus, name, Status::FORBIDDEN, why.as_ref()));
    }
    let mut member_href = ctx.href(path, true);
    for chunk in names.chunks(ctx.profile.limits.page.max(1)) {
        let asked: Vec<&str> = chunk.iter().map(String::as_str).collect();
        let mut waiting = asked.iter().peekable();
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                want: *want,
                members: true,
                names: Some(&asked),
                after: after.as_deref(),
                limit: asked.len(),
                ..Listing::default()
            };
            // A page has fewer of them if they are big.
            let page = ctx.store.children(&collection, &listing)?;
            for member in &page.members {
                // They come in the order in which they were asked for, the missing ones left out.
                while let Some(missing) = waiting.next_if(|name| **name != member.name) {
                    tell(multistatus, missing, Status::NOT_FOUND, None)?;
                }
                waiting.next();
                member_href.truncate(base_len);
                percent_encode(&mut member_href, &member.name);
                let subject = Subject::Member(&collection, member);
                write(multistatus, subject, &member_href)?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for missing in waiting {
            tell(multistatus, missing, Status::NOT_FOUND, None)?;
        }
    }
    Ok(())
}
