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

impl Descriptor {
    /// A module that serves nothing yet; `version` is `env!("CARGO_PKG_VERSION")`, of its own crate.
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            summary: summary.to_owned(),
            ..Self::default()
        }
    }

    /// Adds a mount with the server's own realm.
    #[must_use]
    pub fn mount(mut self, path: &str, extent: Extent, methods: &[&str], access: Access) -> Self {
        self.mounts.push(Mount::new(path, extent, methods, access));
        self
    }

    /// Adds a name below `/.well-known/`, and the path that clients are sent to from there.
    #[must_use]
    pub fn well_known(mut self, name: &str, target: &str) -> Self {
        self.well_known.push(WellKnown {
            name: name.to_owned(),
            target: target.to_owned(),
        });
        self
    }

    /// Adds tokens of protocol classes.
    #[must_use]
    pub fn compliance(mut self, tokens: &[&str]) -> Self {
        self.compliance.extend(owned(tokens));
        self
    }

    /// Adds where each principal's own collection lies: a property that tells clients of it, and a path
    /// with `{principal}` in it.
    #[must_use]
    pub fn home(mut self, namespace: &str, property: &str, path: &str) -> Self {
        self.homes.push(Home {
            namespace: namespace.to_owned(),
            property: property.to_owned(),
            path: path.to_owned(),
        });
        self
    }

    /// Adds types of mailboxes that it owns.
    #[must_use]
    pub fn mailbox_types(mut self, types: &[&str]) -> Self {
        self.mailbox_types.extend(owned(types));
        self
    }

    /// Adds options that it reads: the name of each, and one sentence of help.
    #[must_use]
    pub fn options(mut self, options: &[(&str, &str)]) -> Self {
        let specs = options.iter().map(|&(name, help)| OptionSpec {
            name: name.to_owned(),
            help: help.to_owned(),
        });
        self.options.extend(specs);
        self
    }

    /// Adds interfaces that it asks for.
    #[must_use]
    pub fn capabilities(mut self, interfaces: &[&str]) -> Self {
        self.capabilities.extend(owned(interfaces));
        self
    }
}

fn owned(names: &[&str]) -> impl Iterator<Item = String> {
    names.iter().map(|&name| name.to_owned())
}

/// Lists what the modules of this tenant say of themselves, by name, this one included.
pub fn modules() -> Vec<Descriptor> {
    crate::backend::modules::list()
}
