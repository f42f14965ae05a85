//! What a module says of itself: `wit/descriptor.wit`; and what the others say: `wit/modules.wit`.

/// Who may come to a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; the module decides by rights what they see, and may answer 401.
    Anonymous,
    /// Only who is signed in, whatever the method.
    Authenticated,
    /// As `Authenticated`, except that OPTIONS needs no sign-in.
    AuthenticatedButOptions,
}

/// Which paths of a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The path itself, with or without a slash at its end.
    Exact,
    /// The path and everything below it.
    Prefix,
}

/// A part of the URL space that a module answers for. The longest path that matches wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The path, beginning with a slash.
    pub path: String,
    /// Which paths.
    pub extent: Extent,
    /// The methods it answers; others get 405.
    pub methods: Vec<String>,
    /// Who may come.
    pub access: Access,
    /// The realm of the challenge; the server's name if none.
    pub realm: Option<String>,
}

impl Mount {
    /// A mount with the server's own realm.
    pub fn new(path: &str, extent: Extent, methods: &[&str], access: Access) -> Self {
        Self {
            path: path.to_owned(),
            extent,
            methods: methods.iter().map(|&method| method.to_owned()).collect(),
            access,
            realm: None,
        }
    }
}

/// A name below `/.well-known/` that leads to the module. RFC 8615.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WellKnown {
    /// The name.
    pub name: String,
    /// The path that clients are sent to.
    pub target: String,
}

/// Where a principal's own collection of this module lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The namespace of the property that tells clients of it.
    pub namespace: String,
    /// The name of that property.
    pub property: String,
    /// The path, with `{principal}` where the principal's name goes.
    pub path: String,
}

/// An option that the module reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionSpec {
    /// Its name in the configuration file.
    pub name: String,
    /// What it is for, and what holds without it: one sentence.
    pub help: String,
}

/// What a module says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Descriptor {
    /// Its name: the one that `httpmodules` uses, and that of its file.
    pub name: String,
    /// Its version, for people.
    pub version: String,
    /// What it serves: one sentence, for people.
    pub summary: String,
    /// Where.
    pub mounts: Vec<Mount>,
    /// Its well-known names.
    pub well_known: Vec<WellKnown>,
    /// Tokens of the protocol classes it complies with.
    pub compliance: Vec<String>,
    /// Homes of principals.
    pub homes: Vec<Home>,
    /// Types of the mailboxes that it owns.
    pub mailbox_types: Vec<String>,
    /// Options that it reads.
    pub options: Vec<OptionSpec>,
    /// Interfaces beyond WASI that it asks for, by name.
    pub capabilities: Vec<String>,
}

/// Lists what the modules of this tenant say of themselves, by name, this one included.
pub fn modules() -> Vec<Descriptor> {
    crate::backend::modules::list()
}
