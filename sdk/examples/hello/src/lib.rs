//! The smallest module: answers `GET /hello`. `sdk/docs/modules.md` explains it line by line.

use module::{Access, Answer, Descriptor, Extent, Module, Mount, Request, Response};

/// The module.
pub struct Hello;

module::export!(Hello);

impl Module for Hello {
    fn describe() -> Descriptor {
        let methods = ["GET", "HEAD"];
        Descriptor {
            name: "hello".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Greets whoever comes.".to_owned(),
            mounts: vec![Mount::new(
                "/hello",
                Extent::Exact,
                &methods,
                Access::Anonymous,
            )],
            ..Descriptor::default()
        }
    }

    fn handle(request: Request) -> Answer {
        match request.method.as_str() {
            "GET" | "HEAD" => Response::new(200).body("text/plain", "Hello!\n").into(),
            _ => Response::new(405).header("allow", "GET, HEAD").into(),
        }
    }
}
