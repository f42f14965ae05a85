//! What can go wrong for a client, as statuses and `DAV:error` bodies. RFC 4918 §11, §14.5, §16.

use xml::{Name, Writer};

use crate::request::{Response, ResponseBody, Status};
use crate::store::{CommitError, StoreError};
use crate::{Path, Profile};

/// A condition that a request violated, and the status that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precondition {
    /// The status of the answer.
    pub status: Status,
    /// The element in `DAV:error`.
    pub name: Name,
}

impl Precondition {
    /// A condition whose violation is 403: the same request would fail again.
    pub const fn forbidden(ns: &'static str, local: &'static str) -> Self {
        Self {
            status: Status::FORBIDDEN,
            name: Name::new(ns, local),
        }
    }

    /// A condition whose violation is 409: the client may be able to resolve it.
    pub const fn conflict(ns: &'static str, local: &'static str) -> Self {
        Self {
            status: Status::CONFLICT,
            name: Name::new(ns, local),
        }
    }

    /// A condition with a status of its own.
    pub const fn with(status: Status, ns: &'static str, local: &'static str) -> Self {
        Self {
            status,
            name: Name::new(ns, local),
        }
    }

    /// The error that says that this condition was violated.
    pub fn error(&self) -> Error {
        Error::Violated(self.clone(), Vec::new())
    }

    /// The same with something inside of the condition's element.
    pub fn error_with(&self, content: impl FnOnce(&mut Writer)) -> Error {
        let mut writer = Writer::new(&[]);
        content(&mut writer);
        Error::Violated(self.clone(), writer.into_bytes())
    }

    /// The same with hrefs, which must be encoded, inside of the condition's element.
    pub fn error_at(&self, hrefs: &[String]) -> Error {
        self.error_with(|writer| {
            for href in hrefs {
                writer.leaf(&HREF, href);
            }
        })
    }
}

pub(crate) const HREF: Name = Name::dav("href");

