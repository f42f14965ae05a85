//! From an Authorization field to a principal.
//!
//! Every request carries its credentials. Verified ones are remembered for minutes, and compared
//! with the store every few seconds, so a password that is changed or a user who is removed by
//! another process is out within [`cache::FRESH`].

mod attempts;
pub mod basic;
mod cache;
pub mod names;
pub mod password;

use crate::config::Config;
use attempts::{Attempts, Verdict};
use cache::{Cache, Found, Tag};
use runtime::{Gate, Identity, Party, SignIn};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use storage::{Actor, Store};

/// Who makes a request.
#[derive(Debug)]
pub struct SignedIn {
    /// As modules see it.
    pub identity: Identity,
    /// The argon2id string that the password was verified against; none for whoever gave none.
    verified_against: Option<Arc<str>>,
    /// When the store was asked.
    checked: Instant,
}

impl SignedIn {
    /// A user who gave a password, when the store had this argon2id string.
    fn new(
        name: String,
        groups: Vec<String>,
        admin: bool,
        (verified_against, checked): (Arc<str>, Instant),
    ) -> Self {
        let actor = Actor {
            principal: Some(name),
            groups,
            admin,
            read_only: false,
        };
        Self {
            identity: Identity {
                actor,
                sign_in: SignIn::Password,
            },
            verified_against: Some(verified_against),
            checked,
        }
    }

    /// Whoever comes.
    pub fn anonymous() -> Self {
        Self {
            identity: Identity {
                actor: Actor::default(),
                sign_in: SignIn::Anonymous,
            },
            verified_against: None,
            checked: Instant::now(),
        }
    }

    /// Whether it holds without asking the store again.
    pub fn is_fresh(&self) -> bool {
        self.verified_against.is_none() || self.checked.elapsed() <= cache::FRESH
    }

    /// The user's name; none for anonymous.
    pub fn name(&self) -> Option<&str> {
        self.identity.actor.principal.as_deref()
    }
}

/// A principal whom the host lets a module act for, though nobody has signed in: something has come for
/// it, or is due. [`storage::Error::NotFound`] if there is no such principal.
pub async fn on_behalf(store: &dyn Store, principal: &str) -> Result<Identity, storage::Error> {
    Ok(Identity {
        actor: Actor {
            principal: Some(principal.to_owned()),
            groups: store.groups(principal).await?,
            ..Actor::default()
        },
        sign_in: SignIn::Host,
    })
}

/// Why someone is not signed in.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The field is of no scheme that is offered here.
    Scheme,
    /// There is no such user, or the password is another.
    Credentials,
    /// Too many wrong passwords; wait so long.
    TooMany(Duration),
    /// Too many are being verified now.
    Busy,
    /// The store does not answer.
    Unavailable(String),
}

/// How many may wait for their password to be verified. When there are more, those go who came last
/// of the tenant that has most.
const WAITING_MAX: usize = 256;

/// The users of a tenant, as signing in needs to know them.
pub struct Users {
    /// Of this value alone: nothing that is remembered of one store is ever held against another,
    /// even if their tenants have the same name one after the other.
    serial: u64,
    /// Its turns at computing.
    turns: Arc<Party>,
    store: Arc<dyn Store>,
    admins: Vec<String>,
    domains: Vec<String>,
    fold: bool,
    pause: Duration,
}

impl Users {
    /// The users of a store.
    pub fn new(store: Arc<dyn Store>, config: &Config) -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        Self {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            turns: Party::new(usize::MAX),
            store,
            admins: config.admins.clone(),
            domains: config.domains.clone(),
            fold: config.username_tolower,
            pause: config.failedloginpause,
        }
    }
}

/// Signs users in, of every tenant: what is remembered is kept apart, what it takes is shared.
pub struct Authenticator {
    cache: Cache,
    attempts: Attempts,
    /// Who may compute argon2 now, and who waits for it: each takes 19 MiB and tens of milliseconds.
    /// Tenants take turns, so that guesses at one hold up the users of no other.
    computing: Arc<Gate>,
    /// Who may compute as much as there is room for.
    anyone: Arc<Party>,
}

