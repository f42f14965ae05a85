//! What one request knows: its head, its user, its target, the store and the profile.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use xml::{Element, Name};

use crate::access::Rights;
use crate::error::{self, Error};
use crate::header::prefer::Prefer;
use crate::request::{Body, BodyError, Closed, Request, Sink, Status};
use crate::resource::{Collection, Fields, Principal, Resource, Stored, Want};
use crate::store::{Batch, CommitError, Done, PrincipalKey, Store};
use crate::{Path, Profile};

/// The longest body that is kept after it was read, in case that it is needed again.
const KEPT_MAX: usize = 10 << 20;

/// A request being answered.
pub struct Context<'c> {
    /// The protocol.
    pub profile: &'c Profile,
    /// The storage.
    pub store: &'c dyn Store,
    /// The method as sent.
    pub method: &'c str,
    /// `http` or `https`.
    pub scheme: &'c str,
    /// Host and port.
    pub authority: &'c str,
    /// Where the module is mounted, encoded, without a slash at its end.
    pub mount: &'c str,
    /// What stands after the question mark.
    pub query: Option<&'c str>,
    /// What the request is about.
    pub target: Target,
    /// Who is asking; none for anonymous.
    pub user: Option<Principal>,
    /// What the client prefers. RFC 7240.
    pub prefer: Prefer,
    /// What a protocol has found out and needs again before the request is answered.
    pub notes: RefCell<Option<Rc<dyn Any>>>,
    headers: &'c [(String, String)],
    body: RefCell<&'c mut dyn Body>,
    /// Whether the request may have a body.
    has_body: bool,
    /// The body, once it was read, unless it is very long.
    kept: RefCell<Option<Vec<u8>>>,
    sink: RefCell<&'c mut dyn Sink>,
    streaming: Cell<bool>,
    hrefs: RefCell<Vec<(String, String)>>,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it is.
    pub path: Path,
    /// Whether the URL ended with a slash.
    pub slash: bool,
}

impl<'c> Context<'c> {
    pub(crate) fn new(
        profile: &'c Profile,
        store: &'c dyn Store,
        request: Request<'c>,
        sink: &'c mut dyn Sink,
    ) -> Result<Self, Error> {
        let below = strip_mount(request.path, request.mount).ok_or(Error::NotFound)?;
        let (path, slash) = Path::parse(below)
            .ok_or_else(|| Error::BadRequest("the path of the URL is malformed".to_owned()))?;
        Ok(Self {
            profile,
            store,
            method: request.method,
            scheme: request.scheme,
            authority: request.authority,
            mount: request.mount,
            query: request.query,
            target: Target { path, slash },
            user: store.user(),
            prefer: Prefer::parse(request.headers),
            notes: RefCell::new(None),
            headers: request.headers,
            has_body: !request.body.is_empty(),
            kept: RefCell::default(),
            body: RefCell::new(request.body),
            sink: RefCell::new(sink),
            streaming: Cell::new(false),
            hrefs: RefCell::new(Vec::new()),
        })
    }

    /// The value of a header field; several fields of one name are one list. RFC 9110 §5.3.
    pub fn header(&self, name: &str) -> Option<String> {
        join_headers(self.headers, name)
    }

    /// The id of who is asking.
    pub fn user_id(&self) -> Option<&str> {
        self.user.as_ref().map(|user| user.id.as_str())
    }

    /// The absolute path, encoded, of what is at `path`: with a slash at its end for collections.
    pub fn href(&self, path: &Path, is_collection: bool) -> String {
        let mut out = String::with_capacity(64);
        out.push_str(self.mount);
        path.write(&mut out);
        if is_collection {
            out.push('/');
        }
        out
    }

    /// The href of a resource that was found at `path`.
    pub fn href_of(&self, path: &Path, resource: &Resource) -> String {
        match resource {
            Resource::Collection(collection) => self.href(&collection.path, true),
            Resource::Member(collection, member) => {
                self.href(&collection.path.join(&member.name), false)
            }
            // A principal's own href may lead into another mount; here it is at `path`.
            Resource::Principal(_) => self.href(path, true),
        }
    }

