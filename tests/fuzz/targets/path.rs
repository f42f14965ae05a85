//! Paths: what the host makes of a target is normal, stays below the root, and is the same path to
//! the engine, which writes it as it reads it. RFC 3986 §6.2.2.

#![no_main]
#![allow(
    dead_code,
    reason = "the file is the host's, and has more than is looked at here"
)]

#[path = "../../../host/src/http/target.rs"]
mod target;

use dav::{Path, percent_decode, percent_encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    normalise(text);
    read(text);
    encode(text);
    let request = http::Request::builder()
        .header(http::header::HOST, text)
        .body(());
    if let Ok(request) = request
        && let Ok(Some(authority)) = target::authority(&request)
    {
        assert!(!authority.contains(['/', '@', ' ']), "{authority}");
    }
});

fn normalise(text: &str) {
    let Ok(normal) = target::normalise(text) else {
        return;
    };
    assert!(normal.starts_with('/') && normal.len() <= text.len());
    assert!(
        !normal
            .split('/')
            .any(|segment| matches!(segment, "." | "..")),
        "{normal}"
    );
    assert_eq!(target::normalise(&normal).as_deref(), Ok(&*normal));
    if let Ok(decoded) = target::decode(&normal) {
        assert!(!decoded.contains('\0') || text.contains('\0'));
        assert!(
            !decoded
                .split('/')
                .any(|segment| matches!(segment, "." | "..")),
            "{decoded}"
        );
        assert_eq!(decoded.matches('/').count(), normal.matches('/').count());
        if let Some((path, slash)) = Path::parse(&normal) {
            assert_eq!(slash, decoded.ends_with('/'));
            let parts: Vec<&str> = decoded.split('/').filter(|part| !part.is_empty()).collect();
            assert_eq!(path.parts(), parts);
        }
    }
}

fn read(text: &str) {
    let Some((path, _)) = Path::parse(text) else {
        return;
    };
    for part in path.parts() {
        assert!(!part.is_empty() && part != "." && part != ".." && !part.contains(['/', '\0']));
    }
    let mut written = String::new();
    path.write(&mut written);
    assert!(
        written
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"<>&'\"?#".contains(&byte))
    );
    assert_eq!(Path::parse(&written), Some((path, false)));
}

fn encode(text: &str) {
    let mut encoded = String::new();
    percent_encode(&mut encoded, text);
    assert!(encoded.len() <= 3 * text.len() && !encoded.contains('/'));
    assert_eq!(percent_decode(&encoded).as_deref(), Some(text));
}
