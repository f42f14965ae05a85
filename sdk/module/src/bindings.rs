//! The contract as generated code, and the glue that makes it speak in this crate's own types.
//! Nobody outside this crate names a type from here.
//!
//! Each interface that a module may export has bindings of its own, because a component must
//! define every export of the worlds that it links.

#![allow(missing_docs, unsafe_code, clippy::all)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

/// What a module may import.
pub mod imports {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "imports",
        with: {
            "chapar:host/types@0.1.0/digest": crate::Digest,
            "chapar:host/types@0.1.0/rights": crate::Rights,
            "chapar:host/types@0.1.0/error": crate::Error,
            "chapar:host/types@0.1.0/duplicate": crate::Duplicate,
            "chapar:host/types@0.1.0/header": crate::Header,
            "chapar:host/descriptor@0.1.0/access": crate::Access,
            "chapar:host/descriptor@0.1.0/extent": crate::Extent,
            "chapar:host/descriptor@0.1.0/mount": crate::Mount,
            "chapar:host/descriptor@0.1.0/well-known": crate::WellKnown,
            "chapar:host/descriptor@0.1.0/home": crate::Home,
            "chapar:host/descriptor@0.1.0/option-spec": crate::OptionSpec,
            "chapar:host/descriptor@0.1.0/descriptor": crate::Descriptor,
            "chapar:host/identity@0.1.0/sign-in": crate::SignIn,
            "chapar:host/identity@0.1.0/scope": crate::Scope,
            "chapar:host/identity@0.1.0/identity": crate::Identity,
            "chapar:host/directory@0.1.0/kind": crate::Kind,
            "chapar:host/directory@0.1.0/principal": crate::Principal,
            "chapar:host/mailbox@0.1.0/status": crate::Status,
            "chapar:host/mailbox@0.1.0/scope": crate::MailboxScope,
            "chapar:host/mailbox@0.1.0/fields": crate::Fields,
            "chapar:host/mailbox@0.1.0/page": crate::Page,
            "chapar:host/mailbox@0.1.0/message": crate::Message,
            "chapar:host/mailbox@0.1.0/part": crate::Part,
            "chapar:host/mailbox@0.1.0/mailbox-change": crate::MailboxChange,
            "chapar:host/annotation@0.1.0/visibility": crate::Visibility,
            "chapar:host/annotation@0.1.0/annotation": crate::Annotation,
            "chapar:host/annotation@0.1.0/message-annotation": crate::MessageAnnotation,
            "chapar:host/index@0.1.0/value": crate::Value,
            "chapar:host/index@0.1.0/key": crate::Key,
            "chapar:host/index@0.1.0/test": crate::Test,
            "chapar:host/index@0.1.0/term": crate::Term,
            "chapar:host/index@0.1.0/order": crate::Order,
            "chapar:host/index@0.1.0/query": crate::Query,
            "chapar:host/index@0.1.0/found": crate::Found,
            "chapar:host/index@0.1.0/results": crate::Results,
            "chapar:host/rights@0.1.0/identifier": crate::Identifier,
            "chapar:host/rights@0.1.0/grant": crate::Grant,
            "chapar:host/lock@0.1.0/exclusion": crate::Exclusion,
            "chapar:host/lock@0.1.0/lock-request": crate::LockRequest,
            "chapar:host/lock@0.1.0/lock": crate::Lock,
            "chapar:host/quota@0.1.0/usage": crate::Usage,
            "chapar:host/delivery@0.1.0/purpose": crate::Purpose,
            "chapar:host/delivery@0.1.0/delivery": crate::Delivery,
            "chapar:host/delivery@0.1.0/outcome": crate::DeliveryOutcome,
            "chapar:host/delivery@0.1.0/report": crate::Report,
            "chapar:host/batch@0.1.0/condition": crate::Condition,
            "chapar:host/batch@0.1.0/unique-scope": crate::UniqueScope,
            "chapar:host/batch@0.1.0/outcome": crate::Outcome,
            "chapar:host/batch@0.1.0/failure": crate::Failure,
            "chapar:host/submission@0.1.0/envelope": crate::Envelope,
            "chapar:host/timer@0.1.0/timer": crate::Timer,
            "chapar:host/watch@0.1.0/topic": crate::Topic,
            "chapar:host/endpoint@0.1.0/endpoint": crate::Endpoint,
            "chapar:host/endpoint@0.1.0/keys": crate::EndpointKeys,
            "chapar:host/endpoint@0.1.0/target": crate::EndpointTarget,
        },
    });
}

/// The types of interfaces under the names that generated code expects.
#[allow(unused_imports)]
mod names {
    pub mod types {
        pub use super::super::imports::chapar::host::types::{Instant, Modseq, PrincipalId};
        pub use crate::{Duplicate, Error, Header, Rights};
    }
    pub mod descriptor {
        pub use crate::{Access, Descriptor, Extent, Home, Mount, OptionSpec, WellKnown};
    }
    pub mod watch {
        pub use crate::{Push, Subscription, Topic, Transport};
    }
    pub mod index {
        pub use crate::{Key, Value};
    }
    pub mod delivery {
        pub use crate::Purpose;
    }
}

