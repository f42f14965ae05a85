//! The Session object: where everything is, and what there is. RFC 8620 §2.

use crate::account::Account;
use crate::context::Context;
use crate::json::{Object, object, strings};
use crate::limits::{CONCURRENT, Limits};
use crate::problem::Problem;
use crate::websocket;
use module::{Identity, Request, Response, Scope};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::cell::RefCell;

/// RFC 8620.
pub const CORE: &str = "urn:ietf:params:jmap:core";
/// RFC 8621 §1.3.1.
pub const MAIL: &str = "urn:ietf:params:jmap:mail";
/// RFC 8621 §1.3.2.
pub const SUBMISSION: &str = "urn:ietf:params:jmap:submission";
/// RFC 9007 §1.3.
pub const MDN: &str = "urn:ietf:params:jmap:mdn";
/// RFC 9425 §3.
pub const QUOTA: &str = "urn:ietf:params:jmap:quota";
/// RFC 9404 §3.
pub const BLOB: &str = "urn:ietf:params:jmap:blob";

/// RFC 8887 §3.
pub const WEBSOCKET: &str = "urn:ietf:params:jmap:websocket";

const CAPABILITIES: [&str; 7] = [CORE, MAIL, SUBMISSION, MDN, QUOTA, BLOB, WEBSOCKET];

/// How many mailboxes an Email may be in; what `Email/set` can check with few questions.
pub const MAILBOXES_PER_EMAIL_MAX: u64 = 20;
/// How many characters a Mailbox's name may have, in bytes: what a part of a path may.
pub const MAILBOX_NAME_MAX: u64 = 255;
/// How deep Mailboxes may lie in each other.
pub const MAILBOX_DEPTH_MAX: u64 = 32;

/// How long the state of the session may be taken from memory, in milliseconds: what is shared with
/// somebody changes rarely, and asking for it with every call is what most calls would cost.
const STATE_AGE_MAX: i64 = 5000;

thread_local! {
    /// The state of the session that this instance has told last, and when it was made.
    static STATE: RefCell<Option<(i64, Option<String>, String)>> = const { RefCell::new(None) };
}

/// Whether a client may name this in `using`.
pub fn supports(capability: &str) -> bool {
    CAPABILITIES.contains(&capability)
}

/// Answers a GET.
pub fn handle(request: &Request, mount: &str) -> Result<Response, Problem> {
    let identity = Identity::current();
    let accounts = Account::all(&identity)?;
    let session = session(&identity, &accounts, &Limits::load());
    let state = hash(&session);
    let base = format!("{}://{}{mount}", request.scheme, request.authority);
    let mut session = session;
    for (name, path) in [
        ("apiUrl", "/"),
        (
            "downloadUrl",
            "/download/{accountId}/{blobId}/{name}?type={type}",
        ),
        ("uploadUrl", "/upload/{accountId}/"),
        (
            "eventSourceUrl",
            "/eventsource/?types={types}&closeafter={closeafter}&ping={ping}",
        ),
    ] {
        session.insert(name.to_owned(), format!("{base}{path}").into());
    }
    if let Some(Value::Object(capabilities)) = session.get_mut("capabilities") {
        let told = websocket::capability(request, mount);
        capabilities.insert(WEBSOCKET.to_owned(), told.into());
    }
    session.insert("state".to_owned(), state.into());
    Ok(Response::new(200)
        .header("cache-control", "no-cache, no-store, must-revalidate")
        .body("application/json", Value::Object(session).to_string()))
}

/// The state of the Session object, which every answer carries.
pub fn state(context: &Context) -> Result<String, Problem> {
    let identity = &context.identity;
    let known = STATE.with_borrow(|known| match known {
        Some((at, whose, state))
            if (*at..*at + STATE_AGE_MAX).contains(&context.now)
                && *whose == identity.principal =>
        {
            Some(state.clone())
        }
        _ => None,
    });
    if let Some(state) = known {
        return Ok(state);
    }
    let accounts = Account::all(identity)?;
    let state = hash(&session(identity, &accounts, &context.limits));
    let now = (context.now, identity.principal.clone(), state.clone());
    STATE.set(Some(now));
    Ok(state)
}

/// Drops what is remembered.
pub fn forget() {
    STATE.set(None);
}

/// All but the URLs and the state.
fn session(identity: &Identity, accounts: &[Account], limits: &Limits) -> Object {
    let read_only = identity.scope.contains(Scope::READ_ONLY);
    let mut told = Object::new();
    let mut primary = Object::new();
    for account in accounts {
        let mut capabilities = Object::new();
        capabilities.insert(MAIL.to_owned(), mail(account, limits).into());
        if account.is_personal {
            capabilities.insert(SUBMISSION.to_owned(), submission(limits).into());
            capabilities.insert(MDN.to_owned(), Object::new().into());
            for capability in [MAIL, SUBMISSION, MDN, QUOTA, BLOB] {
                primary.insert(capability.to_owned(), account.id.clone().into());
            }
        }
        capabilities.insert(QUOTA.to_owned(), Object::new().into());
        capabilities.insert(BLOB.to_owned(), blob(limits).into());
        told.insert(
            account.id.clone(),
            Value::Object(object! {
                "name": account.id.clone(),
                "isPersonal": account.is_personal,
                "isReadOnly": account.is_read_only || read_only,
                "accountCapabilities": capabilities,
            }),
        );
    }
    let mut capabilities = Object::new();
    for capability in CAPABILITIES {
        capabilities.insert(capability.to_owned(), Object::new().into());
    }
    capabilities.insert(CORE.to_owned(), core(limits).into());
    object! {
        "capabilities": capabilities,
        "accounts": told,
        "primaryAccounts": primary,
        "username": identity.principal.clone().unwrap_or_default(),
    }
}

fn core(limits: &Limits) -> Object {
    object! {
        "maxSizeUpload": limits.max_size_upload,
        "maxConcurrentUpload": CONCURRENT,
        "maxSizeRequest": limits.max_size_request,
        "maxConcurrentRequests": CONCURRENT,
        "maxCallsInRequest": limits.max_calls_in_request,
        "maxObjectsInGet": limits.max_objects_in_get,
        "maxObjectsInSet": limits.max_objects_in_set,
        "collationAlgorithms": strings(["i;ascii-casemap", "i;unicode-casemap"]),
    }
}

fn mail(account: &Account, limits: &Limits) -> Object {
    object! {
        "maxMailboxesPerEmail": MAILBOXES_PER_EMAIL_MAX,
        "maxMailboxDepth": MAILBOX_DEPTH_MAX,
        "maxSizeMailboxName": MAILBOX_NAME_MAX,
        "maxSizeAttachmentsPerEmail": limits.max_size_attachments_per_email,
        "emailQuerySortOptions": strings(crate::mail::SORTS),
        "mayCreateTopLevelMailbox": account.is_personal,
    }
}

fn submission(limits: &Limits) -> Object {
    let extensions = object! { "FUTURERELEASE": strings([limits.max_delayed_send.to_string()]) };
    object! {
        "maxDelayedSend": limits.max_delayed_send,
        "submissionExtensions": extensions,
    }
}

fn blob(limits: &Limits) -> Object {
    object! {
        "maxSizeBlobSet": limits.max_size_blob_set,
        "maxDataSources": limits.max_data_sources,
        "supportedTypeNames": strings(crate::blob::methods::TYPES),
        "supportedDigestAlgorithms": strings(crate::blob::methods::DIGESTS),
    }
}

fn hash(session: &Object) -> String {
    let text = serde_json::to_vec(session).unwrap_or_default();
    let digest = Sha256::digest(&text);
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
