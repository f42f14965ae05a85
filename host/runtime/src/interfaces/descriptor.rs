//! `wit/descriptor.wit`: what a module says of itself.

use crate::bindings::chapar::host::descriptor as wit;
use crate::module::{Access, Descriptor, Extent, Home, Mount, OptionSpec, WellKnown};
use crate::state::State;

impl wit::Host for State {}

impl From<wit::Descriptor> for Descriptor {
    fn from(from: wit::Descriptor) -> Self {
        Self {
            name: from.name,
            version: from.version,
            summary: from.summary,
            mounts: from.mounts.into_iter().map(Mount::from).collect(),
            well_known: from
                .well_known
                .into_iter()
                .map(|entry| WellKnown {
                    name: entry.name,
                    target: entry.target,
                })
                .collect(),
            compliance: from.compliance,
            homes: from
                .homes
                .into_iter()
                .map(|home| Home {
                    namespace: home.namespace,
                    property: home.property,
                    path: home.path,
                })
                .collect(),
            mailbox_types: from.mailbox_types,
            options: from
                .options
                .into_iter()
                .map(|option| OptionSpec {
                    name: option.name,
                    help: option.help,
                })
                .collect(),
            capabilities: from.capabilities,
        }
    }
}

impl From<wit::Mount> for Mount {
    fn from(from: wit::Mount) -> Self {
        Self {
            path: from.path,
            extent: match from.extent {
                wit::Extent::Exact => Extent::Exact,
                wit::Extent::Prefix => Extent::Prefix,
            },
            methods: from.methods,
            access: match from.access {
                wit::Access::Anonymous => Access::Anonymous,
                wit::Access::Authenticated => Access::Authenticated,
                wit::Access::AuthenticatedButOptions => Access::AuthenticatedButOptions,
            },
            realm: from.realm,
        }
    }
}

impl From<&Descriptor> for wit::Descriptor {
    fn from(from: &Descriptor) -> Self {
        Self {
            name: from.name.clone(),
            version: from.version.clone(),
            summary: from.summary.clone(),
            mounts: from.mounts.iter().map(wit::Mount::from).collect(),
            well_known: from
                .well_known
                .iter()
                .map(|entry| wit::WellKnown {
                    name: entry.name.clone(),
                    target: entry.target.clone(),
                })
                .collect(),
            compliance: from.compliance.clone(),
            homes: from
                .homes
                .iter()
                .map(|home| wit::Home {
                    namespace: home.namespace.clone(),
                    property: home.property.clone(),
                    path: home.path.clone(),
                })
                .collect(),
            mailbox_types: from.mailbox_types.clone(),
            options: from
                .options
                .iter()
                .map(|option| wit::OptionSpec {
                    name: option.name.clone(),
                    help: option.help.clone(),
                })
                .collect(),
            capabilities: from.capabilities.clone(),
        }
    }
}

impl From<&Mount> for wit::Mount {
    fn from(from: &Mount) -> Self {
        Self {
            path: from.path.clone(),
            extent: match from.extent {
                Extent::Exact => wit::Extent::Exact,
                Extent::Prefix => wit::Extent::Prefix,
            },
            methods: from.methods.clone(),
            access: match from.access {
                Access::Anonymous => wit::Access::Anonymous,
                Access::Authenticated => wit::Access::Authenticated,
                Access::AuthenticatedButOptions => wit::Access::AuthenticatedButOptions,
            },
            realm: from.realm.clone(),
        }
    }
}
