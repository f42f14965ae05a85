//! MOVE. RFC 4918 §9.9. Locks stay behind: §7.6.

use crate::header::depth::{self, Depth};
use crate::locks::{self, Change};
use crate::method::copy::{Told, Transfer, answer};
use crate::method::{delete, put};
use crate::profile::Origin;
use crate::request::Response;
use crate::resource::Resource;
use crate::store::Operation;
use crate::{Context, Error, Rights};

/// Answers MOVE.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let transfer = Transfer::new(ctx)?;
    // RFC 4918 §9.9.3: on a collection it is as with Depth: infinity, nothing else.
    let depth = depth::parse(ctx)?;
    if transfer.source.is_collection() && !matches!(depth, None | Some(Depth::Infinity)) {
        return Err(Error::BadRequest(
            "a collection is moved with all that is in it".into(),
        ));
    }
    transfer.check_disjoint()?;
    let Transfer {
        guard,
        source,
        from,
        to,
        existing,
        ..
    } = &transfer;
    let old_parent = from.parent().ok_or(Error::MethodNotAllowed)?;
    locks::require(
        ctx,
        guard,
        &[Change::Tree(from), Change::Resource(&old_parent)],
    )?;
    let mut batch = transfer.begin(ctx)?;
    let mut told = Told::default();
    match source {
        Resource::Member(collection, member) => {
            ctx.require(&collection.path, collection.rights, Rights::READ, "read")?;
            ctx.require(
                &collection.path,
                collection.rights,
                Rights::REMOVE,
                "unbind",
            )?;
            told = transfer.add_member(ctx, member, Origin::Move, &mut batch)?;
        }
        Resource::Collection(collection) => {
            ctx.require(from, collection.rights, Rights::DELETE, "unbind")?;
            // A client that renames what it finds in a home must not take it from its owner.
            if delete::lies_elsewhere(ctx, from)? {
                return Err(Error::Forbidden(
                    "a collection of somebody else's stays where it is".to_owned(),
                ));
            }
            if let Some(rule) = ctx.profile.part {
                rule(ctx, collection)?;
            }
            batch.push(Operation::MoveTree {
                from: from.clone(),
                to: to.clone(),
            });
        }
        Resource::Principal(_) => return Err(Error::MethodNotAllowed),
    }
    put::commit(ctx, batch, told.refused)?;
    Ok(answer(existing.is_some(), told.headers))
}
