//! A module that wants to read mailboxes, which not every module may.

use module::{
    Access, Answer, Descriptor, Extent, Mailbox, MailboxScope, Module, Mount, Request, Response,
};

/// The module.
pub struct Ungranted;

module::export!(Ungranted);

impl Module for Ungranted {
    fn describe() -> Descriptor {
        Descriptor {
            name: "ungranted".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Counts the mailboxes that are shared with whoever asks.".to_owned(),
            mounts: vec![Mount::new(
                "/ungranted",
                Extent::Prefix,
                &["GET"],
                Access::Authenticated,
            )],
            capabilities: vec!["mailbox".to_owned()],
            ..Descriptor::default()
        }
    }

    fn handle(_request: Request) -> Answer {
        match Mailbox::list_all(&MailboxScope::Shared, None, None, 100) {
            Ok(found) => Response::new(200)
                .body("text/plain", found.len().to_string())
                .into(),
            Err(error) => Response::new(500)
                .body("text/plain", error.to_string())
                .into(),
        }
    }
}
