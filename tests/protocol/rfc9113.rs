//! HTTP/2: <https://www.rfc-editor.org/rfc/rfc9113>. The client is curl.

use super::alice;
use chapar_tests::support::{PASSWORD, shared};
use std::process::Command;

#[test]
fn s3_3_prior_knowledge_speaks_http_2_without_tls() {
    let (_, path) = alice("rfc9113_s3_3");
    let url = format!("http://{}{path}a", shared().address);
    let curl = |arguments: &[&str]| {
        let output = Command::new("curl")
            .args(["-sS", "--max-time", "60", "--http2-prior-knowledge"])
            .args(["-u", &format!("alice:{PASSWORD}")])
            .args(["-w", "\n%{http_version} %{response_code}"])
            .args(arguments)
            .arg(&url)
            .output()
            .expect("curl, which tests/run installs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(curl(&["-X", "PUT", "-d", "over two"]), "\n2 201");
    assert_eq!(curl(&[]), "over two\n2 200");
    assert!(curl(&["-X", "PROPFIND", "-H", "depth: 0"]).ends_with("\n2 207"));
    assert_eq!(curl(&["-X", "DELETE"]), "\n2 204");
}
