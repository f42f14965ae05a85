//! The `If` header: white space between its parts means nothing, and its tokens are what was sent.
//! RFC 4918 §10.4.

#![no_main]

use dav::header::if_header::IfHeader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &str| {
    let Ok(header) = IfHeader::parse(value) else {
        return;
    };
    assert_eq!(
        IfHeader::parse(&format!(" {value}\t")).as_ref(),
        Ok(&header)
    );
    let tokens = header.tokens();
    for token in &tokens {
        assert!(value.contains(&format!("<{token}>")), "{token}");
    }
    assert!(tokens.iter().map(String::len).sum::<usize>() <= value.len());
    // A list more is a list more: nothing of it leaks into those before.
    if !value.trim_start().starts_with('<') {
        let more = IfHeader::parse(&format!("{value} (<urn:more>)")).expect("another list");
        assert_ne!(more, header);
        assert_eq!(
            more.tokens(),
            [tokens, vec!["urn:more".to_owned()]].concat()
        );
    }
});
