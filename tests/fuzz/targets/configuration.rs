//! The configuration: lines that were read, written again, read the same; values are taken or
//! refused without harm.

#![no_main]
#![allow(
    dead_code,
    reason = "the files are the host's, and have more than is looked at here"
)]

#[path = "../../../host/src/config/options.rs"]
mod options;
#[path = "../../../host/src/config/syntax.rs"]
mod syntax;

use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    let file = Path::new("imapd.conf");
    let Ok(lines) = syntax::parse(text, file) else {
        return;
    };
    let mut written = String::new();
    for line in &lines {
        assert!(line.place.line >= 1 && line.place.line <= text.lines().count());
        assert_eq!(line.name, line.name.to_ascii_lowercase());
        assert_eq!(line.value, line.value.trim());
        assert!(!line.name.is_empty() && !line.value.is_empty());
        // A blank, so that a backslash at the end joins nothing.
        written.push_str(&format!("{}: {} \n", line.name, line.value));
    }
    let pair = |line: &syntax::Line| (line.name.clone(), line.value.clone());
    let again = syntax::parse(&written, file).expect("what was written can be read");
    assert!(lines.iter().map(pair).eq(again.iter().map(pair)));

    for line in &lines {
        let known = options::find(&line.name);
        if known.is_none() {
            let names = options::OPTIONS.iter().map(|option| option.name);
            if let Some(near) = options::nearest(&line.name, names) {
                assert!(options::find(near).is_some());
            }
        }
        for option in known.into_iter().chain(options::OPTIONS.iter().take(60)) {
            let _ = option.kind.accepts(&line.value);
        }
        for unit in ['s', 'm', 'h', 'd'] {
            if let Some(duration) = options::parse_duration(&line.value, unit) {
                let written = format!("{}s", duration.as_secs());
                assert_eq!(options::parse_duration(&written, unit), Some(duration));
            }
        }
        for unit in ['B', 'K'] {
            if let Some(bytes) = options::parse_bytes(&line.value, unit) {
                assert!(bytes >= -1);
                let written = if bytes < 0 {
                    bytes.to_string()
                } else {
                    format!("{bytes}B")
                };
                assert_eq!(options::parse_bytes(&written, unit), Some(bytes));
            }
        }
    }
});
