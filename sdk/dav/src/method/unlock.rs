//! UNLOCK. RFC 4918 §9.11.

use xml::Name;

use crate::error::LOCK_TOKEN_MATCHES_REQUEST_URI;
use crate::header::conditions;
use crate::request::{Response, Status};
use crate::store::{Batch, LockScope, Operation};
use crate::{Context, Error, Rights};

/// Answers UNLOCK.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let header = ctx
        .header("Lock-Token")
        .ok_or_else(|| Error::BadRequest("the header Lock-Token is missing".to_owned()))?;
    let token = header
        .trim()
        .strip_prefix('<')
        .and_then(|token| token.strip_suffix('>'))
        .ok_or_else(|| Error::BadRequest("Lock-Token is a URI in angle brackets".to_owned()))?;
    let resource = ctx.find_target()?;
    conditions::check(ctx, resource.as_ref())?;
    let path = &ctx.target.path;
    let lock = ctx
        .store
        .locks(path, LockScope::Covering)?
        .into_iter()
        .find(|lock| lock.token == token)
        .ok_or_else(|| LOCK_TOKEN_MATCHES_REQUEST_URI.error())?;
    let may_end_all = resource.is_some_and(|found| found.rights().has(Rights::ADMINISTER));
    if lock.principal.as_deref() != ctx.user_id() && !may_end_all {
        return Err(Error::need_privilege(
            &ctx.href(path, false),
            &Name::dav("unlock"),
        ));
    }
    let mut batch = Batch {
        operations: Vec::new(),
        lock_tokens: vec![lock.token.clone()],
    };
    batch.push(Operation::Unlock(lock));
    ctx.commit(batch)?;
    Ok(Response::new(Status::NO_CONTENT))
}
