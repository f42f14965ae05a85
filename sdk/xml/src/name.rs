//! Expanded names: a namespace and a local part. Namespaces in XML 1.0 §2.1.

use std::borrow::Cow;
use std::fmt;

/// The namespace of WebDAV itself.
pub const DAV: &str = "DAV:";

/// The namespace that the prefix `xml` is always bound to.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// An expanded name: what an element or attribute is called, whatever prefix was written.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    ns: Cow<'static, str>,
    local: Cow<'static, str>,
}

impl Name {
    /// A name known at compile time. An empty `ns` means no namespace.
    pub const fn new(ns: &'static str, local: &'static str) -> Self {
        Self {
            ns: Cow::Borrowed(ns),
            local: Cow::Borrowed(local),
        }
    }

    /// A name in the namespace `DAV:`.
    pub const fn dav(local: &'static str) -> Self {
        Self::new(DAV, local)
    }

    /// A name made at run time.
    pub fn owned(ns: impl Into<String>, local: impl Into<String>) -> Self {
        Self {
            ns: Cow::Owned(ns.into()),
            local: Cow::Owned(local.into()),
        }
    }

    /// A name made of what a client has sent elsewhere than as a name. Fails with
    /// [`Error::Malformed`](crate::Error::Malformed) if `local` is none: what is written with it
    /// would not be XML. Namespaces in XML 1.0 §3.
    pub fn parse(ns: &str, local: &str) -> Result<Self, crate::Error> {
        crate::read::check_ncname(local)?;
        Ok(Self::owned(ns, local))
    }

    /// The namespace, empty if there is none.
    pub fn ns(&self) -> &str {
        &self.ns
    }

    /// The local part.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// Whether this is the name `local` in `ns`.
    pub fn is(&self, ns: &str, local: &str) -> bool {
        self.local == local && self.ns == ns
    }
}

impl fmt::Display for Name {
    /// Writes Clark's notation, `{ns}local`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{{{}}}{}", self.ns, self.local)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
