//! `wit/directory.wit`: principals of the tenant. Whoever is signed in may read it; anonymous sees
//! nothing in it.

use super::Error;
use crate::bindings::chapar::host::{directory as wit, types};
use crate::state::State;
use storage::{Kind, Principal, Rights};

/// Most principals that one search returns.
const SEARCH_MAX: u32 = 1000;
/// Longest display name, in bytes.
const DISPLAY_NAME_MAX: usize = 255;

impl wit::Host for State {
    async fn find(&mut self, id: String) -> Result<wit::Principal, Error> {
        let serving = self.signed_in()?;
        Ok(serving.store().principal(&id).await?.into())
    }

    async fn find_by_address(&mut self, address: String) -> Result<wit::Principal, Error> {
        let serving = self.signed_in()?;
        Ok(serving.store().principal_by_address(&address).await?.into())
    }

    async fn search(
        &mut self,
        text: String,
        kind: Option<wit::Kind>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<wit::Principal>, Error> {
        if limit > SEARCH_MAX {
            return Err(types::Error::TooMany(SEARCH_MAX.into()).into());
        }
        let serving = self.serving()?;
        if serving.actor().principal.is_none() {
            return Ok(Vec::new());
        }
        let found = serving
            .store()
            .search_principals(&text, kind.map(Kind::from), after.as_deref(), limit)
            .await?;
        Ok(found.into_iter().map(wit::Principal::from).collect())
    }

    async fn members(&mut self, group: String) -> Result<Vec<String>, Error> {
        let serving = self.signed_in()?;
        serving.store().principal(&group).await?;
        Ok(serving.store().members(&group).await?)
    }

    async fn groups(&mut self, id: String) -> Result<Vec<String>, Error> {
        let serving = self.signed_in()?;
        serving.store().principal(&id).await?;
        Ok(serving.store().groups(&id).await?)
    }

    async fn set_display_name(&mut self, display_name: String) -> Result<(), Error> {
        let serving = self.serving()?;
        let actor = serving.actor();
        let Some(id) = actor.principal.as_deref().filter(|_| !actor.read_only) else {
            return Err(types::Error::Forbidden(Rights::default().into()).into());
        };
        if display_name.len() > DISPLAY_NAME_MAX || display_name.chars().any(char::is_control) {
            let why = "display-name: longer than 255 bytes, or has control characters";
            return Err(types::Error::Invalid(why.to_owned()).into());
        }
        let mut principal = serving.store().principal(id).await?;
        principal.display_name = display_name;
        Ok(serving.store().put_principal(&principal).await?)
    }
}

impl State {
    /// Whom the instance serves, if it is someone who may read the directory.
    fn signed_in(&self) -> Result<&crate::state::Serving, Error> {
        let serving = self.serving()?;
        if serving.actor().principal.is_none() {
            return Err(types::Error::NotFound.into());
        }
        Ok(serving)
    }
}

impl From<Principal> for wit::Principal {
    fn from(from: Principal) -> Self {
        Self {
            id: from.id,
            kind: match from.kind {
                Kind::User => wit::Kind::User,
                Kind::Group => wit::Kind::Group,
                Kind::Room => wit::Kind::Room,
                Kind::Resource => wit::Kind::Resource,
            },
            display_name: from.display_name,
            addresses: from.addresses,
        }
    }
}

impl From<wit::Kind> for Kind {
    fn from(from: wit::Kind) -> Self {
        match from {
            wit::Kind::User => Self::User,
            wit::Kind::Group => Self::Group,
            wit::Kind::Room => Self::Room,
            wit::Kind::Resource => Self::Resource,
        }
    }
}
