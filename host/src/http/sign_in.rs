//! Who asks: the Authorization field of a request, and what is answered to those who may not.

use super::dispatch::Dispatch;
use super::refuse::{BUSY_WAIT, bad_request, later, no_passwords};
use super::reply::Reply;
use crate::auth::{Refusal, SignedIn, basic};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Method, Request, StatusCode};
use runtime::{Access, Mount};
use std::sync::Arc;

impl Dispatch<'_> {
    /// Says who asks, or what is answered to those who may not.
    pub(super) async fn sign_in(
        &self,
        head: &Request<()>,
        mount: &Mount,
    ) -> Result<Arc<SignedIn>, Box<Reply>> {
        let mut fields = head.headers().get_all(AUTHORIZATION).iter();
        let Some(authorization) = fields.next() else {
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
        if fields.next().is_some() {
            return Err(bad_request("more than one Authorization").into());
        }
        if !self.peer.passwords {
            return Err(no_passwords().into());
        }
        let (authenticator, users) = (&self.host.authenticator, &self.site.open.users);
        let outcome = authenticator.sign_in(users, authorization.as_bytes(), self.peer.address);
        let refused = |refusal| match refusal {
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
        };
        outcome.await.map_err(|refusal| refused(refusal).into())
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
        let realm = mount.realm.as_deref();
        realm.unwrap_or(&self.site.config.servername)
    }
}