    /// The path that an href of a client means: an absolute path, or a URI of this server.
    ///
    /// None if it leads out of this mount or to another server.
    pub fn parse_href(&self, href: &str) -> Result<Option<Path>, Error> {
        let malformed = || Error::BadRequest(format!("{href:.200} is not an href"));
        let elsewhere = |path: &str| match is_encoded(path) {
            true => Ok(None),
            false => Err(malformed()),
        };
        let href = href.trim();
        let absolute = match href.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = match rest.find('/') {
                    Some(at) => rest.split_at(at),
                    None => (rest, "/"),
                };
                if !is_scheme(scheme) || !is_authority(authority) {
                    return Err(malformed());
                }
                if !same_authority(scheme, authority, self.authority) {
                    return elsewhere(path);
                }
                path
            }
            None if href.starts_with('/') => href,
            None => return Err(malformed()),
        };
        let path = absolute.split(['?', '#']).next().unwrap_or_default();
        let Some(below) = strip_mount(path, self.mount) else {
            return elsewhere(path);
        };
        let (path, _) = Path::parse(below).ok_or_else(malformed)?;
        Ok(Some(path))
    }

    /// The href of the principal with this id; none if it is not known.
    pub fn principal_href(&self, id: &str) -> Result<Option<String>, Error> {
        if let Some(user) = self.user.as_ref().filter(|user| user.id == id) {
            return Ok(Some(user.href.clone()));
        }
        if let Some((_, href)) = self.hrefs.borrow().iter().find(|(known, _)| known == id) {
            return Ok(Some(href.clone()));
        }
        let found = self.store.principal(PrincipalKey::Id(id))?;
        if let Some(principal) = &found {
            self.hrefs
                .borrow_mut()
                .push((id.to_owned(), principal.href.clone()));
        }
        Ok(found.map(|principal| principal.href))
    }

    /// What is at `path`, if the principal may know of it.
    pub fn find(&self, path: &Path, want: &Want<'_>) -> Result<Option<Resource>, Error> {
        let mut found = self.store.find(path, want)?;
        found.take_if(|resource| !resource.rights().has(Rights::LOOKUP));
        Ok(found)
    }

    /// What the request is about, with the fields that conditions need.
    pub fn find_target(&self) -> Result<Option<Resource>, Error> {
        self.find(
            &self.target.path,
            &Want {
                fields: Fields::ENTITY,
                stored: Stored::None,
            },
        )
    }

    /// What the request is about.
    ///
    /// Fails with [`Error::NotFound`] if there is nothing.
    pub fn target_resource(&self) -> Result<Resource, Error> {
        self.find_target()?.ok_or(Error::NotFound)
    }

    /// The collection that something at `path` is or would be in.
    ///
    /// Fails with [`Error::Conflict`] if there is none. RFC 4918 §9.7.1.
    pub fn find_parent(&self, path: &Path) -> Result<Collection, Error> {
        let parent = path.parent().ok_or(Error::MethodNotAllowed)?;
        match self.find(&parent, &Want::default())? {
            Some(Resource::Collection(collection)) => Ok(collection),
            Some(Resource::Member(..) | Resource::Principal(_)) | None => Err(Error::Conflict(
                "the parent collection does not exist".to_owned(),
            )),
        }
    }

    /// Fails with `DAV:need-privileges` unless `resource` gives all of `rights`.
    pub fn require(
        &self,
        path: &Path,
        resource_rights: Rights,
        rights: Rights,
        privilege: &'static str,
    ) -> Result<(), Error> {
        match resource_rights.has(rights) {
            true => Ok(()),
            false => Err(Error::need_privilege(
                &self.href(path, false),
                &Name::dav(privilege),
            )),
        }
    }

    /// Whether the request surely has no body.
    pub fn body_is_empty(&self) -> bool {
        match &*self.kept.borrow() {
            Some(body) => body.is_empty(),
            None => self.body.borrow().is_empty(),
        }
    }

    /// Reads the body.
    pub fn read_body(&self, max: u64) -> Result<Vec<u8>, Error> {
        if let Some(body) = &*self.kept.borrow() {
            return Ok(body.clone());
        }
        let body = self.body.borrow_mut().read(max);
        let body = body.map_err(|error| match error {
            BodyError::TooLarge(limit) => Error::TooLarge(limit),
            BodyError::Incomplete => Error::BadRequest("the body is incomplete".to_owned()),
        })?;
        if body.len() <= KEPT_MAX {
            *self.kept.borrow_mut() = Some(body.clone());
        }
        Ok(body)
    }

    /// Forgets what was found out, so that the request can be answered from its start again. Tells
    /// whether it can: nothing of the answer is on its way, and nobody else has taken the body.
    pub(crate) fn start_over(&self) -> bool {
        let has_body = self.kept.borrow().is_some() || !self.body.borrow().is_empty();
        *self.notes.borrow_mut() = None;
        !self.is_streaming() && (has_body || !self.has_body)
    }

    /// Reads the body as XML; none if there is nothing in it.
    pub fn read_xml(&self) -> Result<Option<Element>, Error> {
        if self.body_is_empty() {
            return Ok(None);
        }
        let limits = &self.profile.limits.xml;
        let bytes = self.read_body(limits.bytes as u64)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        Ok(Some(xml::parse(&bytes, limits)?))
    }

    /// Fails if a body has more of something than a request may have: work often grows with its
    /// square.
    pub fn check_items(&self, what: &str, len: usize) -> Result<(), Error> {
        match len > self.profile.limits.items_max {
            true => Err(Error::BadRequest(format!(
                "{len} {what} are too many for one request"
            ))),
            false => Ok(()),
        }
    }

    /// Commits a batch, with the engine's words for what may be refused.
    pub fn commit(&self, batch: Batch) -> Result<Vec<Done>, Error> {
        self.store
            .commit(batch)
            .map_err(|error| self.refused(error))
    }

    /// What a refused batch means to the client.
    pub fn refused(&self, refusal: CommitError) -> Error {
        error::refused(refusal, |path| self.href(path, false))
    }

    /// A new random name: a version 4 UUID. RFC 9562 §5.4.
    pub fn uuid(&self) -> String {
        let mut bytes = self.store.random();
        let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
        *version = *version & 0x0F | 0x40;
        *variant = *variant & 0x3F | 0x80;
        let mut text = String::with_capacity(36);
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }

    /// Sends status and header fields of an answer that is written piece by piece. Called once.
    pub fn send_head(
        &self,
        status: Status,
        headers: &[(&'static str, String)],
    ) -> Result<(), Error> {
        self.streaming.set(true);
        self.sink
            .borrow_mut()
            .start(status, headers)
            .map_err(|Closed| Error::Closed)
    }

    /// Sends a piece of the body. An answer so written ends with
    /// [`crate::ResponseBody::Streamed`].
    pub fn send(&self, bytes: &[u8]) -> Result<(), Error> {
        self.sink
            .borrow_mut()
            .write(bytes)
            .map_err(|Closed| Error::Closed)
    }

    /// Whether a part of the answer is on its way, so that its status cannot be changed any more.
    pub fn is_streaming(&self) -> bool {
        self.streaming.get()
    }
}

/// What is left of an absolute path below `mount`.
fn strip_mount<'a>(path: &'a str, mount: &str) -> Option<&'a str> {
    let below = match path.strip_prefix(mount) {
        Some(below) => below,
        // Clients may encode what we do not, and the other way round.
        None => {
            let parts = mount.split('/').filter(|part| !part.is_empty()).count();
            let mut at = 0;
            for _ in 0..parts {
                let rest = path.get(at..)?.strip_prefix('/')?;
                at += 1 + rest.find('/').unwrap_or(rest.len());
            }
            let (head, below) = path.split_at_checked(at)?;
            (Path::parse(head)?.0 == Path::parse(mount)?.0).then_some(below)?
        }
    };
    (below.is_empty() || below.starts_with('/')).then_some(below)
}

