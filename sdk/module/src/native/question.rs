//! Questions to principals: the module's receiver answers, acting for whoever is asked.

use super::state::{State, owner_of, with_state};
use crate::{
    DeliveryOutcome, Error, Identity, Parcel, Purpose, Refusal, Report, Result, Rights, Scope,
    SignIn,
};

/// Most recipients of a question.
const RECIPIENTS_MAX: usize = 200;

pub(crate) fn ask(recipients: &[String], question: &[u8], _wait_ms: u32) -> Result<Vec<Report>> {
    if recipients.len() > RECIPIENTS_MAX {
        return Err(Error::TooMany(RECIPIENTS_MAX as u64));
    }
    let receive = with_state(|state| state.receiver);
    let receive = receive.ok_or_else(|| {
        let reason = "no receiver was given to the in-memory host";
        Error::Unsupported(reason.to_owned())
    })?;
    let reports = recipients.iter().map(|recipient| {
        let asking = with_state(|state| {
            let may = state.may_ask(recipient);
            let recipient = state.identity_of(recipient);
            may.then(|| std::mem::replace(&mut state.identity, recipient))
        });
        let outcome = match asking {
            Some(asking) => {
                let answer = receive(Parcel {
                    sender: asking.principal.clone(),
                    purpose: Purpose::Question,
                    message: question.to_vec(),
                });
                with_state(|state| state.identity = asking);
                match answer {
                    Ok(answer) => DeliveryOutcome::Received(answer.unwrap_or_default()),
                    Err(Refusal::Later(_)) => DeliveryOutcome::Pending,
                    Err(Refusal::Never(reason)) => DeliveryOutcome::Failed(reason),
                }
            }
            None => DeliveryOutcome::Refused,
        };
        Report {
            recipient: recipient.clone(),
            outcome,
        }
    });
    Ok(reports.collect())
}

impl State {
    /// Whether whoever acts has the right on any mailbox of the recipient's.
    fn may_ask(&self, recipient: &str) -> bool {
        let mut mailboxes = self.mailboxes.values();
        self.principals.contains_key(recipient)
            && mailboxes.any(|mailbox| {
                owner_of(&mailbox.path).as_deref() == Some(recipient)
                    && self.rights(mailbox).contains(Rights::FREE_BUSY)
            })
    }

    /// The identity of an instance that the host runs for a principal.
    fn identity_of(&self, id: &str) -> Identity {
        Identity {
            principal: Some(id.to_owned()),
            groups: self.groups_of(id),
            sign_in: SignIn::Host,
            scope: Scope::empty(),
            ..self.identity.clone()
        }
    }
}