macro_rules! preconditions {
    ($($(#[$doc:meta])* $constant:ident = $make:ident $local:literal;)*) => {
        $($(#[$doc])* pub const $constant: Precondition = Precondition::$make(xml::DAV, $local);)*
    };
}

preconditions! {
    /// A live property that clients cannot set. RFC 4918 §16.
    CANNOT_MODIFY_PROTECTED_PROPERTY = forbidden "cannot-modify-protected-property";
    /// The lock token is none of this resource. RFC 4918 §16.
    LOCK_TOKEN_MATCHES_REQUEST_URI = conflict "lock-token-matches-request-uri";
    /// The body has an entity of its own, or is no XML that we read. RFC 4918 §16.
    NO_EXTERNAL_ENTITIES = forbidden "no-external-entities";
    /// More resources than one answer may have. RFC 4918 §16.
    PROPFIND_FINITE_DEPTH = forbidden "propfind-finite-depth";
    /// The resource has no such report. RFC 3253 §3.6.
    SUPPORTED_REPORT = forbidden "supported-report";
    /// The sync token is too old, or of another collection. RFC 6578 §3.2.
    VALID_SYNC_TOKEN = forbidden "valid-sync-token";
    /// A collection that syncs by itself only. RFC 6578 §3.3.
    SYNC_TRAVERSAL_SUPPORTED = forbidden "sync-traversal-supported";
    /// The resource type cannot be made here. RFC 5689 §3.3.
    VALID_RESOURCETYPE = forbidden "valid-resourcetype";
    /// The principal of an ACE is not one. RFC 3744 §8.1.1.
    RECOGNIZED_PRINCIPAL = forbidden "recognized-principal";
    /// The principal may not be in an ACE here. RFC 3744 §8.1.1.
    ALLOWED_PRINCIPAL = forbidden "allowed-principal";
    /// The privilege is unknown here. RFC 3744 §8.1.1.
    NOT_SUPPORTED_PRIVILEGE = forbidden "not-supported-privilege";
    /// The privilege cannot be granted by itself. RFC 3744 §8.1.1.
    NO_ABSTRACT = forbidden "no-abstract";
    /// More entries than a list may have. RFC 3744 §8.1.1.
    LIMITED_NUMBER_OF_ACES = forbidden "limited-number-of-aces";
    /// `DAV:invert` is not supported. RFC 3744 §8.1.1.
    NO_INVERT = forbidden "no-invert";
    /// The ACE is one that clients cannot change. RFC 3744 §8.1.1.
    NO_PROTECTED_ACE_CONFLICT = forbidden "no-protected-ace-conflict";
    /// There is no POST for new members here. RFC 5995 §3.2.1.
    ALLOW_CLIENT_DEFINED_URI = forbidden "allow-client-defined-uri";
}

/// A lock must be submitted first. RFC 4918 §16.
pub const LOCK_TOKEN_SUBMITTED: Precondition =
    Precondition::with(Status::LOCKED, xml::DAV, "lock-token-submitted");
/// Another lock is in the way of this one. RFC 4918 §16.
pub const NO_CONFLICTING_LOCK: Precondition =
    Precondition::with(Status::LOCKED, xml::DAV, "no-conflicting-lock");
/// A privilege is missing. RFC 3744 §7.1.1.
pub const NEED_PRIVILEGES: Precondition = Precondition::forbidden(xml::DAV, "need-privileges");
/// The quota is used up. RFC 4331 §6.
pub const QUOTA_NOT_EXCEEDED: Precondition =
    Precondition::with(Status::INSUFFICIENT_STORAGE, xml::DAV, "quota-not-exceeded");
/// No space is left, whatever the quota. RFC 4331 §6.
pub const SUFFICIENT_DISK_SPACE: Precondition = Precondition::with(
    Status::INSUFFICIENT_STORAGE,
    xml::DAV,
    "sufficient-disk-space",
);
/// More matches than one answer may have. RFC 3744 §9.2, RFC 6578 §3.2.
pub const NUMBER_OF_MATCHES_WITHIN_LIMITS: Precondition = Precondition::with(
    Status::INSUFFICIENT_STORAGE,
    xml::DAV,
    "number-of-matches-within-limits",
);
/// Something is there already. RFC 5689 §3.3 (through RFC 3253 §1.6).
pub const RESOURCE_MUST_BE_NULL: Precondition = Precondition::with(
    Status::METHOD_NOT_ALLOWED,
    xml::DAV,
    "resource-must-be-null",
);

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// Whoever signs in may be allowed to.
    #[error("sign in first")]
    Unauthenticated,
    /// The principal may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// Nothing is there, or nothing that the principal may know of.
    #[error("nothing is at this URL")]
    NotFound,
    /// The resource does not have this method.
    #[error("the method is not allowed on this resource")]
    MethodNotAllowed,
    /// The state of other resources is in the way.
    #[error("{0}")]
    Conflict(String),
    /// A condition in a header does not hold.
    #[error("{0}")]
    PreconditionFailed(String),
    /// What the request was about to change was changed by another one, after it was read.
    #[error("the resource has changed meanwhile")]
    Changed,
    /// What was read before is gone, perhaps because something else is in its place.
    #[error("nothing is at this URL any more")]
    Gone,
    /// The name that the request was about to take is taken.
    #[error("something is there already")]
    Exists,
    /// The body is longer than it may be.
    #[error("the body is longer than {0} bytes")]
    TooLarge(u64),
    /// The body is of a type that the method does not take.
    #[error("{0}")]
    UnsupportedMediaType(String),
    /// Nothing that the client accepts can be made of the resource.
    #[error("{0}")]
    NotAcceptable(String),
    /// The method is unknown.
    #[error("the method is not implemented")]
    NotImplemented,
    /// The destination is on another server.
    #[error("the destination is outside of this part of the server")]
    BadGateway,
    /// A named condition was violated; the bytes go into its element.
    #[error("{} does not hold", .0.name.local())]
    Violated(Precondition, Vec<u8>),
    /// Storage is busy.
    #[error("the storage is busy, try again")]
    Busy,
    /// Something broke that no client can help. The text is for the log.
    #[error("internal error: {0}")]
    Internal(String),
    /// The client went away while it was answered.
    #[error("the client went away")]
    Closed,
}

impl Error {
    /// The status of the answer.
    pub fn status(&self) -> Status {
        match self {
            Error::BadRequest(_) => Status::BAD_REQUEST,
            Error::Unauthenticated => Status::UNAUTHORIZED,
            Error::Forbidden(_) => Status::FORBIDDEN,
            Error::NotFound | Error::Gone => Status::NOT_FOUND,
            Error::MethodNotAllowed => Status::METHOD_NOT_ALLOWED,
            Error::Conflict(_) | Error::Changed | Error::Exists => Status::CONFLICT,
            Error::PreconditionFailed(_) => Status::PRECONDITION_FAILED,
            Error::TooLarge(_) => Status::CONTENT_TOO_LARGE,
            Error::UnsupportedMediaType(_) => Status::UNSUPPORTED_MEDIA_TYPE,
            Error::NotAcceptable(_) => Status::NOT_ACCEPTABLE,
            Error::NotImplemented => Status::NOT_IMPLEMENTED,
            Error::BadGateway => Status::BAD_GATEWAY,
            Error::Violated(precondition, _) => precondition.status,
            Error::Busy => Status::SERVICE_UNAVAILABLE,
            Error::Internal(_) | Error::Closed => Status::INTERNAL_SERVER_ERROR,
        }
    }

    /// The privilege `privilege` is missing on the resource at `href`. RFC 3744 §7.1.1.
    pub fn need_privilege(href: &str, privilege: &Name) -> Error {
        NEED_PRIVILEGES.error_with(|writer| {
            let resource = Name::dav("resource");
            let element = Name::dav("privilege");
            writer.start(&resource);
            writer.leaf(&HREF, href);
            writer.start(&element);
            writer.empty(privilege);
            writer.end(&element);
            writer.end(&resource);
        })
    }

    /// The whole answer.
    pub fn response(&self, profile: &Profile) -> Response {
        let mut response = Response::new(self.status());
        response.body = match self {
            Error::Violated(precondition, content) => {
                let mut writer = Writer::new(profile.prefixes);
                let root = Name::dav("error");
                writer.start_root(&root);
                write_condition(&mut writer, precondition, content);
                writer.end(&root);
                response.set("Content-Type", "application/xml; charset=utf-8");
                ResponseBody::Bytes(writer.into_bytes())
            }
            // Details of a failure inside are for the log alone.
            Error::Internal(_) => text(&mut response, "internal error"),
            other => text(&mut response, &other.to_string()),
        };
        if matches!(self, Error::Busy) {
            response.set("Retry-After", "1");
        }
        response
    }

    /// Writes `DAV:error` inside of a `DAV:response`, if the error has a condition.
    pub(crate) fn write_element(&self, writer: &mut Writer) {
        if let Error::Violated(..) = self {
            let error = Name::dav("error");
            writer.start(&error);
            self.write_condition(writer);
            writer.end(&error);
        }
    }

    /// Writes the condition alone, if the error has one.
    pub(crate) fn write_condition(&self, writer: &mut Writer) {
        if let Error::Violated(precondition, content) = self {
            write_condition(writer, precondition, content);
        }
    }
}

fn write_condition(writer: &mut Writer, precondition: &Precondition, content: &[u8]) {
    writer.start(&precondition.name);
    writer.raw(content);
    writer.end(&precondition.name);
}

fn text(response: &mut Response, message: &str) -> ResponseBody {
    response.set("Content-Type", "text/plain; charset=utf-8");
    ResponseBody::Bytes(format!("{message}\n").into_bytes())
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Denied(right) => Error::Forbidden(format!("the right {right} is missing")),
            StoreError::NotFound => Error::Gone,
            StoreError::TooOld => VALID_SYNC_TOKEN.error(),
            StoreError::Unsupported(what) => Error::Forbidden(format!("{what} is not supported")),
            StoreError::Busy => Error::Busy,
            StoreError::Full => SUFFICIENT_DISK_SPACE.error(),
            StoreError::Failed(why) => Error::Internal(why),
        }
    }
}

impl From<xml::Error> for Error {
    fn from(error: xml::Error) -> Self {
        match error {
            xml::Error::DocumentType => NO_EXTERNAL_ENTITIES.error(),
            xml::Error::TooBig {
                what: "bytes",
                limit,
            } => Error::TooLarge(limit as u64),
            xml::Error::Encoding(_) => Error::UnsupportedMediaType(error.to_string()),
            xml::Error::Malformed(_) | xml::Error::UnknownEntity(_) | xml::Error::TooBig { .. } => {
                Error::BadRequest(error.to_string())
            }
        }
    }
}

/// What a refused batch means to a client. `href` writes a path as the client knows it.
pub(crate) fn refused(error: CommitError, href: impl Fn(&Path) -> String) -> Error {
    use crate::store::Refusal;
    match error.refusal {
        Refusal::Denied(right) => Error::Forbidden(format!("the right {right} is missing")),
        Refusal::NotFound => Error::Gone,
        Refusal::ParentMissing => Error::Conflict("the parent collection does not exist".into()),
        Refusal::Exists => Error::Exists,
        Refusal::Changed => Error::Changed,
        Refusal::Locked(root) => LOCK_TOKEN_SUBMITTED.error_at(&[href(&root)]),
        Refusal::NotUnique { name, other } => Error::Conflict(match other {
            Some(other) => format!("{} has the same {name}", href(&other)),
            None => format!("another member has the same {name}"),
        }),
        Refusal::QuotaExceeded => QUOTA_NOT_EXCEEDED.error(),
        Refusal::Full => SUFFICIENT_DISK_SPACE.error(),
        Refusal::TooLarge(limit) => Error::TooLarge(limit),
        // Fewer have to do: RFC 4918 §11.5.
        Refusal::TooMany(_) => QUOTA_NOT_EXCEEDED.error(),
        Refusal::BadName(why) => Error::Forbidden(format!("the name cannot be used: {why}")),
        Refusal::BodyIncomplete => Error::BadRequest("the body is incomplete".into()),
        Refusal::Unsupported(what) => Error::Forbidden(format!("{what} is not supported here")),
        Refusal::Busy => Error::Busy,
        Refusal::Failed(why) => Error::Internal(why),
    }
}
