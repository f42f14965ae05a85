//! From the contract's exports to the traits of this crate, in a build for wasm.

use crate::bindings::{alarm, handler, indexer, principal, receiver, socket, waker};
use crate::{
    Alarm, Answer, Blob, Body, Descriptor, Error, Headers, Indexer, Instant, Key, Modseq, Module,
    Parcel, PrincipalPart, PrincipalProperty, Push, Reason, Receiver, Refusal, Request, Response,
    ResponseBody, Socket, Unindexed, Waker, Writer,
};
use handler::exports::chapar::host::handler as contract;

impl<T: Module> contract::Guest for T {
    fn describe() -> Descriptor {
        T::describe()
    }

    fn handle(request: contract::Request) -> contract::Answer {
        T::handle(request.into()).into()
    }
}

impl From<contract::Request> for Request {
    fn from(request: contract::Request) -> Self {
        Self {
            method: request.method,
            scheme: request.scheme,
            authority: request.authority,
            path: request.path,
            query: request.query,
            mount: request.mount,
            headers: Headers(request.headers),
            body: request.body.map(|raw| Body { raw }),
            received: request.received,
        }
    }
}

impl From<Response> for contract::Response {
    fn from(response: Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers.0,
            etag: response.etag,
            last_modified: response.last_modified,
            body: match response.body {
                ResponseBody::None => contract::ResponseBody::None,
                ResponseBody::Bytes(bytes) => contract::ResponseBody::Bytes(bytes),
                ResponseBody::Blob(Blob { raw }) => contract::ResponseBody::Blob(raw),
            },
        }
    }
}

impl From<Answer> for contract::Answer {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Complete(response) => Self::Complete(response.into()),
            Answer::Streamed(Writer { raw }) => Self::Streamed(raw),
            Answer::Subscribed(response, subscription) => {
                Self::Subscribed((response.into(), subscription))
            }
        }
    }
}

impl<T: Indexer> indexer::exports::chapar::host::indexer::Guest for T {
    fn version() -> u32 {
        T::version()
    }

    fn keys(message: Unindexed) -> Vec<Key> {
        T::keys(message)
    }
}

impl<T: Receiver> receiver::exports::chapar::host::receiver::Guest for T {
    fn receive(parcel: Parcel) -> Result<Option<Vec<u8>>, Refusal> {
        T::receive(parcel)
    }
}

impl<T: Waker> waker::exports::chapar::host::waker::Guest for T {
    fn wake(reason: Reason, since: Modseq, token: Vec<u8>) -> Push {
        T::wake(reason, since, token)
    }
}

impl<T: Socket> socket::exports::chapar::host::socket::Guest for T {
    fn message(text: Vec<u8>, since: Modseq, token: Vec<u8>) -> Push {
        T::message(text, since, token)
    }
}

impl<T: Alarm> alarm::exports::chapar::host::alarm::Guest for T {
    fn fire(name: String, due: Instant, token: Vec<u8>) {
        T::fire(name, due, token);
    }
}

impl<T: PrincipalPart> principal::exports::chapar::host::principal::Guest for T {
    fn properties(id: String) -> Vec<PrincipalProperty> {
        T::properties(id)
    }

    fn update(property: PrincipalProperty) -> Result<(), Error> {
        T::update(property)
    }
}
