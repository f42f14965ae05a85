//! Putting a message where it goes, once for each mailbox, and what is said of it to each recipient.

use super::message::{Arrived, refusal, split_header};
use super::recipient::{MAIL, Recipient, inbox, over_quota, owner};
use super::reply::{self, Reply};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use storage::{
    Actor, Batch, Change, Condition, Content, Delivery, DeliveryPurpose, Error, Path, Put, Rights,
    Store, Target,
};

/// Deliveries that wait for the disk at once: the store makes one commit of what waits together.
const AT_ONCE: usize = 64;
/// How often it is tried again where mailboxes come and go meanwhile.
const ATTEMPTS: usize = 3;

/// Delivers, and answers for each recipient, in order. `header` makes a header section of the trace
/// fields of a delivery and of what came.
pub async fn deliver(
    recipients: &[Recipient],
    message: &Arrived,
    header: impl Fn(&Recipient) -> Bytes,
) -> Vec<Reply> {
    // Two addresses of one mailbox get one message.
    let place = |recipient: &Recipient| (recipient.site.name.clone(), recipient.mailbox.clone());
    let mut first = HashMap::new();
    for (number, recipient) in recipients.iter().enumerate() {
        first.entry(place(recipient)).or_insert(number);
    }
    let contents = contents(recipients, message).await;
    let deliver_one = |number: usize| {
        let recipient = recipients.get(number);
        let (header, contents) = (&header, &contents);
        async move {
            let Some(recipient) = recipient else {
                return (number, reply::NOT_NOW);
            };
            let content = contents.get(&recipient.site.name);
            let reply = match content {
                Some(Ok(content)) => put(recipient, message.size, header(recipient), content).await,
                Some(Err(reply)) => *reply,
                None => reply::NOT_NOW,
            };
            count(recipient, message.size, reply);
            (number, reply)
        }
    };
    let mut numbers: Vec<usize> = first.values().copied().collect();
    numbers.sort_unstable();
    let replies: HashMap<usize, Reply> = stream::iter(numbers)
        .map(deliver_one)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let reply = |recipient: &Recipient| {
        let number = first.get(&place(recipient));
        let reply = number.and_then(|number| replies.get(number));
        reply.copied().unwrap_or(reply::NOT_NOW)
    };
    recipients.iter().map(reply).collect()
}

/// The body for each tenant: a big one lies in the store of the first recipient, and is copied for
/// others.
async fn contents(
    recipients: &[Recipient],
    message: &Arrived,
) -> HashMap<String, Result<Content, Reply>> {
    let mut contents: HashMap<String, Result<Content, Reply>> = HashMap::new();
    for recipient in recipients {
        let name = &recipient.site.name;
        if contents.contains_key(name) {
            continue;
        }
        let content = match &message.content {
            Content::Blob(blob) if !contents.is_empty() => {
                let bytes = blob.source.clone().stream(0, blob.size);
                let store = &recipient.open.tenant.store;
                let taken = store.ingest(&Actor::default(), bytes, u64::MAX).await;
                taken.map(Content::Blob).map_err(|error| refusal(&error))
            }
            content => Ok(content.clone()),
        };
        contents.insert(name.clone(), content);
    }
    contents
}

/// Puts a message into a recipient's mailbox; it is durable if the answer is positive.
async fn put(recipient: &Recipient, size: u64, header: Bytes, content: &Content) -> Reply {
    let config = &recipient.site.config;
    if size > config.maxmessagesize {
        return reply::TOO_LARGE;
    }
    let put = unread(header, content.clone());
    let store = &*recipient.open.tenant.store;
    let result = put_at(store, &recipient.user, &recipient.mailbox, &put).await;
    let (tenant, user) = (&recipient.site.name, &recipient.user);
    match result {
        Ok(()) => {
            tracing::info!(%tenant, %user, size, "mail delivered");
            reply::DELIVERED
        }
        Err(error) => {
            tracing::warn!(%tenant, %user, size, "mail not delivered: {error}");
            match error {
                Error::OverQuota(_) => over_quota(config),
                error => refusal(&error),
            }
        }
    }
}

