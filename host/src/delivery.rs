//! Deliveries get to their recipients: what modules hand to other principals, and mail that has come
//! for those who have something done with it, is given to the receiver of a module, in an instance that
//! acts for the recipient.
//!
//! The queue is in the store, and survives a stop, however sudden. A delivery may be received twice if
//! the stop comes between the module's answer and the note of it, and is never lost.

use crate::auth;
use crate::http::dispatch::Host;
use crate::lmtp::MAIL;
use crate::tenant::Site;
use runtime::{HandleError, Parcel, Received, Tenant};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use storage::{
    Actor, DeliveryPurpose, Error, Instant, ListScope, Path, QueuedDelivery, Rights, Store,
};
use tokio::task::{JoinHandle, JoinSet};

/// How often the queues are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Deliveries of a tenant that are received at once.
const AT_ONCE: u32 = 4;
/// After how many minutes it is tried again, the last for ever.
const RETRY_MINUTES: [i64; 6] = [1, 5, 15, 60, 120, 240];
/// After how long it is given up: what is answered later is answered too late.
const GIVE_UP_MS: i64 = 2 * 86_400_000;
/// How often a module may fail on a delivery.
const ATTEMPTS: u32 = 3;
/// How many mailboxes of a recipient are looked at for the right to deliver, in the order of their
/// paths.
const MAILBOXES_MAX: u32 = 500;

/// Has what is queued received, for ever.
pub async fn run(host: Arc<Host>) {
    let mut busy: HashMap<String, JoinHandle<()>> = HashMap::new();
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        busy.retain(|_, task| !task.is_finished());
        for site in host.snapshot().sites() {
            let Some(open) = site.opened() else { continue };
            if busy.contains_key(&site.name) {
                continue;
            }
            let (host, site, name) = (host.clone(), site.clone(), site.name.clone());
            let tenant = open.tenant.clone();
            let pass = async move { pass(&host, &site, &tenant).await };
            busy.insert(name, tokio::spawn(pass));
        }
    }
}

/// Serves those that are due.
async fn pass(host: &Arc<Host>, site: &Arc<Site>, tenant: &Arc<Tenant>) {
    loop {
        let due = match tenant.store.due_deliveries(now(), AT_ONCE).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(tenant = %site.name, "deliveries can't be read: {error}");
                return;
            }
        };
        if due.is_empty() {
            return;
        }
        let mut receiving = JoinSet::new();
        for delivery in due {
            let (host, tenant) = (host.clone(), tenant.clone());
            receiving.spawn(async move { serve(&host, &tenant, delivery).await });
        }
        while let Some(served) = receiving.join_next().await {
            if !matches!(served, Ok(Ok(()))) {
                // It is due again at once: not in a circle without end.
                return;
            }
        }
    }
}

/// What becomes of a delivery.
enum Fate {
    /// It is done.
    Done,
    /// It is tried again, after so long if that is known.
    Later(Option<Duration>, String),
    /// It will never be received.
    Never(String),
}

/// Has one delivery received.
async fn serve(host: &Host, tenant: &Arc<Tenant>, delivery: QueuedDelivery) -> Result<(), Error> {
    let store = &*tenant.store;
    let attempts = delivery.attempts;
    let fate = match receive(host, tenant, &delivery).await? {
        Fate::Later(_, reason) if now().saturating_sub(delivery.queued) > GIVE_UP_MS => {
            Fate::Never(reason)
        }
        fate => fate,
    };
    let (tenant, module, user) = (&tenant.name, &delivery.module, &delivery.recipient);
    match fate {
        Fate::Done => store.finish_delivery(delivery.id, None).await,
        Fate::Never(reason) => {
            tracing::warn!(%tenant, %module, %user, "a delivery was not received: {reason}");
            store.finish_delivery(delivery.id, None).await
        }
        Fate::Later(wait, reason) => {
            tracing::info!(%tenant, %module, %user, "a delivery was not received yet: {reason}");
            let minutes = RETRY_MINUTES
                .get(attempts as usize)
                .or(RETRY_MINUTES.last());
            let wait = match wait {
                Some(wait) => i64::try_from(wait.as_millis()).unwrap_or(i64::MAX),
                None => minutes.copied().unwrap_or(240) * 60_000,
            };
            let retry = now().saturating_add(wait);
            store.finish_delivery(delivery.id, Some(retry)).await
        }
    }
}

