//! What the host answers itself, for those who run it: `/healthz`, `/readyz` and `/metrics`.
//!
//! Liveness and readiness need no sign-in and tell no names. Metrics are as in Cyrus: at
//! `/metrics` if `prometheus_enabled` is on, for whom `prometheus_need_auth` says; and for anyone
//! who reaches a listener of `prometheus_listen`, which serves nothing else. No module takes part:
//! they answer when all modules are busy, and health when no store opens.

use super::content::Content;
use super::dispatch::{Dispatch, Host, Peer};
use super::refuse::wrong_method;
use super::reply::Reply;
use super::sign_in::Outcome;
use super::understand::FILE_METHODS;
use crate::config::metrics::NeedAuth;
use crate::metrics::{Format, collect};
use crate::tenant;
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderValue, Method, Request, StatusCode};
use runtime::{Access, Extent, Mount};
use std::sync::Arc;

/// Where metrics are.
pub const METRICS: &str = "/metrics";

/// Answers what needs nobody to sign in: health, and all that comes to a listener for metrics.
pub async fn health(host: &Arc<Host>, peer: Peer, head: &Request<()>, path: &str) -> Option<Reply> {
    let reply = match path {
        "/healthz" | "/readyz" => match other_method(head.method()) {
            Some(reply) => reply,
            None if path == "/healthz" => Reply::text(StatusCode::OK, "ok"),
            None => readiness(host).await,
        },
        METRICS if peer.operations => match other_method(head.method()) {
            Some(reply) => reply,
            None => all_metrics(host, head).await,
        },
        _ if peer.operations => {
            let text = "here are /metrics, /healthz and /readyz";
            Reply::text(StatusCode::NOT_FOUND, text)
        }
        _ => return None,
    };
    Some(unstored(reply))
}

/// What methods other than GET and HEAD are answered.
fn other_method(method: &Method) -> Option<Reply> {
    match *method {
        Method::GET | Method::HEAD => None,
        Method::OPTIONS => {
            let mut reply = Reply::empty(StatusCode::NO_CONTENT);
            reply.set_text(ALLOW, &FILE_METHODS.join(", "));
            Some(reply)
        }
        _ => Some(wrong_method(method, &FILE_METHODS)),
    }
}

fn unstored(mut reply: Reply) -> Reply {
    reply.set(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

async fn readiness(host: &Host) -> Reply {
    let readiness = host.health.readiness(host).await;
    let status = match readiness.ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut reply = Reply::text(status, serde_json::json!(readiness).to_string());
    reply.set(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

async fn all_metrics(host: &Arc<Host>, head: &Request<()>) -> Reply {
    let accept = head.headers().get(ACCEPT);
    let format = Format::of(accept.and_then(|value| value.to_str().ok()));
    let host = host.clone();
    let text = tokio::task::spawn_blocking(move || collect(&host, format)).await;
    let Ok(text) = text else {
        let text = "the metrics can't be read";
        return Reply::text(StatusCode::INTERNAL_SERVER_ERROR, text);
    };
    let mut reply = Reply::empty(StatusCode::OK);
    let content_type = HeaderValue::from_static(format.content_type());
    reply.set(CONTENT_TYPE, content_type);
    reply.set(VARY, HeaderValue::from_static("Accept"));
    reply.content = Content::Bytes(text.into());
    reply
}

impl Dispatch<'_> {
    /// Metrics tell of all tenants: only the main file's own one has them.
    pub(super) fn has_metrics(&self) -> bool {
        self.snapshot.config.metrics.enabled && self.site.name == tenant::DEFAULT
    }

    /// The metrics, for who may read them.
    pub(super) async fn metrics(&mut self, head: &Request<()>, early: Option<Outcome>) -> Reply {
        let reply = match other_method(head.method()) {
            Some(reply) => reply,
            None => match self.may_watch(head, early).await {
                Ok(()) => all_metrics(self.host, head).await,
                Err(reply) => *reply,
            },
        };
        unstored(reply)
    }

    async fn may_watch(
        &mut self,
        head: &Request<()>,
        early: Option<Outcome>,
    ) -> Result<(), Box<Reply>> {
        let need_auth = self.snapshot.config.metrics.need_auth;
        if need_auth == NeedAuth::None {
            return Ok(());
        }
        let mount = Mount {
            path: METRICS.to_owned(),
            extent: Extent::Exact,
            methods: Vec::new(),
            access: Access::Authenticated,
            realm: None,
        };
        let signed_in = self.sign_in(head, &mount, early).await?;
        let may = need_auth == NeedAuth::User || signed_in.identity.actor.admin;
        self.trail.signed_in = Some(signed_in);
        match may {
            true => Ok(()),
            false => {
                let text =
                    "metrics are for administrators: see `admins` and `prometheus_need_auth`";
                Err(Reply::text(StatusCode::FORBIDDEN, text).into())
            }
        }
    }
}