impl Authenticator {
    /// Remembers nothing yet.
    pub fn new() -> Result<Self, getrandom::Error> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            cache: Cache::new()?,
            attempts: Attempts::new(),
            computing: Gate::new(processors.min(8), WAITING_MAX),
            anyone: Party::new(usize::MAX),
        })
    }

    /// Says who makes a request with this Authorization field.
    pub async fn sign_in(
        &self,
        users: &Users,
        authorization: &[u8],
        address: IpAddr,
    ) -> Result<Arc<SignedIn>, Refusal> {
        let tag = self.cache.tag(users.serial, authorization);
        match self.cache.find(&tag) {
            Found::Fresh(signed_in) => return Ok(signed_in),
            Found::Stale(signed_in) => match users.again(&signed_in).await? {
                Some(signed_in) => {
                    self.cache.refresh(&tag, signed_in.clone());
                    return Ok(signed_in);
                }
                None => self.cache.remove(&tag),
            },
            Found::Unknown => {}
        }
        let claim = basic::parse(authorization).ok_or(Refusal::Scheme)?;
        self.verify(users, tag, claim, address).await
    }

    /// The slow way.
    async fn verify(
        &self,
        users: &Users,
        tag: Tag,
        claim: basic::Claim,
        address: IpAddr,
    ) -> Result<Arc<SignedIn>, Refusal> {
        let name = names::of_user(&claim.user, &users.domains, users.fold).ok();
        let named = name.clone().unwrap_or_else(|| claim.user.clone());
        let ask = || match self.attempts.verdict(address, users.serial, &named) {
            Verdict::Refuse(wait) => Err(Refusal::TooMany(wait)),
            verdict => Ok(verdict),
        };
        ask()?;
        let (verdict, checked, verified_against) = {
            let computing = self.computing.acquire(&users.turns, &self.anyone).await;
            let _computing = computing.map_err(|_| Refusal::Busy)?;
            // Clients send bursts: someone else may have verified the same in the meantime.
            if let Found::Fresh(signed_in) = self.cache.find(&tag) {
                return Ok(signed_in);
            }
            // And who guesses sends bursts, too: what came before this one has failed by now.
            let verdict = ask()?;
            let checked = Instant::now();
            let stored = match &name {
                Some(name) => users.stored(name).await?,
                None => None,
            };
            let compute = move || {
                let matches = password::verify(&claim.password, stored.as_deref());
                stored.filter(|_| matches)
            };
            let verified = tokio::task::spawn_blocking(compute).await;
            (verdict, checked, verified.ok().flatten())
        };
        match (name, verified_against) {
            (Some(name), Some(verified_against)) => {
                let verified = (verified_against.into(), checked);
                let signed_in = users.known(name, verified).await?;
                self.cache.put(tag, signed_in.clone());
                Ok(signed_in)
            }
            _ => {
                self.attempts.failed(address, users.serial, &named);
                if verdict == Verdict::CheckSlowly {
                    tokio::time::sleep(users.pause).await;
                }
                Err(Refusal::Credentials)
            }
        }
    }
}

impl Users {
    /// Asks the store whether a sign-in of theirs still holds, and who it is now; none if it does not:
    /// the password is another, or the user gone.
    pub async fn again(&self, signed_in: &SignedIn) -> Result<Option<Arc<SignedIn>>, Refusal> {
        let Some(verified_against) = &signed_in.verified_against else {
            return Ok(Some(Arc::new(SignedIn::anonymous())));
        };
        let checked = Instant::now();
        let name = signed_in.name().unwrap_or_default();
        if self.stored(name).await?.as_deref() != Some(&**verified_against) {
            return Ok(None);
        }
        let verified = (verified_against.clone(), checked);
        self.known(name.to_owned(), verified).await.map(Some)
    }

    /// The argon2id string of a user; none if there is no such user, or one without a password.
    async fn stored(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.store.credentials(name).await {
            Ok(credentials) => Ok(Some(credentials.argon2id).filter(|hash| !hash.is_empty())),
            Err(storage::Error::NotFound) => Ok(None),
            Err(error) => Err(Refusal::Unavailable(error.to_string())),
        }
    }

    async fn known(
        &self,
        name: String,
        verified: (Arc<str>, Instant),
    ) -> Result<Arc<SignedIn>, Refusal> {
        let groups = match self.store.groups(&name).await {
            Ok(groups) => groups,
            Err(storage::Error::NotFound) => Vec::new(),
            Err(error) => return Err(Refusal::Unavailable(error.to_string())),
        };
        let admin = self.admins.contains(&name);
        Ok(Arc::new(SignedIn::new(name, groups, admin, verified)))
    }
}
