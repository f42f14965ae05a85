//! Indexing: the host has a module make the keys of messages that came without. `wit/indexer.wit`.
//!
//! Messages of one owner share an instance that serves nobody, so that no two principals' messages ever
//! meet in one. What it costs is its tenant's; what it does wrong holds up the indexing of that
//! tenant, and not the requests of its users.

use crate::bindings::exports::chapar::host::indexer;
use crate::exports::found;
use crate::instance::Instance;
use crate::{HandleError, Runtime, Tenant};
use bytes::Bytes;
use storage::{Instant, Key};

/// A message that its module is to index.
#[derive(Clone, Debug)]
pub struct Unindexed {
    /// The type of its mailbox.
    pub mailbox_type: String,
    /// The media type of the body.
    pub content_type: String,
    /// When a message of its name was first put there.
    pub created: Instant,
    /// How far its keys are to reach, because somebody has looked so far.
    pub reach: Option<i64>,
    /// Header section and body.
    pub message: Bytes,
}

/// Keys that a module has made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The version of the rule.
    pub version: u32,
    /// The keys of the messages, from the first on.
    pub keys: Vec<Vec<Key>>,
}

/// A module that makes keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexer {
    /// Its name.
    pub module: String,
    /// SHA-256 of the file that serves, in hex.
    pub serving: String,
    /// The types of mailboxes whose messages it indexes.
    pub mailbox_types: Vec<String>,
}

impl Runtime {
    /// Lists the modules of a tenant that make keys, by name.
    pub fn indexers(&self, tenant: &Tenant) -> Vec<Indexer> {
        let table = self.view(Some(tenant));
        let states = self.states();
        let of = |name: &str| {
            let state = states.iter().find(|state| state.name == name);
            state.and_then(|state| state.serving.clone())
        };
        table
            .descriptors()
            .filter(|descriptor| {
                let module = table.module(&descriptor.name);
                module.is_some_and(|module| module.extras.indexer.is_some())
            })
            .map(|descriptor| Indexer {
                module: descriptor.name.clone(),
                serving: of(&descriptor.name).unwrap_or_default(),
                mailbox_types: descriptor.mailbox_types.clone(),
            })
            .collect()
    }

    /// The version of the rule by which a module makes keys. None if it has no `indexer`, or is not
    /// loaded.
    pub async fn keys_version(
        &self,
        module: &str,
        tenant: &Tenant,
    ) -> Result<Option<u32>, HandleError> {
        let call = |mut instance: Instance| async move {
            let result = version(&mut instance).await;
            result.map_err(|error| instance.failure(&error))
        };
        self.call_indexer(module, tenant, call).await
    }

    /// Makes the keys of messages of one owner, in one instance; of as many as it can. None if the
    /// module has no `indexer`, or is not loaded.
    ///
    /// Fails if there are none of the first.
    pub async fn keys(
        &self,
        module: &str,
        tenant: &Tenant,
        messages: Vec<Unindexed>,
    ) -> Result<Option<Made>, HandleError> {
        let messages = messages.into_iter().map(|message| indexer::Unindexed {
            mailbox_type: message.mailbox_type,
            content_type: message.content_type,
            created: message.created,
            reach: message.reach,
            message: message.message.into(),
        });
        let messages: Vec<indexer::Unindexed> = messages.collect();
        let call = move |mut instance: Instance| async move {
            let mut made = Made::default();
            for message in &messages {
                match index(&mut instance, message).await {
                    Ok((version, keys)) => {
                        made.version = version;
                        made.keys.push(keys);
                    }
                    Err(error) if made.keys.is_empty() => return Err(instance.failure(&error)),
                    // It may be the ones before that have used up what there was: whoever asks for
                    // the rest begins with this one.
                    Err(_) => break,
                }
            }
            Ok(made)
        };
        self.call_indexer(module, tenant, call).await
    }

    async fn call_indexer<T: Send + 'static, F>(
        &self,
        module: &str,
        tenant: &Tenant,
        call: impl FnOnce(Instance) -> F + Send + 'static,
    ) -> Result<Option<T>, HandleError>
    where
        F: Future<Output = Result<T, HandleError>> + Send + 'static,
    {
        let indexes = |module: &crate::load::Module| module.extras.indexer.is_some();
        let Some(loaded) = self.loaded(Some(tenant), module, indexes) else {
            return Ok(None);
        };
        let account = format!("{module}:indexer");
        self.call_for(Some(tenant), &account, loaded, None, call)
            .await
            .map(Some)
    }
}

async fn version(instance: &mut Instance) -> wasmtime::Result<u32> {
    let module = instance.module.clone();
    let store = &mut instance.store;
    let guest = found(&module.extras.indexer)?.load(&mut *store, &instance.instance)?;
    guest.call_version(&mut *store).await
}

async fn index(
    instance: &mut Instance,
    message: &indexer::Unindexed,
) -> wasmtime::Result<(u32, Vec<Key>)> {
    let module = instance.module.clone();
    let store = &mut instance.store;
    let guest = found(&module.extras.indexer)?.load(&mut *store, &instance.instance)?;
    let version = guest.call_version(&mut *store).await?;
    let keys = guest.call_keys(&mut *store, message).await?;
    Ok((version, keys.into_iter().map(Key::from).collect()))
}
