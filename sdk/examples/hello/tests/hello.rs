//! The module against the in-memory host.

use hello::Hello;
use module::native::Host;

#[test]
fn greets_whoever_comes() {
    let host = Host::new();
    let reply = host.request("GET", "/hello").send::<Hello>();
    assert_eq!((reply.status, reply.text().as_str()), (200, "Hello!\n"));
    assert_eq!(reply.header("content-type"), Some("text/plain"));
}

#[test]
fn answers_no_other_method_or_path() {
    let host = Host::new();
    assert_eq!(host.request("PUT", "/hello").send::<Hello>().status, 405);
    assert_eq!(
        host.request("GET", "/hello/there").send::<Hello>().status,
        404
    );
}
