//! A request on its way to a module, and its answer: the border between HTTP and modules.

use crate::waking::Subscription;
use bytes::Bytes;
use http::HeaderMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How the principal signed in; see `wit/identity.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignIn {
    /// Not at all.
    Anonymous,
    /// A password.
    Password,
    /// A token.
    Bearer,
    /// A SASL mechanism over HTTP.
    Sasl,
    /// The host itself.
    Host,
}

/// Whom a request acts for. Together with tenant and module it is the key of a warm instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The principal with its groups and what its sign-in allows.
    pub actor: storage::Actor,
    /// How it signed in.
    pub sign_in: SignIn,
}

/// A tenant, as far as modules see it.
pub struct Tenant {
    /// Its name, unique on this host.
    pub name: String,
    /// Its store.
    pub store: Arc<dyn storage::Store>,
    /// The options of its configuration, for `wit/config.wit`.
    pub options: std::collections::HashMap<String, String>,
    /// Folders that modules may read, each at its own path: (module, folder).
    pub folders: Vec<(String, std::path::PathBuf)>,
    /// Which of the loaded modules it has, by name; none for all.
    pub modules: Option<std::collections::BTreeSet<String>>,
    /// Domains at which its users have addresses, where they can send mail; none where they can't.
    pub mail_domains: Option<Vec<String>>,
    /// What holds for its endpoints; none if nothing is posted.
    pub endpoints: Option<EndpointRules>,
}

/// What holds for endpoints.
#[derive(Clone)]
pub struct EndpointRules {
    /// The public key that the host signs with: an uncompressed point of P-256.
    pub server_key: Bytes,
    /// Says why nothing is posted to an URL.
    pub check: fn(&str) -> Result<(), String>,
}

/// The body of a request as it comes in. An error ends it early.
pub type BodyStream =
    Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, storage::Error>> + Send>>;

/// A request for a module. Credentials are taken out of the headers.
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Host and port, as the client named them.
    pub authority: String,
    /// The path, percent-encoded, dot segments resolved.
    pub path: String,
    /// The query, without the question mark.
    pub query: Option<String>,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body; none if there is none.
    pub body: Option<BodyStream>,
    /// How long the body will be, if the client said so.
    pub body_length: Option<u64>,
    /// When the request came, in milliseconds since 1970.
    pub received: storage::Instant,
}

/// The body of an answer.
pub enum AnswerBody {
    /// Nothing.
    None,
    /// These bytes.
    Bytes(Bytes),
    /// These bytes, from storage.
    Blob(storage::Blob),
    /// What the module writes while it runs. An error means that the rest is missing: the
    /// connection is to be broken off.
    Stream(Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, HandleError>> + Send>>),
    /// The client waits. What is to be sent is asked of [`crate::Runtime::wake`].
    Subscription(Subscription),
}

/// A module's answer. Conditional requests, ranges and framing are the caller's.
pub struct Answer {
    /// The status code.
    pub status: http::StatusCode,
    /// The header fields, without `ETag`, `Last-Modified` and `Content-Length`.
    pub headers: HeaderMap,
    /// The entity tag, in quotes.
    pub etag: Option<String>,
    /// When the content last changed, in milliseconds since 1970.
    pub last_modified: Option<storage::Instant>,
    /// The body.
    pub body: AnswerBody,
    /// CPU time that the module has used so far.
    pub cpu: Duration,
    /// How long the request waited for room for an instance.
    pub queued: Duration,
}

/// Why a module gave no answer. The client learns the status, the log the rest.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The module trapped, or broke the contract: 500.
    #[error("module {module} failed: {reason}")]
    Trapped {
        /// Which module.
        module: String,
        /// What happened, for the log.
        reason: String,
    },
    /// It ran longer than it may: 503.
    #[error("module {module} ran longer than {limit:?}")]
    Deadline {
        /// Which module.
        module: String,
        /// How long it may.
        limit: Duration,
    },
    /// It wanted more memory than it may have: 503.
    #[error("module {module} wanted more than {limit} bytes of memory")]
    Memory {
        /// Which module.
        module: String,
        /// How much it may.
        limit: usize,
    },
    /// Too many requests wait already: 503.
    #[error("too many requests for module {module}")]
    Busy {
        /// Which module.
        module: String,
    },
    /// More requests came than the tenant or the module may have: 429.
    #[error("more requests for module {module} than it or the tenant may have")]
    OverRate {
        /// Which module.
        module: String,
        /// When there will be room.
        wait: Duration,
    },
    /// The tenant or the module has used up its CPU time for now: 429.
    #[error("the CPU time a minute is used up, asking module {module}")]
    OverCpu {
        /// Which module.
        module: String,
        /// When there will be some.
        wait: Duration,
    },
    /// The module keeps trapping and is left alone for a while: 503.
    #[error("module {module} keeps failing and is left alone")]
    BackedOff {
        /// Which module.
        module: String,
        /// How long.
        wait: Duration,
    },
}

/// After how long those may come again whose request took too much, or found no room.
const BUSY_WAIT: Duration = Duration::from_secs(5);

impl HandleError {
    /// After how long a call may come again that has not begun, so that nothing is done twice.
    pub fn not_begun(&self) -> Option<Duration> {
        match self {
            Self::Busy { .. }
            | Self::OverRate { .. }
            | Self::OverCpu { .. }
            | Self::BackedOff { .. } => self.retry_after(),
            Self::Trapped { .. } | Self::Deadline { .. } | Self::Memory { .. } => None,
        }
    }

    /// After how long the same request may come again with hope; none if it would fail again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Trapped { .. } => None,
            Self::Deadline { .. } | Self::Memory { .. } | Self::Busy { .. } => Some(BUSY_WAIT),
            Self::OverRate { wait, .. }
            | Self::OverCpu { wait, .. }
            | Self::BackedOff { wait, .. } => Some(*wait),
        }
    }
}