async fn receive(
    host: &Host,
    tenant: &Arc<Tenant>,
    delivery: &QueuedDelivery,
) -> Result<Fate, Error> {
    let store = &*tenant.store;
    let recipient = &delivery.recipient;
    let identity = match auth::on_behalf(store, recipient).await {
        Ok(identity) => identity,
        Err(Error::NotFound) => return Ok(Fate::Never("there is nobody of this name".into())),
        Err(error) => return Err(error),
    };
    // Mail is received by whichever module owns it then.
    let module = match delivery.module.is_empty() {
        true => host.runtime.receiver_of(tenant, MAIL),
        false => Some(delivery.module.clone()),
    };
    let Some(module) = module else {
        return Ok(Fate::Later(None, "no module receives it".into()));
    };
    let types = host.runtime.owned_types(tenant, &module);
    if !may_deliver(store, &identity.actor, delivery, &types).await? {
        return Ok(Fate::Never("the recipient does not allow it".into()));
    }
    let parcel = Parcel {
        sender: delivery.sender.clone(),
        purpose: Some(delivery.purpose),
        message: delivery.message.clone(),
    };
    let received = host.runtime.receive(&module, tenant, identity, parcel);
    Ok(match received.await {
        Ok(Some(Received::Taken(_))) => Fate::Done,
        Ok(Some(Received::Later(reason))) => Fate::Later(None, reason),
        Ok(Some(Received::Never(reason))) => Fate::Never(reason),
        Ok(None) => Fate::Later(None, "no module receives it".into()),
        Err(error) => match error {
            HandleError::Trapped { .. }
            | HandleError::Deadline { .. }
            | HandleError::Memory { .. }
                if delivery.attempts + 1 >= ATTEMPTS =>
            {
                Fate::Never(error.to_string())
            }
            HandleError::OverRate { wait, .. }
            | HandleError::OverCpu { wait, .. }
            | HandleError::BackedOff { wait, .. } => Fate::Later(Some(wait), error.to_string()),
            error => Fate::Later(None, error.to_string()),
        },
    })
}

/// Whether any mailbox of the recipient's of the module's types gives the sender the right that the
/// delivery takes. What has come for somebody comes in his own name.
async fn may_deliver(
    store: &dyn Store,
    recipient: &Actor,
    delivery: &QueuedDelivery,
    types: &[String],
) -> Result<bool, Error> {
    let owner = &delivery.recipient;
    let Some(sender) = delivery.sender.as_ref().filter(|sender| *sender != owner) else {
        return Ok(true);
    };
    let needed = match delivery.purpose {
        DeliveryPurpose::Reply => Rights::DELIVER_REPLY,
        DeliveryPurpose::Invite => Rights::DELIVER_INVITE,
    };
    let sender = match auth::on_behalf(store, sender).await {
        Ok(identity) => identity.actor,
        Err(Error::NotFound) => return Ok(false),
        Err(error) => return Err(error),
    };
    let all = ListScope::Tree(Path(vec!["user".to_owned(), owner.clone()]));
    for of_type in types {
        let listed = store.list_mailboxes(recipient, &all, Some(of_type), None, MAILBOXES_MAX);
        for status in listed.await? {
            let grants = match store.grants(recipient, status.mailbox).await {
                Ok(grants) => grants,
                Err(Error::NotFound | Error::Forbidden(_)) => continue,
                Err(error) => return Err(error),
            };
            if sender.rights_by(owner, &grants).contains(needed) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}
