//! Subscribing to collections of others, which then appear in one's own home: see
//! [`Layout::shared_in_home`]. Whoever may read a collection may subscribe to it; removing what appears
//! ends that.

use module::{Mailbox, MailboxScope};

use super::Layout;
use super::commit::Extension;
use super::convert::store_error;
use super::listing::host_limit;
use super::shared::name_in_home;
use crate::page::Others;
use crate::resource::{Collection, Resource, Want};
use crate::store::{Batch, Operation};
use crate::{Context, Error, Path, Rights};

/// How many collections of others are looked at.
const OFFERS_MAX: usize = 500;

impl Others for Layout {
    /// Those that others let one read and that are not in the home yet; at most 500. Other homes than
    /// one's own are offered nothing.
    fn find(&self, ctx: &Context<'_>, home: &Collection, kind: &str) -> Result<Vec<Path>, Error> {
        if !is_own(ctx, home) {
            return Ok(Vec::new());
        }
        let scope = MailboxScope::Shared;
        let found = Mailbox::list_all(&scope, Some(kind), None, host_limit(OFFERS_MAX));
        let mut offers = Vec::new();
        for status in found.map_err(store_error)? {
            let [user, owner, within, name] = status.path.as_slice() else {
                continue;
            };
            let may = within == self.home && status.rights.contains(module::Rights::READ);
            if may && !home.has_elsewhere(&name_in_home(owner, name)) {
                offers.push(Path::new([user, owner, name].map(String::clone)));
            }
        }
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
/// with [`Error::NotFound`] if no collection of this kind is there, and with
/// `DAV:need-privileges` if it may not be read.
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
    match ctx.find(path, &Want::default())? {
        Some(Resource::Collection(found)) if found.kind == kind => {
            if is_subscribed {
                ctx.require(path, found.rights, Rights::READ, "read")?;
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
    Ok(name_in_home(owner, name))
}

fn is_own(ctx: &Context<'_>, home: &Collection) -> bool {
    ctx.user_id().is_some() && home.path.name() == ctx.user_id()
}
