//! `wit/submission.wit`: handing a message to the mail system. It goes into the store's queue, which
//! the host works off.

use super::{Blob, Error};
use crate::bindings::chapar::host::{submission as wit, types};
use crate::state::State;
use bytes::BytesMut;
use futures_util::StreamExt;
use storage::{Letter, Principal, Rights};
use wasmtime::component::Resource;

/// The biggest message that is sent.
const MESSAGE_LEN_MAX: u64 = 64 << 20;
/// The longest address.
const ADDRESS_LEN_MAX: usize = 320;

impl wit::Host for State {
    async fn submit(
        &mut self,
        envelope: wit::Envelope,
        message: Resource<Blob>,
    ) -> Result<String, Error> {
        let serving = self.serving()?.clone();
        let domains = serving.tenant.mail_domains.as_deref().ok_or_else(no_mail)?;
        let blob = self.handles.get(&message)?.0.clone();
        if blob.size > MESSAGE_LEN_MAX {
            return Err(types::Error::TooLarge(MESSAGE_LEN_MAX).into());
        }
        let store = serving.store();
        let actor = serving.actor();
        let Some(id) = actor.principal.as_deref().filter(|_| !actor.read_only) else {
            return Err(storage::Error::Forbidden(Rights::POST).into());
        };
        let sender = envelope.sender;
        let principal = store.principal(id).await?;
        if !sender.is_empty() && !may_send_as(&principal, domains, &sender) {
            return Err(storage::Error::Forbidden(Rights::POST).into());
        }
        if let Some(bad) = envelope.recipients.iter().find(|it| !is_address(it)) {
            return Err(types::Error::Invalid(format!("{bad:?} is no address")).into());
        }
        let mut bytes = BytesMut::new();
        let mut pieces = blob.source.stream(0, blob.size);
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece?);
        }
        let letter = Letter {
            principal: id.to_owned(),
            sender,
            recipients: envelope.recipients,
            not_before: envelope.not_before,
            message: bytes.freeze(),
        };
        Ok(store.submit(letter).await?)
    }

    async fn cancel(&mut self, name: String) -> Result<bool, Error> {
        let serving = self.serving()?.clone();
        if serving.tenant.mail_domains.is_none() {
            return Err(no_mail());
        }
        let Some(id) = serving.actor().principal.as_deref() else {
            return Ok(false);
        };
        Ok(serving.store().cancel_submission(id, &name).await?)
    }
}

fn no_mail() -> Error {
    types::Error::Unsupported("this host sends no mail: `smtp_backend` is not set".to_owned())
        .into()
}

/// Whether an address is a principal's: one of the directory, or its name at a domain of the tenant.
/// What is behind a `+` is for whoever has it to choose. RFC 5233 §4.
fn may_send_as(principal: &Principal, domains: &[String], sender: &str) -> bool {
    let Some((local, domain)) = sender.rsplit_once('@') else {
        return false;
    };
    let local = local.split('+').next().unwrap_or(local);
    let plain = format!("{local}@{domain}").to_lowercase();
    let mut addresses = principal.addresses.iter().map(|it| it.to_lowercase());
    let id = principal.id.to_lowercase();
    addresses.any(|address| address == plain || address == sender.to_lowercase())
        || id == plain
        || domains.iter().any(|it| plain == format!("{id}@{it}"))
}

fn is_address(text: &str) -> bool {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>');
    let parts = text.rsplit_once('@');
    text.len() <= ADDRESS_LEN_MAX
        && text.chars().all(plain)
        && parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::Kind;

    #[test]
    fn a_principal_sends_as_itself() {
        let principal = Principal {
            id: "alice".into(),
            kind: Kind::User,
            display_name: String::new(),
            addresses: vec!["Alice.Smith@a.test".into()],
        };
        let domains = ["a.test".to_owned(), "b.test".to_owned()];
        let may = |sender: &str| may_send_as(&principal, &domains, sender);
        for sender in [
            "alice@a.test",
            "ALICE@B.test",
            "alice.smith@a.test",
            "alice+x@a.test",
        ] {
            assert!(may(sender), "{sender}");
        }
        for sender in [
            "bob@a.test",
            "alice@c.test",
            "alice",
            "alice.smith@b.test",
            "@a.test",
        ] {
            assert!(!may(sender), "{sender}");
        }
        assert!(is_address("a@b") && !is_address("a@b>\r\nDATA") && !is_address("a@"));
    }
}
