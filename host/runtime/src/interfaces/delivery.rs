//! `wit/delivery.wit`: handing a message to another principal, and asking one. What is delivered goes
//! through a batch into the store's queue; a question is answered at once, in an instance that acts
//! for whom it is put to, while the one that asks waits: both are on the same bill, and the second
//! needs no place in any queue.
//!
//! # Not supported
//!
//! Waiting for results: what became of a delivery is in the log.

use super::Error;
use crate::account::Alive;
use crate::bindings::chapar::host::{delivery as wit, types};
use crate::bindings::exports::chapar::host::receiver::Parcel;
use crate::exports::{Received, take};
use crate::limits::Meter;
use crate::serve::make;
use crate::state::{Asking, Current, Serving, State};
use crate::table::ModuleTable;
use crate::{HandleError, Identity, SignIn};
use std::sync::Arc;
use std::time::Duration;
use storage::{Actor, ListScope, Path, Rights};
use tokio::time::{Instant, timeout_at};

/// Most recipients of one question.
const RECIPIENTS_MAX: usize = 200;
/// The longest wait for their answers.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How many mailboxes of a recipient are looked at for the right to ask, in the order of their paths:
/// who has more before the first that gives it is as if it gave none.
const MAILBOXES_MAX: u32 = 500;

impl wit::Host for State {
    async fn results(&mut self, _wait_ms: u32) -> Result<Vec<wit::Report>, Error> {
        self.receives()?;
        unsupported("the results of deliveries can't be waited for yet")
    }

    async fn ask(
        &mut self,
        recipients: Vec<String>,
        question: Vec<u8>,
        wait_ms: u32,
    ) -> Result<Vec<wit::Report>, Error> {
        if recipients.len() > RECIPIENTS_MAX {
            return Err(types::Error::TooMany(RECIPIENTS_MAX as u64).into());
        }
        self.receives()?;
        let serving = self.serving()?.clone();
        let request = self.request()?;
        let Some(asking) = request.asking.clone() else {
            return unsupported("who is asked can't ask in turn");
        };
        let question = Question {
            asking,
            table: request.table.clone(),
            serving,
            meter: self.meter.clone(),
            message: question,
        };
        let wait = Duration::from_millis(wait_ms.into()).min(WAIT_MAX);
        let until = Instant::now() + wait;
        let mut reports = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            let asked = timeout_at(until, question.put_to(&recipient)).await;
            let outcome = asked.unwrap_or(Ok(wit::Outcome::Pending))?;
            reports.push(wit::Report { recipient, outcome });
        }
        Ok(reports)
    }
}

fn unsupported<T>(reason: &str) -> Result<T, Error> {
    Err(types::Error::Unsupported(reason.to_owned()).into())
}

impl State {
    /// Refuses if the module takes no deliveries.
    fn receives(&self) -> Result<(), Error> {
        let module = &self.serving()?.module;
        match module.receives {
            true => Ok(()),
            false => unsupported(&format!("module {} exports no receiver", module.name)),
        }
    }
}

/// A question, and who puts it.
struct Question {
    asking: Asking,
    table: Arc<ModuleTable>,
    serving: Serving,
    meter: Arc<Meter>,
    message: Vec<u8>,
}

impl Question {
    /// Puts it to a principal. Who has no right to ask learns no more than that, not even whether
    /// there is such a principal.
    async fn put_to(&self, recipient: &str) -> Result<wit::Outcome, Error> {
        let store = self.serving.store();
        let groups = match store.groups(recipient).await {
            Ok(groups) => groups,
            Err(storage::Error::NotFound) => return Ok(wit::Outcome::Refused),
            Err(error) => return Err(error.into()),
        };
        let actor = Actor {
            principal: Some(recipient.to_owned()),
            groups,
            admin: false,
            // An answer changes nothing.
            read_only: true,
        };
        if !self.may_ask(&actor, recipient).await? {
            return Ok(wit::Outcome::Refused);
        }
        let answered = self.answer(actor).await;
        Ok(match answered {
            Ok(Received::Taken(answer)) => {
                wit::Outcome::Received(answer.map(Vec::from).unwrap_or_default())
            }
            Ok(Received::Later(_)) => wit::Outcome::Pending,
            Ok(Received::Never(reason)) => wit::Outcome::Failed(reason),
            Err(HandleError::Busy { .. }) => wit::Outcome::Pending,
            Err(error) => {
                let tenant = &self.serving.tenant.name;
                tracing::error!(
                    module = self.serving.module.name,
                    tenant,
                    "a question was not answered: {error}"
                );
                wit::Outcome::Failed("it could not be answered".to_owned())
            }
        })
    }

    /// Whether any mailbox of the recipient's gives the right to ask to whoever does.
    async fn may_ask(&self, recipient: &Actor, owner: &str) -> Result<bool, Error> {
        let store = self.serving.store();
        let all = ListScope::Tree(Path(vec!["user".to_owned(), owner.to_owned()]));
        let listed = store.list_mailboxes(recipient, &all, None, None, MAILBOXES_MAX);
        for status in listed.await? {
            let grants = match store.grants(recipient, status.mailbox).await {
                Ok(grants) => grants,
                // It went away meanwhile, or is nobody's to ask about.
                Err(storage::Error::NotFound | storage::Error::Forbidden(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            let rights = self.serving.actor().rights_by(owner, &grants);
            if rights.contains(Rights::FREE_BUSY) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Has it answered in an instance that acts for the recipient, on the bill of who asks.
    async fn answer(&self, recipient: Actor) -> Result<Received, HandleError> {
        let Asking {
            shared,
            module,
            bounds,
            account,
        } = &self.asking;
        let serving = Serving {
            module: module.facts.clone(),
            tenant: self.serving.tenant.clone(),
            identity: Identity {
                actor: recipient,
                sign_in: SignIn::Host,
            },
        };
        let mut instance = make(shared, module, Some(serving), *bounds, &self.meter).await?;
        instance.alive = Some(Alive::new(account.clone()));
        instance.store.data_mut().current = Some(Current {
            table: self.table.clone(),
            reply: None,
            asking: None,
        });
        let parcel = Parcel {
            sender: self.serving.actor().principal.clone(),
            purpose: wit::Purpose::Question,
            message: self.message.clone(),
        };
        let taken = take(&mut instance, &parcel).await;
        taken.map_err(|error| instance.failure(&error))
    }
}
