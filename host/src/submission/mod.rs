//! Mail gets out: what modules have queued is handed to the mail system, recipient by recipient, with
//! retries; what can't be delivered comes back to whoever has sent it.
//!
//! The queue is in the store, and survives a stop, however sudden. A message may be sent twice if the
//! stop comes between the mail system's answer and the note of it, and is never lost: RFC 5321 §6.1.

mod bounce;
mod transport;

use crate::config::Config;
use crate::http::dispatch::Host;
use crate::tenant::Site;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use storage::{Error, Instant, Store, Submission};
use tokio::task::{JoinHandle, JoinSet};
use transport::{Outcome, Transport};

/// How often the queues are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Recipients of a tenant that are served at once.
const AT_ONCE: u32 = 8;
/// After how many minutes it is tried again, the last for ever.
const RETRY_MINUTES: [i64; 7] = [1, 5, 15, 30, 60, 120, 240];
/// After how long it is given up. RFC 5321 §4.5.4.1 says four to five days.
const GIVE_UP_MS: i64 = 5 * 86_400_000;

/// Sends what is queued, for ever.
pub async fn run(host: Arc<Host>) {
    let mut transports: HashMap<String, (Arc<Config>, Arc<Transport>)> = HashMap::new();
    let mut busy: HashMap<String, JoinHandle<()>> = HashMap::new();
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        busy.retain(|_, task| !task.is_finished());
        let snapshot = host.snapshot();
        transports.retain(|name, _| snapshot.named(name).is_some());
        for site in snapshot.sites() {
            let Some(open) = site.opened() else { continue };
            if !site.config.smtp.sends() || busy.contains_key(&site.name) {
                continue;
            }
            let known = transports.get(&site.name);
            let known = known.filter(|(of, _)| Arc::ptr_eq(of, &site.config));
            let transport = match known {
                Some((_, transport)) => transport.clone(),
                None => match Transport::new(&site.config) {
                    Ok(transport) => Arc::new(transport),
                    Err(reason) => {
                        tracing::error!(tenant = %site.name, "mail can't be sent: {reason}");
                        continue;
                    }
                },
            };
            transports.insert(site.name.clone(), (site.config.clone(), transport.clone()));
            let (site, name) = (site.clone(), site.name.clone());
            let store = open.tenant.store.clone();
            let pass = async move { pass(&site, &store, transport).await };
            busy.insert(name, tokio::spawn(pass));
        }
    }
}

/// Serves those that are due.
async fn pass(site: &Arc<Site>, store: &Arc<dyn Store>, transport: Arc<Transport>) {
    loop {
        let due = match store.due_submissions(now(), AT_ONCE).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(tenant = %site.name, "the queue of mail can't be read: {error}");
                return;
            }
        };
        if due.is_empty() {
            return;
        }
        let mut sending = JoinSet::new();
        for submission in due {
            let (site, store, transport) = (site.clone(), store.clone(), transport.clone());
            sending.spawn(async move { serve(&site, &*store, &transport, submission).await });
        }
        while let Some(served) = sending.join_next().await {
            if !matches!(served, Ok(Ok(()))) {
                // It is due again at once: not in a circle without end.
                return;
            }
        }
    }
}

/// Serves one recipient.
async fn serve(
    site: &Site,
    store: &dyn Store,
    transport: &Transport,
    submission: Submission,
) -> Result<(), Error> {
    let message = store.letter(submission.letter).await?;
    let outcome = transport
        .send(&submission.sender, &submission.recipient, &message)
        .await;
    let tenant = &site.name;
    let Submission {
        id,
        name,
        principal,
        recipient,
        ..
    } = &submission;
    let counts = &site.traffic.submissions;
    let (reason, gone) = match outcome {
        Outcome::Sent => {
            counts.sent.fetch_add(1, Relaxed);
            tracing::info!(%tenant, user = %principal, %name, "mail sent");
            return store.finish_submission(*id, None).await;
        }
        Outcome::Later(reason) => {
            let too_old = now().saturating_sub(submission.queued) > GIVE_UP_MS;
            (reason, too_old)
        }
        Outcome::Never(reason) => (reason, true),
    };
    if !gone {
        counts.deferred.fetch_add(1, Relaxed);
        let attempt = submission.attempts as usize;
        let minutes = RETRY_MINUTES.get(attempt).or(RETRY_MINUTES.last());
        let retry = now().saturating_add(minutes.copied().unwrap_or(240) * 60_000);
        tracing::warn!(%tenant, user = %principal, %name, %recipient, "mail not sent yet: {reason}");
        return store.finish_submission(*id, Some(retry)).await;
    }
    counts.failed.fetch_add(1, Relaxed);
    tracing::warn!(%tenant, user = %principal, %name, %recipient, "mail not sent: {reason}");
    if !submission.sender.is_empty() {
        bounce::report(site, store, &submission, &message, &reason).await?;
    }
    store.finish_submission(*id, None).await
}

fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}