/// Puts a message into a principal's inbox that the host itself has written.
pub async fn put_into_inbox(store: &dyn Store, user: &str, message: Vec<u8>) -> Result<(), Error> {
    let (header, body) = split_header(message);
    let put = unread(header.into(), Content::Bytes(body.into()));
    put_at(store, user, &inbox(user), &put).await
}

/// A message of which nobody knows what it holds.
fn unread(header: Bytes, content: Content) -> Put {
    Put {
        name: None,
        condition: Condition::None,
        header,
        content,
        content_type: "message/rfc822".to_owned(),
        flags: Vec::new(),
        keys: Vec::new(),
        keys_version: 0,
    }
}

/// Puts a message into a mailbox of a principal, or, if that is gone, into its inbox.
async fn put_at(store: &dyn Store, user: &str, mailbox: &Path, put: &Put) -> Result<(), Error> {
    let mut result = Err(Error::NotFound);
    for _ in 0..ATTEMPTS {
        result = try_put(store, user, mailbox, put).await;
        // A mailbox has come, or gone, since it was looked for.
        if !matches!(
            result,
            Err(Error::NotFound | Error::Exists | Error::Conflict)
        ) {
            break;
        }
    }
    result
}

async fn try_put(store: &dyn Store, user: &str, mailbox: &Path, put: &Put) -> Result<(), Error> {
    let actor = owner(user);
    let inbox = inbox(user);
    let mut found = store.open(&actor, mailbox).await;
    if matches!(found, Err(Error::NotFound)) && *mailbox != inbox {
        found = store.open(&actor, &inbox).await;
    }
    let mut changes = Vec::new();
    let target = match found {
        Ok(status) => Target::Mailbox(status.mailbox),
        Err(Error::NotFound) => {
            changes.push(Change::CreateMailbox {
                path: inbox,
                mailbox_type: MAIL.to_owned(),
                grants: None,
            });
            Target::Created(0)
        }
        Err(error) => return Err(error),
    };
    let is_new = !changes.is_empty();
    changes.push(Change::Put {
        target,
        put: put.clone(),
    });
    if !is_new && is_received(store, user).await? {
        changes.push(Change::Deliver {
            delivery: Delivery {
                module: String::new(),
                recipients: vec![user.to_owned()],
                purpose: DeliveryPurpose::Invite,
                message: put.header.clone(),
            },
        });
    }
    let batch = Batch {
        tokens: Vec::new(),
        changes,
    };
    let committed = store.commit(&actor, batch).await;
    committed.map(|_| ()).map_err(|failure| failure.error)
}

/// Whether somebody has something done with mail that has come: whether his inbox lets anybody deliver
/// what is new (`8`). Then the header section is queued for his module, with the message.
async fn is_received(store: &dyn Store, user: &str) -> Result<bool, Error> {
    let actor = owner(user);
    let status = match store.open(&actor, &inbox(user)).await {
        Ok(status) => status,
        Err(Error::NotFound) => return Ok(false),
        Err(error) => return Err(error),
    };
    let grants = store.grants(&actor, status.mailbox).await?;
    let anyone = Actor::default().rights_by(user, &grants);
    Ok(anyone.contains(Rights::DELIVER_INVITE))
}

fn count(recipient: &Recipient, size: u64, reply: Reply) {
    let counts = &recipient.site.traffic.deliveries;
    let count = match (reply.is_positive(), reply.is_transient()) {
        (true, _) => {
            counts.bytes.fetch_add(size, Relaxed);
            &counts.delivered
        }
        (false, true) => &counts.deferred,
        (false, false) => &counts.refused,
    };
    count.fetch_add(1, Relaxed);
}
