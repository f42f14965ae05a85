//! `wit/annotation.wit`: named values on mailboxes and messages.

use super::{Error, Mailbox};
use crate::bindings::chapar::host::annotation as wit;
use crate::state::State;
use storage::{Annotation, Visibility};
use wasmtime::component::Resource;

impl wit::Host for State {
    async fn of_mailbox(
        &mut self,
        mailbox: Resource<Mailbox>,
        prefix: String,
    ) -> Result<Vec<wit::Annotation>, Error> {
        let id = self.handles.get(&mailbox)?.id;
        let serving = self.serving()?;
        let annotations = serving
            .store()
            .mailbox_annotations(serving.actor(), id, &prefix)
            .await?;
        Ok(annotations.into_iter().map(wit::Annotation::from).collect())
    }

    async fn of_messages(
        &mut self,
        mailbox: Resource<Mailbox>,
        uids: Vec<u32>,
        prefix: String,
    ) -> Result<Vec<wit::MessageAnnotation>, Error> {
        let id = self.handles.get(&mailbox)?.id;
        let serving = self.serving()?;
        let annotations = serving
            .store()
            .message_annotations(serving.actor(), id, &uids, &prefix)
            .await?;
        Ok(annotations
            .into_iter()
            .map(|found| wit::MessageAnnotation {
                uid: found.uid,
                annotation: found.annotation.into(),
            })
            .collect())
    }
}

impl From<Annotation> for wit::Annotation {
    fn from(from: Annotation) -> Self {
        Self {
            name: from.name,
            visibility: match from.visibility {
                Visibility::Shared => wit::Visibility::Shared,
                Visibility::Private => wit::Visibility::Private,
            },
            value: from.value.map(Vec::from),
        }
    }
}

impl From<wit::Annotation> for Annotation {
    fn from(from: wit::Annotation) -> Self {
        Self {
            name: from.name,
            visibility: match from.visibility {
                wit::Visibility::Shared => Visibility::Shared,
                wit::Visibility::Private => Visibility::Private,
            },
            value: from.value.map(Into::into),
        }
    }
}
