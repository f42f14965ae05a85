//! What a module says of itself: the Rust side of `wit/descriptor.wit`.

/// Who may come to a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Access {
    /// Anyone.
    Anonymous,
    /// Only who is signed in.
    Authenticated,
    /// As `Authenticated`, except that OPTIONS needs no sign-in.
    AuthenticatedButOptions,
}

/// Which paths of a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Extent {
    /// The path itself, with or without a slash at its end.
    Exact,
    /// The path and everything below it.
    Prefix,
}

/// A part of the URL space that a module answers for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Mount {
    /// The path, beginning with a slash.
    pub path: String,
    /// Which paths.
    pub extent: Extent,
    /// The methods it answers.
    pub methods: Vec<String>,
    /// Who may come.
    pub access: Access,
    /// The realm of the challenge.
    pub realm: Option<String>,
}

/// A name below `/.well-known/`. RFC 8615.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WellKnown {
    /// The name.
    pub name: String,
    /// Where clients are sent.
    pub target: String,
}

/// Where a principal's own collection of a module lies.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Home {
    /// The namespace of the property.
    pub namespace: String,
    /// The name of the property.
    pub property: String,
    /// The path, with `{principal}`.
    pub path: String,
}

/// An option that a module reads.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OptionSpec {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub help: String,
}

/// What a module says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize)]
pub struct Descriptor {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it serves.
    pub summary: String,
    /// Where.
    pub mounts: Vec<Mount>,
    /// Its well-known names.
    pub well_known: Vec<WellKnown>,
    /// Tokens of protocol classes.
    pub compliance: Vec<String>,
    /// Homes of principals.
    pub homes: Vec<Home>,
    /// Types of the mailboxes that it owns.
    pub mailbox_types: Vec<String>,
    /// Options that it reads.
    pub options: Vec<OptionSpec>,
    /// Interfaces that it asks for.
    pub capabilities: Vec<String>,
}

/// What `chapar module inspect` shows: what a file is, without running more of it than `describe`.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Inspection {
    /// The file.
    pub file: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// What it exports.
    pub exports: Vec<String>,
    /// What it imports: the truth of what it can do.
    pub imports: Vec<String>,
    /// What it says of itself; none if it does not load.
    pub descriptor: Option<Descriptor>,
    /// Why it would not be loaded.
    pub problems: Vec<String>,
}

/// Whether a module serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Standing {
    /// As its file has it.
    Serving,
    /// In an older version than that of its file, which was refused, or is being compiled.
    Older,
    /// No: it is being compiled.
    Compiling,
    /// No: it was refused.
    Refused,
    /// No: `httpmodules` does not name it.
    Off,
}

/// How a file in the module folder stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ModuleState {
    /// The module's name: its file's, without `.wasm`.
    pub name: String,
    /// The file.
    pub file: String,
    /// SHA-256 of the file, in hex; none if it was not read.
    pub sha256: Option<String>,
    /// Size of the file in bytes.
    pub size: u64,
    /// It is named by `httpmodules`.
    pub enabled: bool,
    /// Whether it serves.
    pub standing: Standing,
    /// Why what the file has is refused; an older version may serve nevertheless.
    pub refused: Option<String>,
    /// What the version that serves says of itself.
    pub descriptor: Option<Descriptor>,
    /// SHA-256 of the version that serves, in hex.
    pub serving: Option<String>,
    /// Since when that version serves, in milliseconds since 1970.
    pub since: Option<storage::Instant>,
}
