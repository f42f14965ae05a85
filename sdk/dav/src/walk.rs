//! Walks through a collection page by page, never holding more than one.

use crate::header::depth::Depth;
use crate::property::Subject;
use crate::resource::{Collection, Want};
use crate::store::{Listing, Page};
use crate::{Context, Error, Rights, percent_encode};

/// Calls `visit` with all that is in `root` and its href, to `depth`. False if the walk ended
/// because there is more than one answer may have.
///
/// Members of a collection that may be looked up but not read are left out.
pub fn each(
    ctx: &Context<'_>,
    root: Collection,
    depth: Depth,
    want: &Want<'_>,
    mut visit: impl FnMut(Subject<'_>, &str) -> Result<(), Error>,
) -> Result<bool, Error> {
    let mut left = ctx.profile.limits.resources_max;
    let mut open = if depth == Depth::Zero {
        Vec::new()
    } else {
        vec![root]
    };
    while let Some(collection) = open.pop() {
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                want: *want,
                collections: true,
                members: collection.rights.has(Rights::READ),
                after: after.as_deref(),
                limit: ctx.profile.limits.page,
                ..Listing::default()
            };
            let page = ctx.store.children(&collection, &listing)?;
            if depth == Depth::Infinity {
                let len = page.collections.len() + page.members.len() + page.principals.len();
                if len > left {
                    return Ok(false);
                }
                left -= len;
            }
            visit_page(ctx, &collection, &page, &mut visit)?;
            if depth == Depth::Infinity {
                open.extend(page.collections);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(true)
}

fn visit_page(
    ctx: &Context<'_>,
    collection: &Collection,
    page: &Page,
    visit: &mut impl FnMut(Subject<'_>, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    for inner in page
        .collections
        .iter()
        .filter(|inner| inner.rights.has(Rights::LOOKUP))
    {
        visit(Subject::Collection(inner), &ctx.href(&inner.path, true))?;
    }
    for principal in page
        .principals
        .iter()
        .filter(|found| found.rights.has(Rights::LOOKUP))
    {
        visit(Subject::Principal(principal), &principal.href)?;
    }
    // One buffer for all hrefs: a listing is mostly members.
    let mut href = ctx.href(&collection.path, true);
    let base_len = href.len();
    for member in &page.members {
        href.truncate(base_len);
        percent_encode(&mut href, &member.name);
        visit(Subject::Member(collection, member), &href)?;
    }
    Ok(())
}
