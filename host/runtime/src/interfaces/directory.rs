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
        let found = serving.store().principal(&id).await?;
        Ok(told(found, domains(serving)))
    }

    async fn find_by_address(&mut self, address: String) -> Result<wit::Principal, Error> {
        let serving = self.signed_in()?;
        let found = match serving.store().principal_by_address(&address).await {
            Err(storage::Error::NotFound) => {
                let name = name_at(&address, domains(serving)).ok_or(types::Error::NotFound)?;
                let found = serving.store().principal(&name).await?;
                if !has_no_address(&found) {
                    return Err(types::Error::NotFound.into());
                }
                found
            }
            found => found?,
        };
        Ok(told(found, domains(serving)))
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
        let told = |found| told(found, domains(serving));
        Ok(found.into_iter().map(told).collect())
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

/// The domains of the tenant, where mail is sent.
fn domains(serving: &crate::state::Serving) -> &[String] {
    serving.tenant.mail_domains.as_deref().unwrap_or_default()
}

/// Whether the directory has no address of a user, who has those of the name then.
fn has_no_address(principal: &Principal) -> bool {
    principal.kind == Kind::User && principal.addresses.is_empty()
}

/// The name of whoever an address would be the name's of.
fn name_at(address: &str, domains: &[String]) -> Option<String> {
    let address = address.to_lowercase();
    let (name, domain) = address.rsplit_once('@')?;
    domains
        .iter()
        .any(|one| one.eq_ignore_ascii_case(domain))
        .then(|| name.to_owned())
}

/// A principal as modules see it.
fn told(from: Principal, domains: &[String]) -> wit::Principal {
    let addresses = match has_no_address(&from) {
        false => from.addresses,
        true if from.id.contains('@') => vec![from.id.clone()],
        true => domains
            .iter()
            .map(|domain| format!("{}@{domain}", from.id))
            .collect(),
    };
    wit::Principal {
        id: from.id,
        kind: match from.kind {
            Kind::User => wit::Kind::User,
            Kind::Group => wit::Kind::Group,
            Kind::Room => wit::Kind::Room,
            Kind::Resource => wit::Kind::Resource,
        },
        display_name: from.display_name,
        addresses,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(id: &str, kind: Kind, addresses: &[&str]) -> Principal {
        Principal {
            id: id.to_owned(),
            kind,
            display_name: String::new(),
            addresses: addresses.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_user_without_an_address_has_the_names() {
        let domains = ["a.test".to_owned(), "b.test".to_owned()];
        let of = |principal, domains| told(principal, domains).addresses;
        let alice = || principal("alice", Kind::User, &[]);
        assert_eq!(of(alice(), &domains), ["alice@a.test", "alice@b.test"]);
        // Where no mail is sent, nobody has any.
        assert_eq!(of(alice(), &[]), [""; 0]);
        let known = principal("alice", Kind::User, &["a.smith@a.test"]);
        assert_eq!(of(known, &domains), ["a.smith@a.test"]);
        let whole = principal("bob@c.test", Kind::User, &[]);
        assert_eq!(of(whole, &domains), ["bob@c.test"]);
        assert_eq!(of(principal("all", Kind::Group, &[]), &domains), [""; 0]);
        assert_eq!(name_at("Alice@B.test", &domains).as_deref(), Some("alice"));
        assert_eq!(name_at("alice@c.test", &domains), None);
        assert_eq!(name_at("alice", &domains), None);
    }
}
