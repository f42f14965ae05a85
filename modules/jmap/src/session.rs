//! The Session object: where everything is, and what there is. RFC 8620 §2.

use crate::account::Account;
use crate::context::Context;
use crate::id::{account_id, first_bits};
use crate::json::{Object, object, strings};
use crate::limits::{CONCURRENT, Limits};
use crate::problem::Problem;
use crate::sieve;
use crate::websocket;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use module::{Endpoint, Identity, Request, Response, Scope};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::cell::RefCell;

/// RFC 8620.
pub const CORE: &str = "urn:ietf:params:jmap:core";
/// RFC 8621 §1.3.1.
pub const MAIL: &str = "urn:ietf:params:jmap:mail";
/// RFC 8621 §1.3.2.
pub const SUBMISSION: &str = "urn:ietf:params:jmap:submission";
/// RFC 8621 §1.3.3.
pub const VACATION: &str = "urn:ietf:params:jmap:vacationresponse";
/// RFC 9007 §1.3.
pub const MDN: &str = "urn:ietf:params:jmap:mdn";
/// RFC 9425 §3.
pub const QUOTA: &str = "urn:ietf:params:jmap:quota";
/// RFC 9661 §1.2.1.
pub const SIEVE: &str = "urn:ietf:params:jmap:sieve";
/// RFC 9670 §1.5.1.
pub const PRINCIPALS: &str = "urn:ietf:params:jmap:principals";
/// RFC 9670 §1.5.2: of an account alone.
const PRINCIPALS_OWNER: &str = "urn:ietf:params:jmap:principals:owner";
/// RFC 9404 §3.
pub const BLOB: &str = "urn:ietf:params:jmap:blob";

/// RFC 9749 §3.
pub const WEBPUSH_VAPID: &str = "urn:ietf:params:jmap:webpush-vapid";

/// RFC 8887 §3.
pub const WEBSOCKET: &str = "urn:ietf:params:jmap:websocket";

const CAPABILITIES: [&str; 10] = [
    CORE, MAIL, SUBMISSION, VACATION, SIEVE, MDN, QUOTA, PRINCIPALS, BLOB, WEBSOCKET,
];

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
        || (capability == WEBPUSH_VAPID && Endpoint::server_key().is_some())
}

/// Answers a GET.
pub fn handle(request: &Request, mount: &str) -> Result<Response, Problem> {
    let identity = Identity::current();
    let accounts = Account::subscribed(&identity)?;
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
    let accounts = Account::subscribed(identity)?;
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
    let mut told = Object::new();
    let mut primary = Object::new();
    for account in accounts {
        if account.is_personal {
            for capability in CAPABILITIES.into_iter().filter(|name| *name != CORE) {
                primary.insert(capability.to_owned(), account.id.clone().into());
            }
        }
        let value = Value::Object(account_object(identity, account, limits));
        told.insert(account.id.clone(), value);
    }
    let mut capabilities = Object::new();
    for capability in CAPABILITIES {
        capabilities.insert(capability.to_owned(), Object::new().into());
    }
    capabilities.insert(CORE.to_owned(), core(limits).into());
    if let Some(key) = Endpoint::server_key() {
        let key = object! { "applicationServerKey": URL_SAFE_NO_PAD.encode(key) };
        capabilities.insert(WEBPUSH_VAPID.to_owned(), key.into());
    }
    capabilities.insert(SIEVE.to_owned(), sieve::server_capability().into());
    object! {
        "capabilities": capabilities,
        "accounts": told,
        "primaryAccounts": primary,
        "username": identity.principal.clone().unwrap_or_default(),
    }
}

/// The Account object. RFC 8620 §2.
pub fn account_object(identity: &Identity, account: &Account, limits: &Limits) -> Object {
    let mut capabilities = object! {
        MAIL: mail(account, limits),
        QUOTA: Object::new(),
        BLOB: blob(limits),
    };
    let own = identity.principal.as_deref().map(account_id);
    if account.is_personal {
        capabilities.append(&mut object! {
            SUBMISSION: submission(limits),
            VACATION: Object::new(),
            SIEVE: sieve::account_capability(),
            MDN: Object::new(),
            PRINCIPALS: object! { "currentUserPrincipalId": own.clone() },
        });
    }
    capabilities.append(&mut object! {
        PRINCIPALS_OWNER: object! {
            "accountIdForPrincipal": own,
            "principalId": account.id.clone(),
        },
    });
    let is_read_only = account.is_read_only || identity.scope.contains(Scope::READ_ONLY);
    object! {
        "name": account.owner.clone(),
        "isPersonal": account.is_personal,
        "isReadOnly": is_read_only,
        "accountCapabilities": capabilities,
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
    format!("{:016x}", first_bits(Sha256::new_with_prefix(text)))
}
