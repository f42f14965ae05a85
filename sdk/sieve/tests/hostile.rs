//! Scripts that mean no good: no panic, and time and depth within bounds.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use sieve::{DEPTH_MAX, Fault, SIZE_MAX, Script};

#[test]
fn nesting_ends_in_an_error_and_fifteen_levels_do_not() {
    // RFC 5228 §2.9 and §2.10.2.
    let blocks = |depth: usize| "if true { ".repeat(depth) + &"}".repeat(depth);
    let tests = |depth: usize| {
        let (open, close) = ("anyof(".repeat(depth), ")".repeat(depth));
        format!("if {open}true{close} {{ stop; }}")
    };
    let nots = |depth: usize| format!("if {}true {{ stop; }}", "not ".repeat(depth));
    for nested in [&blocks as &dyn Fn(usize) -> String, &tests, &nots] {
        assert!(Script::parse(nested(15).as_bytes()).is_ok());
        for depth in [DEPTH_MAX + 1, 5000] {
            let error = Script::parse(nested(depth).as_bytes()).unwrap_err();
            assert_eq!(error.fault, Fault::TooDeep);
        }
    }
}

#[test]
fn length_is_bounded() {
    let fits = "keep;".repeat(SIZE_MAX / 5);
    assert_eq!(
        Script::parse(fits.as_bytes()).unwrap().commands.len(),
        SIZE_MAX / 5
    );
    let error = Script::parse("keep;".repeat(SIZE_MAX).as_bytes()).unwrap_err();
    assert_eq!(error.fault, Fault::TooLong);
}

/// xorshift64*: the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % end.max(1) as u64) as usize
    }
}

#[test]
fn what_was_broken_at_random_is_read_or_refused_with_a_line_that_is_there() {
    let whole = include_str!("fixtures/rfc5228_9.sieve");
    let pieces = [
        "\"",
        "text:\r\n",
        ".\r\n",
        "/*",
        "*/",
        "#",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        ";",
        ":",
        "${hex:",
        "99999999999999999999G",
        "not",
        "require",
        "\r",
        "\0",
        "é",
        "\\",
    ];
    let mut random = Random(7);
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut bytes = whole.as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            let end = (at + random.below(8)).min(bytes.len());
            let piece = pieces[random.below(pieces.len())].bytes();
            bytes.splice(at..end, piece);
        }
        if let Err(error) = Script::parse(&bytes) {
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
            assert!((1..=lines).contains(&(error.line as usize)), "{error}");
            refused += 1;
        }
    }
    assert!(refused > 5_000, "{refused}");
}
