//! Requests and answers as the engine sees them: plain values, and two traits for what streams.

/// A request, after the host has dealt with framing, signing in and fragments.
pub struct Request<'a> {
    /// The method as sent.
    pub method: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host and port as in `Host`.
    pub authority: &'a str,
    /// Where the module is mounted: an encoded path without a slash at its end; may be empty.
    pub mount: &'a str,
    /// The encoded path of the request target, the mount included.
    pub path: &'a str,
    /// What stands after the question mark.
    pub query: Option<&'a str>,
    /// The header fields in order, names in any case.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a mut dyn Body,
}

/// A request body that nobody has read yet.
pub trait Body {
    /// Its length in bytes, if known before reading: 0 says that there is none.
    fn len(&self) -> Option<u64>;

    /// Whether there is surely nothing in it.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Reads all of it.
    ///
    /// Fails with [`BodyError::TooLarge`] if it is longer than `max`.
    fn read(&mut self, max: u64) -> Result<Vec<u8>, BodyError>;
}

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Longer than allowed.
    #[error("the body is longer than {0} bytes")]
    TooLarge(u64),
    /// The client stopped sending.
    #[error("the body is incomplete")]
    Incomplete,
}

impl Body for &[u8] {
    fn len(&self) -> Option<u64> {
        Some(<[u8]>::len(self) as u64)
    }

    fn read(&mut self, max: u64) -> Result<Vec<u8>, BodyError> {
        match <[u8]>::len(self) as u64 > max {
            true => Err(BodyError::TooLarge(max)),
            false => Ok(std::mem::take(self).to_vec()),
        }
    }
}

/// Where long answers go while they are written.
pub trait Sink {
    /// Sends status and header fields; the body follows. Called at most once.
    fn start(&mut self, status: Status, headers: &[(&'static str, String)]) -> Result<(), Closed>;

    /// Sends a piece of the body.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed>;
}

/// The client is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client went away")]
pub struct Closed;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: Status,
    /// Its header fields.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: ResponseBody,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseBody {
    /// None.
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// The body of a member, which the host streams out of its storage.
    Member(MemberBody),
    /// All went through the [`Sink`] already, status and headers too.
    Streamed,
    /// The [`Sink`] was used, but the answer could not be finished: the connection must be broken
    /// off so that the client does not take the part for the whole. The text is for the log.
    Broken(String),
}

/// Names the body of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberBody {
    /// The member.
    pub path: crate::Path,
    /// The version that headers were made from.
    pub version: u64,
    /// Its length in bytes.
    pub length: u64,
}

impl Response {
    /// An answer without headers and body.
    pub fn new(status: Status) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: ResponseBody::Empty,
        }
    }

    /// Sets a header field.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
    }

    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// An HTTP status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(pub u16);

macro_rules! statuses {
    ($($constant:ident = $code:literal $reason:literal;)*) => {
        impl Status {
            $(#[doc = $reason] pub const $constant: Status = Status($code);)*

            /// The phrase that goes with the code.
            pub fn reason(self) -> &'static str {
                match self.0 {
                    $($code => $reason,)*
                    _ => "Unknown",
                }
            }
        }
    };
}

statuses! {
    OK = 200 "OK";
    CREATED = 201 "Created";
    ACCEPTED = 202 "Accepted";
    NO_CONTENT = 204 "No Content";
    MULTI_STATUS = 207 "Multi-Status";
    MOVED_PERMANENTLY = 301 "Moved Permanently";
    SEE_OTHER = 303 "See Other";
    NOT_MODIFIED = 304 "Not Modified";
    BAD_REQUEST = 400 "Bad Request";
    UNAUTHORIZED = 401 "Unauthorized";
    FORBIDDEN = 403 "Forbidden";
    NOT_FOUND = 404 "Not Found";
    METHOD_NOT_ALLOWED = 405 "Method Not Allowed";
    NOT_ACCEPTABLE = 406 "Not Acceptable";
    CONFLICT = 409 "Conflict";
    PRECONDITION_FAILED = 412 "Precondition Failed";
    CONTENT_TOO_LARGE = 413 "Content Too Large";
    UNSUPPORTED_MEDIA_TYPE = 415 "Unsupported Media Type";
    LOCKED = 423 "Locked";
    FAILED_DEPENDENCY = 424 "Failed Dependency";
    INTERNAL_SERVER_ERROR = 500 "Internal Server Error";
    NOT_IMPLEMENTED = 501 "Not Implemented";
    BAD_GATEWAY = 502 "Bad Gateway";
    SERVICE_UNAVAILABLE = 503 "Service Unavailable";
    INSUFFICIENT_STORAGE = 507 "Insufficient Storage";
}
