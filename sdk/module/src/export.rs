//! What a module exports: a trait for each interface, and the macro that makes a component of them.

use crate::{
    Answer, Descriptor, Instant, Key, Modseq, Parcel, Push, Reason, Refusal, Request, Result,
};

/// What every module is: a description, and answers.
///
/// Nothing in memory may be counted on between two calls.
pub trait Module {
    /// Says what the module is. Called once when it is loaded; no call to the host may be made.
    fn describe() -> Descriptor;

    /// Answers a request.
    fn handle(request: Request) -> Answer;
}

/// A message to be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unindexed {
    /// The type of its mailbox.
    pub mailbox_type: String,
    /// The media type of the body.
    pub content_type: String,
    /// When a message of this name was first put there.
    pub created: Instant,
    /// How far its keys are to reach, because somebody has looked so far.
    pub reach: Option<i64>,
    /// Header section and body.
    pub message: Vec<u8>,
}

/// A module that stores messages with keys: `wit/indexer.wit`.
pub trait Indexer {
    /// The version of the rule that makes keys.
    fn version() -> u32;

    /// Returns the keys of a message. No call to the host may be made.
    fn keys(message: Unindexed) -> Vec<Key>;
}

/// A module that takes deliveries: `wit/receiver.wit`.
pub trait Receiver {
    /// Takes a message in, and returns an answer for the sender if there is one.
    fn receive(parcel: Parcel) -> std::result::Result<Option<Vec<u8>>, Refusal>;
}

/// A module whose clients wait for changes: `wit/waker.wit`.
pub trait Waker {
    /// Says what to send to a client that waits.
    fn wake(reason: Reason, since: Modseq, token: Vec<u8>) -> Push;
}

/// A module that speaks over WebSockets: `wit/socket.wit`.
pub trait Socket {
    /// Answers a message from the client.
    fn message(text: Vec<u8>, since: Modseq, token: Vec<u8>) -> Push;
}

/// A module that sets timers: `wit/alarm.wit`.
pub trait Alarm {
    /// Runs when a timer of the principal of this instance is due.
    fn fire(name: String, due: Instant, token: Vec<u8>);
}

/// A property of a principal, opaque to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalProperty {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its value, serialised as the namespace has it.
    pub value: String,
}

/// A module that adds properties to principals: `wit/principal.wit`.
pub trait PrincipalPart {
    /// Returns the module's properties of a principal, as the principal of this instance may see
    /// them.
    fn properties(id: String) -> Vec<PrincipalProperty>;

    /// Changes a property of the principal of this instance.
    fn update(property: PrincipalProperty) -> Result<()>;
}

/// Makes a component of a type that implements [`Module`]; other traits that it implements are
/// named after a colon.
///
/// ```text
/// module::export!(Hello);
/// module::export!(CalDav: indexer, receiver, alarm);
/// ```
///
/// It does something in a build for wasm only, so that several modules fit into one native test.
#[macro_export]
macro_rules! export {
    ($module:ident $(: $($part:ident),+ $(,)?)?) => {
        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code)]
        const _: () = {
            $crate::bindings::handler::export!($module with_types_in $crate::bindings::handler);
            $($($crate::bindings::$part::export!($module with_types_in $crate::bindings::$part);)+)?
        };
    };
}
