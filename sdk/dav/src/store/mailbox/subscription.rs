//! Subscribing to collections of others, which then appear in one's own home: see
//! [`Layout::shared_in_home`]. Whoever may read a collection may subscribe to it; removing what appears
//! ends that.

use module::{Mailbox, MailboxScope};

use super::Layout;
use super::commit::Extension;
use super::convert::store_error;
use super::listing::{PAGE_MAX, host_limit};
use super::shared::name_in_home;
use crate::page::{Offers, Others};
use crate::resource::{Collection, Resource, Want};
use crate::store::{Batch, Operation};
use crate::{Context, Error, Path, Rights};

/// How many collections of others are offered at most: each is looked at, and somebody has to read them.
const OFFERS_MAX: usize = 500;

/// How many are gone through for that at most, those that are in the home included.
const LOOKED_AT_MAX: usize = 20_000;

impl Others for Layout {
    /// Those that others let one read and that are not in the home yet; the first of them, if they
    /// are very many. Other homes than one's own are offered nothing.
    fn find(&self, ctx: &Context<'_>, home: &Collection, kind: &str) -> Result<Offers, Error> {
        let mut offers = Offers::default();
        if !is_own(ctx, home) {
            return Ok(offers);
        }
        let mut after: Option<Vec<String>> = None;
        for _ in 0..LOOKED_AT_MAX / PAGE_MAX {
            let scope = MailboxScope::Shared;
            let limit = host_limit(PAGE_MAX);
            let found = Mailbox::list_all(&scope, Some(kind), after.as_deref(), limit);
            let found = found.map_err(store_error)?;
            for status in &found {
                let [user, owner, within, name] = status.path.as_slice() else {
                    continue;
                };
                let may = within == self.home && status.rights.contains(module::Rights::READ);
                if !may || home.has_elsewhere(&name_in_home(owner, name)) {
                    continue;
                }
                if offers.paths.len() == OFFERS_MAX {
                    offers.are_more = true;
                    return Ok(offers);
                }
                let path = Path::new([user, owner, name].map(String::clone));
                offers.paths.push(path);
            }
            match found.last() {
                Some(last) if found.len() == PAGE_MAX => after = Some(last.path.clone()),
                _ => return Ok(offers),
            }
        }
        offers.are_more = true;
        Ok(offers)
    }

    fn subscribe(
        &self,
        ctx: &Context<'_>,
        home: &Collection,
        kind: &str,
        path: &Path,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        set(ctx, home, self, kind, path, true, batch).map(|_| ())
    }
}

/// Adds what makes a collection of somebody else's, where its owner has it, appear in the home, or ends
/// that. Gives its name there.
///
/// Fails with [`Error::Forbidden`] if the home is not that of who asks, or if the collection is;
/// with [`Error::NotFound`] if no collection of this kind is there, with
/// `DAV:need-privileges` if it may not be read, and with [`Error::Conflict`] if something else in the
/// home has the name.
pub fn set(
    ctx: &Context<'_>,
    home: &Collection,
    layout: &Layout,
    kind: &str,
    path: &Path,
    is_subscribed: bool,
    batch: &mut Batch,
) -> Result<String, Error> {
    // Nobody subscribes for others.
    if !is_own(ctx, home) {
        return Err(Error::Forbidden(
            "what others share is subscribed to in one's own home".to_owned(),
        ));
    }
    let [user, owner, name] = path.parts() else {
        return Err(Error::NotFound);
    };
    if Some(owner.as_str()) == ctx.user_id() {
        return Err(Error::Forbidden(
            "what is one's own is in the home already".to_owned(),
        ));
    }
    let name_there = name_in_home(owner, name);
    match ctx.find(path, &Want::default())? {
        Some(Resource::Collection(found)) if found.kind == kind => {
            if is_subscribed {
                ctx.require(path, found.rights, Rights::READ, "read")?;
                let there = ctx.find(&home.path.join(&name_there), &Want::default())?;
                if there.is_some_and(|there| {
                    there.collection().is_none_or(|there| there.id != found.id)
                }) {
                    let why = format!("something else is in the home as {name_there}");
                    return Err(Error::Conflict(why));
                }
            }
        }
        _ => return Err(Error::NotFound),
    }
    let mailbox = [user, owner, layout.home, name].map(str::to_owned);
    let mailbox = Mailbox::open(&mailbox).map_err(store_error)?;
    let subscribe: Extension = Box::new(move |batch| {
        batch.subscribe(&mailbox, is_subscribed);
    });
    batch.push(Operation::Extension(Box::new(subscribe)));
    Ok(name_there)
}

fn is_own(ctx: &Context<'_>, home: &Collection) -> bool {
    ctx.user_id().is_some() && home.path.name() == ctx.user_id()
}
