//! `wit/endpoint.wit`: where the host posts what a module has to say. Posting is the business of
//! whoever runs the runtime; here endpoints are made, changed and removed.

use super::Error;
use crate::bindings::chapar::host::endpoint as wit;
use crate::bindings::chapar::host::{types, watch};
use crate::state::{Serving, State};
use crate::waking::first_seen;
use storage::{Endpoint, EndpointKeys, EndpointTarget, NewEndpoint, Rights, Topic};

/// Length of an uncompressed point of P-256. RFC 8291 §3.1.
const PUBLIC_KEY_LEN: usize = 65;
/// Length of an authentication secret. RFC 8291 §3.2.
const AUTH_SECRET_LEN: usize = 16;

impl wit::Host for State {
    async fn server_key(&mut self) -> wasmtime::Result<Option<Vec<u8>>> {
        let endpoints = self.serving()?.tenant.endpoints.as_ref();
        Ok(endpoints.map(|endpoints| endpoints.server_key.to_vec()))
    }

    async fn create(
        &mut self,
        endpoint: wit::Endpoint,
        target: wit::Target,
        first: Vec<u8>,
    ) -> Result<(), Error> {
        let serving = self.serving()?.clone();
        let principal = writer(&serving)?;
        let Some(endpoints) = &serving.tenant.endpoints else {
            let reason = "this host posts nothing: `push_destinations` is `none`";
            return Err(types::Error::Unsupported(reason.to_owned()).into());
        };
        (endpoints.check)(&target.url).map_err(types::Error::Invalid)?;
        let endpoint = endpoint.into();
        may_watch(&serving, &endpoint).await?;
        let new = NewEndpoint {
            principal: principal.to_owned(),
            module: serving.module.name.clone(),
            endpoint,
            target: EndpointTarget {
                url: target.url,
                content_type: media_type(target.content_type)?,
                keys: target.keys.map(keys).transpose()?,
                server_key: endpoints.server_key.clone(),
            },
            first: first.into(),
        };
        Ok(serving.store().create_endpoint(new).await?)
    }

    async fn update(&mut self, endpoint: wit::Endpoint) -> Result<(), Error> {
        let serving = self.serving()?.clone();
        let principal = writer(&serving)?;
        let endpoint = endpoint.into();
        may_watch(&serving, &endpoint).await?;
        let (store, module) = (serving.store(), &serving.module.name);
        Ok(store.update_endpoint(principal, module, &endpoint).await?)
    }

    async fn remove(&mut self, name: String) -> Result<bool, Error> {
        let serving = self.serving()?.clone();
        let principal = writer(&serving)?;
        let (store, module) = (serving.store(), &serving.module.name);
        Ok(store.remove_endpoint(principal, module, &name).await?)
    }

    async fn list(&mut self) -> Result<Vec<wit::Endpoint>, Error> {
        let serving = self.serving()?;
        let Some(principal) = serving.actor().principal.as_deref() else {
            return Ok(Vec::new());
        };
        let (store, module) = (serving.store(), &serving.module.name);
        let endpoints = store.endpoints(principal, module).await?;
        Ok(endpoints.into_iter().map(wit::Endpoint::from).collect())
    }
}

/// Whose endpoints may be changed.
fn writer(serving: &Serving) -> Result<&str, Error> {
    let actor = serving.actor();
    let principal = actor.principal.as_deref().filter(|_| !actor.read_only);
    principal.ok_or_else(|| storage::Error::Forbidden(Rights::UPDATE_PRIVATE).into())
}

/// Refuses topics of whom the principal may not know: when they change is theirs to tell.
async fn may_watch(serving: &Serving, endpoint: &Endpoint) -> Result<(), Error> {
    let actor = serving.actor();
    for owner in endpoint.topics.iter().map(Topic::owner) {
        let is_own = actor.principal.as_deref() == Some(owner);
        if !is_own && first_seen(serving.store(), actor, owner).await?.is_none() {
            return Err(storage::Error::NotFound.into());
        }
    }
    Ok(())
}

fn media_type(text: String) -> Result<String, Error> {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte);
    match !text.is_empty() && text.bytes().all(plain) {
        true => Ok(text),
        false => Err(types::Error::Invalid(format!("{text:?} is no media type")).into()),
    }
}

fn keys(keys: wit::Keys) -> Result<EndpointKeys, Error> {
    let is_point = keys.public_key.len() == PUBLIC_KEY_LEN && keys.public_key.first() == Some(&4);
    if !is_point || keys.auth_secret.len() != AUTH_SECRET_LEN {
        let reason = "the keys are an uncompressed point of P-256 and a secret of 16 bytes";
        return Err(types::Error::Invalid(reason.to_owned()).into());
    }
    Ok(EndpointKeys {
        public_key: keys.public_key.into(),
        auth_secret: keys.auth_secret.into(),
    })
}

impl From<wit::Endpoint> for Endpoint {
    fn from(endpoint: wit::Endpoint) -> Self {
        Self {
            name: endpoint.name,
            topics: endpoint.topics.into_iter().map(Topic::from).collect(),
            token: endpoint.token.into(),
            expires: endpoint.expires,
            version: endpoint.version,
        }
    }
}

impl From<Endpoint> for wit::Endpoint {
    fn from(endpoint: Endpoint) -> Self {
        let topic = |topic| match topic {
            Topic::Owner(owner) => watch::Topic::Owner(owner),
            Topic::Mailbox(path) => watch::Topic::Mailbox(path.0),
        };
        Self {
            name: endpoint.name,
            topics: endpoint.topics.into_iter().map(topic).collect(),
            token: endpoint.token.into(),
            expires: endpoint.expires,
            version: endpoint.version,
        }
    }
}
