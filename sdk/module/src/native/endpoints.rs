//! Endpoints of the in-memory host: nothing is posted, a test looks at what would be.

use crate::native::state::{State, with_state};
use crate::{Endpoint, EndpointTarget, Error, Result, Rights, Scope, Topic};

const ENDPOINTS_MAX: usize = 64;
const TOKEN_LEN_MAX: usize = 4 << 10;
const LIFE_MS_MAX: i64 = 90 * 86_400_000;

/// An endpoint with what nobody is told of it.
#[derive(Clone, Debug)]
pub struct StoredEndpoint {
    /// Whose it is.
    pub principal: String,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Where it leads to.
    pub target: EndpointTarget,
    /// The first message.
    pub first: Vec<u8>,
}

pub(crate) fn server_key() -> Option<Vec<u8>> {
    with_state(|state| state.server_key.clone())
}

pub(crate) fn create(endpoint: &Endpoint, target: &EndpointTarget, first: &[u8]) -> Result<()> {
    with_state(|state| {
        let principal = writer(state)?;
        if state.server_key.is_none() {
            return Err(Error::Unsupported("this host posts nothing".to_owned()));
        }
        if !target.url.starts_with("https://") {
            return Err(Error::Invalid("it posts to https URLs only".to_owned()));
        }
        check(state, endpoint)?;
        let mine = state.endpoints.iter();
        let mine = mine.filter(|stored| stored.principal == principal);
        let names: Vec<&str> = mine.map(|stored| stored.endpoint.name.as_str()).collect();
        if names.contains(&endpoint.name.as_str()) {
            return Err(Error::Exists);
        }
        if names.len() >= ENDPOINTS_MAX {
            return Err(Error::TooMany(ENDPOINTS_MAX as u64));
        }
        state.endpoints.push(StoredEndpoint {
            principal,
            endpoint: Endpoint {
                version: 1,
                ..endpoint.clone()
            },
            target: target.clone(),
            first: first.to_vec(),
        });
        Ok(())
    })
}

pub(crate) fn update(endpoint: &Endpoint) -> Result<()> {
    with_state(|state| {
        let principal = writer(state)?;
        check(state, endpoint)?;
        let stored = state
            .endpoints
            .iter_mut()
            .find(|stored| stored.principal == principal && stored.endpoint.name == endpoint.name);
        let stored = stored.ok_or(Error::NotFound)?;
        if stored.endpoint.version != endpoint.version {
            return Err(Error::Conflict);
        }
        stored.endpoint = Endpoint {
            version: endpoint.version + 1,
            ..endpoint.clone()
        };
        Ok(())
    })
}

pub(crate) fn remove(name: &str) -> Result<bool> {
    with_state(|state| {
        let principal = writer(state)?;
        let before = state.endpoints.len();
        let is_it =
            |stored: &StoredEndpoint| stored.principal == principal && stored.endpoint.name == name;
        state.endpoints.retain(|stored| !is_it(stored));
        Ok(state.endpoints.len() < before)
    })
}

pub(crate) fn list() -> Result<Vec<Endpoint>> {
    with_state(|state| {
        let now = state.now;
        state
            .endpoints
            .retain(|stored| stored.endpoint.expires > now);
        let me = state.identity.principal.clone().unwrap_or_default();
        let mine = state.endpoints.iter();
        let mine = mine.filter(|stored| stored.principal == me);
        Ok(mine.map(|stored| stored.endpoint.clone()).collect())
    })
}

fn writer(state: &State) -> Result<String> {
    let read_only = state.identity.scope.contains(Scope::READ_ONLY);
    let principal = state.identity.principal.clone().filter(|_| !read_only);
    principal.ok_or(Error::Forbidden(Rights::empty()))
}

fn check(state: &State, endpoint: &Endpoint) -> Result<()> {
    if endpoint.token.len() > TOKEN_LEN_MAX {
        return Err(Error::TooLarge(TOKEN_LEN_MAX as u64));
    }
    let lasts = endpoint.expires - state.now;
    if !(1..=LIFE_MS_MAX).contains(&lasts) {
        return Err(Error::Invalid(
            "an endpoint expires within 90 days".to_owned(),
        ));
    }
    let me = state.identity.principal.as_deref();
    let owners = endpoint.topics.iter().map(|topic| match topic {
        Topic::Owner(owner) => Some(owner.as_str()),
        Topic::Mailbox(path) => path.get(1).map(String::as_str),
    });
    for owner in owners.filter(|owner| *owner != me) {
        let mut mailboxes = state.mailboxes.values();
        let is_seen = mailboxes.any(|mailbox| {
            mailbox.path.get(1).map(String::as_str) == owner
                && state.rights(mailbox).contains(Rights::LOOKUP)
        });
        if !is_seen {
            return Err(Error::NotFound);
        }
    }
    Ok(())
}