/// What every module exports.
pub mod handler {
    wit_bindgen::generate!({
        inline: "package chapar:part; world handler-part { export chapar:host/handler@0.1.0; }",
        path: "../../wit",
        pub_export_macro: true,
        with: {
            "chapar:host/types@0.1.0": crate::bindings::names::types,
            "chapar:host/descriptor@0.1.0": crate::bindings::names::descriptor,
            "chapar:host/watch@0.1.0": crate::bindings::names::watch,
            "chapar:host/exchange@0.1.0": crate::bindings::imports::chapar::host::exchange,
            "chapar:host/blob@0.1.0": crate::bindings::imports::chapar::host::blob,
        },
    });
}

/// Exported by a module that stores messages with keys.
pub mod indexer {
    wit_bindgen::generate!({
        inline: "package chapar:part; world indexer-part { export chapar:host/indexer@0.1.0; }",
        path: "../../wit",
        pub_export_macro: true,
        with: {
            "chapar:host/types@0.1.0": crate::bindings::names::types,
            "chapar:host/index@0.1.0": crate::bindings::names::index,
            "chapar:host/mailbox@0.1.0": crate::bindings::imports::chapar::host::mailbox,
            "chapar:host/blob@0.1.0": crate::bindings::imports::chapar::host::blob,
            "chapar:host/exchange@0.1.0": crate::bindings::imports::chapar::host::exchange,
            "chapar:host/indexer@0.1.0/unindexed": crate::Unindexed,
        },
    });
}

/// Exported by a module that takes deliveries.
pub mod receiver {
    wit_bindgen::generate!({
        inline: "package chapar:part; world receiver-part { export chapar:host/receiver@0.1.0; }",
        path: "../../wit",
        pub_export_macro: true,
        with: {
            "chapar:host/types@0.1.0": crate::bindings::names::types,
            "chapar:host/delivery@0.1.0": crate::bindings::names::delivery,
            "chapar:host/receiver@0.1.0/parcel": crate::Parcel,
            "chapar:host/receiver@0.1.0/refusal": crate::Refusal,
        },
    });
}

/// Exported by a module whose clients wait for changes.
pub mod waker {
    wit_bindgen::generate!({
        inline: "package chapar:part; world waker-part { export chapar:host/waker@0.1.0; }",
        path: "../../wit",
        pub_export_macro: true,
        with: {
            "chapar:host/types@0.1.0": crate::bindings::names::types,
            "chapar:host/watch@0.1.0": crate::bindings::names::watch,
            "chapar:host/waker@0.1.0/reason": crate::Reason,
        },
    });
}

/// Exported by a module that speaks over WebSockets.
pub mod socket {
    wit_bindgen::generate!({
        inline: "package chapar:part; world socket-part { export chapar:host/socket@0.1.0; }",
        path: "../../wit",
        pub_export_macro: true,
        with: {
            "chapar:host/types@0.1.0": crate::bindings::names::types,
            "chapar:host/watch@0.1.0": crate::bindings::names::watch,
        },
    });
}

/// Exported by a module that sets timers.
pub mod alarm {
    wit_bindgen::generate!({
        inline: "package chapar:part; world alarm-part { export chapar:host/alarm@0.1.0; }",
        path: "../../wit",
        pub_export_macro: true,
        with: {
            "chapar:host/types@0.1.0": crate::bindings::names::types,
        },
    });
}

/// Exported by a module that adds properties to principals.
pub mod principal {
    wit_bindgen::generate!({
        inline: "package chapar:part; world principal-part { export chapar:host/principal@0.1.0; }",
        path: "../../wit",
        pub_export_macro: true,
        with: {
            "chapar:host/types@0.1.0": crate::bindings::names::types,
            "chapar:host/principal@0.1.0/property": crate::PrincipalProperty,
        },
    });
}

/// Enumerations come back from the host as numbers, in the contract's order.
macro_rules! lift {
    ($($name:ident: $($case:ident)+;)+) => {$(
        impl crate::$name {
            pub(crate) fn _lift(number: u8) -> Self {
                let cases = [$(Self::$case),+];
                cases.get(usize::from(number)).copied().unwrap_or_else(|| core::arch::wasm32::unreachable())
            }
        }
    )+};
}

lift! {
    Access: Anonymous Authenticated AuthenticatedButOptions;
    Exclusion: Exclusive Shared;
    Extent: Exact Prefix;
    Kind: User Group Room Resource;
    Purpose: Reply Invite Question;
    Reason: Changed Ping;
    SignIn: Anonymous Password Bearer Sasl Host;
    UniqueScope: Mailbox Owner;
    Visibility: Shared Private;
}