/// RFC 3986 §3.1.
fn is_scheme(scheme: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(allowed)
}

/// Whether brackets enclose all of a host, or none of it. RFC 3986 §3.2.2.
fn is_authority(authority: &str) -> bool {
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').is_some_and(|(address, port)| {
            !address.contains('[') && (port.is_empty() || port.starts_with(':'))
        }),
        None => !host.is_empty() && !host.contains(['[', ']']),
    }
}

/// Whether every `%` begins an encoded byte. RFC 3986 §2.1.
fn is_encoded(text: &str) -> bool {
    let encoded = |part: &str| {
        let digits = part.bytes().take(2);
        digits.filter(u8::is_ascii_hexdigit).count() == 2
    };
    text.split('%').skip(1).all(encoded)
}

/// Whether a URI of a client names this server. The scheme is not compared: behind a proxy that
/// ends TLS it differs.
fn same_authority(scheme: &str, authority: &str, own: &str) -> bool {
    let without_port = |authority: &'_ str| -> String {
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let default = if scheme.eq_ignore_ascii_case("https") {
            ":443"
        } else {
            ":80"
        };
        authority
            .strip_suffix(default)
            .unwrap_or(authority)
            .to_ascii_lowercase()
    };
    without_port(authority) == without_port(own)
}

pub(crate) fn join_headers(headers: &[(String, String)], name: &str) -> Option<String> {
    let mut values = headers
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim());
    let first = values.next()?;
    Some(values.fold(first.to_owned(), |joined, value| joined + ", " + value))
}
