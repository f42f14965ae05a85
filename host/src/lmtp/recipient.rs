//! From an address to a mailbox: whose it is, and where what is delivered to it goes.

use super::address::Address;
use super::reply::{self, Reply};
use crate::auth::names;
use crate::config::Config;
use crate::tenant::{Open, Site, Snapshot};
use std::sync::Arc;
use storage::{Actor, Error, Kind, Path, Rights, Status, Store};

/// The type of mailboxes that hold mail.
pub const MAIL: &str = "email";

/// Parts a user's name from the folder that is meant. RFC 5233 §4.
const DETAIL: char = '+';
/// Parts a folder from one in it.
const IN_FOLDER: char = '/';

/// Whom a message is for.
pub struct Recipient {
    /// The address, as it came.
    pub address: String,
    /// The tenant.
    pub site: Arc<Site>,
    /// Its store.
    pub open: Arc<Open>,
    /// The principal.
    pub user: String,
    /// Where it goes, unless that is gone by then.
    pub mailbox: Path,
}

/// A principal's mailbox for what is meant for no other.
pub fn inbox(user: &str) -> Path {
    Path(vec!["user".to_owned(), user.to_owned()])
}

impl Recipient {
    /// Finds who has an address. With `size`, makes sure that there is room for so much.
    pub async fn find(
        snapshot: &Snapshot,
        address: &Address,
        size: Option<u64>,
    ) -> Result<Self, Reply> {
        let site = site(snapshot, address).ok_or(reply::NO_SUCH_USER)?.clone();
        let open = site.open().await.map_err(|_| reply::NOT_NOW)?;
        let store = &*open.tenant.store;
        let found = find_user(store, &site.config, address).await;
        let (user, folder) = found
            .map_err(|error| failed(&site, &error))?
            .ok_or(reply::NO_SUCH_USER)?;
        let actor = owner(&user);
        let mailbox = match folder {
            Some(folder) => find_folder(store, &user, &folder).await,
            None => Ok(None),
        };
        let mailbox = mailbox.map_err(|error| failed(&site, &error))?;
        let mailbox = mailbox.unwrap_or_else(|| inbox(&user));
        check_room(&site, store, &actor, &mailbox, size.unwrap_or(0)).await?;
        Ok(Self {
            address: address.text.clone(),
            site,
            user,
            mailbox,
            open,
        })
    }
}

/// For whom the store is asked: what comes for an owner comes in the owner's name.
pub fn owner(user: &str) -> Actor {
    Actor {
        principal: Some(user.to_owned()),
        ..Actor::default()
    }
}

fn failed(site: &Site, error: &Error) -> Reply {
    tracing::warn!(tenant = %site.name, "a recipient can't be looked up: {error}");
    reply::NOT_NOW
}

/// The tenant of an address: the one that has its domain. What has no domain, or one that nobody
/// knows on a server that has none of its own, is the main file's.
fn site<'a>(snapshot: &'a Snapshot, address: &Address) -> Option<&'a Arc<Site>> {
    let default = snapshot.default_site();
    let Some(domain) = &address.domain else {
        return Some(default);
    };
    let whole = format!("@{}", domain.trim_end_matches('.'));
    let sole = default.config.domains.is_empty() && !snapshot.has_tenants();
    snapshot.site_of_user(&whole).or(sole.then_some(default))
}

/// Who has an address, and which folder is meant: by the whole of it, then without the folder.
async fn find_user(
    store: &dyn Store,
    config: &Config,
    address: &Address,
) -> Result<Option<(String, Option<String>)>, Error> {
    let domain = address.domain.as_deref().map(|it| it.trim_end_matches('.'));
    if let Some(user) = lookup(store, config, &address.local, domain).await? {
        return Ok(Some((user, None)));
    }
    let Some((local, folder)) = address.local.split_once(DETAIL) else {
        return Ok(None);
    };
    let user = lookup(store, config, local, domain).await?;
    Ok(user.map(|user| (user, Some(folder.to_owned()))))
}

/// Who has a name at a domain: by an address of the directory, then by the user's name.
async fn lookup(
    store: &dyn Store,
    config: &Config,
    local: &str,
    domain: Option<&str>,
) -> Result<Option<String>, Error> {
    let whole = domain.map_or_else(|| local.to_owned(), |domain| format!("{local}@{domain}"));
    match store.principal_by_address(&whole).await {
        Ok(principal) if principal.kind != Kind::Group => return Ok(Some(principal.id)),
        Ok(_) => return Ok(None),
        Err(Error::NotFound) => {}
        Err(error) => return Err(error),
    }
    let fold = config.username_tolower;
    let mut name = names::of_user(&whole, &config.domains, fold);
    if config.domains.is_empty() {
        // Whatever the domain: there is but one.
        name = names::parse(local, fold);
    }
    let Ok(name) = name else {
        return Ok(None);
    };
    match store.principal(&name).await {
        Ok(principal) if principal.kind != Kind::Group => Ok(Some(principal.id)),
        Ok(_) | Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The folder of a user that an address names, if it is there, holds mail, and whoever comes may
/// post to it (RFC 4314 §4, `p`).
async fn find_folder(store: &dyn Store, user: &str, folder: &str) -> Result<Option<Path>, Error> {
    let mut path = inbox(user);
    path.0.extend(folder.split(IN_FOLDER).map(str::to_owned));
    if path.check().is_err() {
        return Ok(None);
    }
    let actor = owner(user);
    let status: Status = match store.open(&actor, &path).await {
        Ok(status) => status,
        Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let grants = store.grants(&actor, status.mailbox).await?;
    let anyone = Actor::default().rights_by(user, &grants);
    let takes = status.mailbox_type == MAIL && anyone.contains(Rights::POST);
    Ok(takes.then_some(path))
}

/// Refuses early what would be refused late, so that it need not be sent.
async fn check_room(
    site: &Site,
    store: &dyn Store,
    actor: &Actor,
    mailbox: &Path,
    size: u64,
) -> Result<(), Reply> {
    if size > site.config.maxmessagesize {
        return Err(reply::TOO_LARGE);
    }
    let Ok(status) = store.open(actor, mailbox).await else {
        return Ok(());
    };
    let Ok(usage) = store.usage(actor, status.mailbox).await else {
        return Ok(());
    };
    let over = |used: u64, more: u64, limit: Option<u64>| {
        limit.is_some_and(|limit| used.saturating_add(more) > limit)
    };
    let full = over(usage.bytes, size.max(1), usage.bytes_limit)
        || over(usage.messages, 1, usage.messages_limit);
    match full {
        true => Err(over_quota(&site.config)),
        false => Ok(()),
    }
}

/// What is said where there is no room.
pub fn over_quota(config: &Config) -> Reply {
    match config.lmtp.over_quota_fails {
        true => reply::QUOTA,
        false => reply::QUOTA_FOR_NOW,
    }
}
