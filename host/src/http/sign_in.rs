//! Who asks: the Authorization field of a request, and what is answered to those who may not.

use super::dispatch::Dispatch;
use super::refuse::{BUSY_WAIT, bad_request, later, no_passwords};
use super::reply::Reply;
use crate::auth::{Refusal, SignedIn, basic};
use crate::tenant::{Open, Site};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, StatusCode};
use runtime::{Access, Mount};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Wrong passwords are answered at whole multiples of this: neither whether a tenant's store had to
/// be opened nor whether there is such a tenant is to be seen by the time it takes.
const BEAT: Duration = Duration::from_millis(100);

/// What became of an attempt to sign in.
pub(super) type Outcome = Result<Arc<SignedIn>, Refusal>;

impl Dispatch<'_> {
    /// Where the Host is nobody's, the domain of the user's name tells the tenant. The request
    /// becomes that tenant's once the password was right, and not before: to everybody else all
    /// domains look the same, those that are no tenant's too.
    pub(super) async fn sign_in_elsewhere(&mut self, head: &Request<()>) -> Option<Outcome> {
        let default = self.snapshot.default_site();
        if !Arc::ptr_eq(&self.site, default) || !self.snapshot.has_tenants() {
            return None;
        }
        let field = authorization(head).ok().flatten()?;
        let user = basic::parse(field)?.user;
        if !self.peer.passwords || !user.contains('@') {
            return None;
        }
        let site = self.snapshot.site_of_user(&user).unwrap_or(default);
        let signed_in = match self.authenticate(site, field).await {
            Ok((open, signed_in)) => {
                self.enter(site.clone(), open);
                Ok(signed_in)
            }
            Err(refusal) => Err(refusal),
        };
        Some(signed_in)
    }

    /// Says who asks, or what is answered to those who may not.
    pub(super) async fn sign_in(
        &self,
        head: &Request<()>,
        mount: &Mount,
        early: Option<Outcome>,
    ) -> Result<Arc<SignedIn>, Box<Reply>> {
        let Some(field) = authorization(head).map_err(bad_request)? else {
            let open = match mount.access {
                Access::Anonymous => true,
                Access::Authenticated => false,
                Access::AuthenticatedButOptions => *head.method() == Method::OPTIONS,
            };
            return match open {
                true => Ok(Arc::new(SignedIn::anonymous())),
                false => Err(self.challenge(mount, "sign in").into()),
            };
        };
        if !self.peer.passwords {
            return Err(no_passwords().into());
        }
        let outcome = match early {
            Some(outcome) => outcome,
            None => {
                let outcome = self.authenticate(&self.site, field).await;
                outcome.map(|(_, signed_in)| signed_in)
            }
        };
        outcome.map_err(|refusal| self.refused(refusal, mount).into())
    }

    /// Checks credentials against a tenant's users.
    async fn authenticate(
        &self,
        site: &Site,
        field: &[u8],
    ) -> Result<(Arc<Open>, Arc<SignedIn>), Refusal> {
        let began = Instant::now();
        let checked = async {
            let open = site.open().await;
            let open = open.map_err(|error| Refusal::Unavailable(error.to_string()))?;
            let (authenticator, address) = (&self.host.authenticator, self.peer.address);
            let signed_in = authenticator.sign_in(&open.users, field, address).await?;
            Ok((open, signed_in))
        };
        let checked = checked.await;
        if let Err(refusal) = &checked {
            site.traffic.failed_sign_ins.count(refusal);
        }
        if matches!(checked, Err(Refusal::Credentials)) {
            let beats = began.elapsed().as_millis() / BEAT.as_millis() + 1;
            let until = BEAT.saturating_mul(u32::try_from(beats).unwrap_or(u32::MAX));
            tokio::time::sleep_until((began + until).into()).await;
        }
        checked
    }

    fn refused(&self, refusal: Refusal, mount: &Mount) -> Reply {
        match refusal {
            Refusal::Scheme => self.challenge(mount, "sign in with the Basic scheme"),
            Refusal::Credentials => self.challenge(mount, "no such user, or a wrong password"),
            Refusal::TooMany(wait) => later(
                StatusCode::TOO_MANY_REQUESTS,
                wait,
                "too many wrong passwords: wait a while",
            ),
            Refusal::Busy => later(
                StatusCode::SERVICE_UNAVAILABLE,
                BUSY_WAIT,
                "too many are signing in",
            ),
            Refusal::Unavailable(reason) => {
                tracing::error!("can't look up a user: {reason}");
                later(
                    StatusCode::SERVICE_UNAVAILABLE,
                    BUSY_WAIT,
                    "users can't be looked up now",
                )
            }
        }
    }

    /// 401, or where passwords may not be sent, 403: a client that is asked would send one.
    fn challenge(&self, mount: &Mount, text: &str) -> Reply {
        if !self.peer.passwords {
            return no_passwords();
        }
        let mut reply = Reply::text(StatusCode::UNAUTHORIZED, text);
        reply.set_text(WWW_AUTHENTICATE, &basic::challenge(self.realm(mount)));
        reply
    }

    /// What a challenge asks for a password of.
    pub(super) fn realm<'a>(&'a self, mount: &'a Mount) -> &'a str {
        let config = &self.site.config;
        let module = self.trail.module.as_deref();
        let told = module.and_then(|module| config.realms.get(module));
        let realm = told.or(mount.realm.as_ref());
        realm.unwrap_or(&config.servername)
    }
}

/// The credentials of a request, if there are any.
fn authorization(head: &Request<()>) -> Result<Option<&[u8]>, &'static str> {
    let mut fields = head.headers().get_all(AUTHORIZATION).iter();
    let field = fields.next();
    match fields.next() {
        Some(_) => Err("more than one Authorization"),
        None => Ok(field.map(HeaderValue::as_bytes)),
    }
}
