//! Scripts that strangers write: read or refused without a panic, with a line that is there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sieve::{Command, DEPTH_MAX, Script};

fn depth(commands: &[Command]) -> usize {
    let blocks = commands.iter().map(|command| depth(&command.block));
    blocks.max().map_or(0, |inner| inner + 1)
}

fuzz_target!(|bytes: &[u8]| {
    match Script::parse(bytes) {
        Ok(script) => assert!(depth(&script.commands) <= DEPTH_MAX + 1),
        Err(error) => {
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
            assert!((1..=lines).contains(&(error.line as usize)));
        }
    }
});
