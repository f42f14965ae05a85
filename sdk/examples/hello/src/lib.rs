//! The smallest module: answers `GET /hello`. `sdk/docs/modules.md` explains it line by line.

use module::{Access, Answer, Descriptor, Extent, Module, Request, Response};

/// The module.
pub struct Hello;

module::export!(Hello);

impl Module for Hello {
    fn describe() -> Descriptor {
        let version = env!("CARGO_PKG_VERSION");
        Descriptor::new("hello", version, "Greets whoever comes.").mount(
            "/hello",
            Extent::Exact,
            &["GET", "HEAD"],
            Access::Anonymous,
        )
    }

    fn handle(request: Request) -> Answer {
        match request.method.as_str() {
            "GET" | "HEAD" => Response::new(200).body("text/plain", "Hello!\n").into(),
            _ => Response::new(405).header("allow", "GET, HEAD").into(),
        }
    }
}
