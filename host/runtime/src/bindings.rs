//! The contract of `wit/` as Rust: generated, and nothing else.

#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "everything",
    imports: {
        "chapar:host/identity": trappable,
        "chapar:host/config": trappable,
        "chapar:host/memory": trappable,
        "chapar:host/modules": trappable,
        "chapar:host/exchange.[method]body.length": trappable,
        "chapar:host/exchange.begin": trappable,
        "chapar:host/blob.[method]blob.size": trappable,
        "chapar:host/blob.[method]blob.digest": trappable,
        "chapar:host/batch.[static]batch.commit": async | trappable,
        "chapar:host/batch": trappable,
        default: async | trappable,
    },
    exports: { default: async },
    trappable_error_type: {
        "chapar:host/types.error" => crate::interfaces::Error,
        "chapar:host/batch.failure" => crate::interfaces::Failure,
    },
    with: {
        "chapar:host/exchange.body": crate::interfaces::Body,
        "chapar:host/exchange.writer": crate::interfaces::Writer,
        "chapar:host/blob.blob": crate::interfaces::Blob,
        "chapar:host/mailbox.mailbox": crate::interfaces::Mailbox,
        "chapar:host/batch.batch": crate::interfaces::Batch,
    },
});
