//! Converts the cards of the standard input: `convert 3.0 < cards.vcf`, or `4.0`, or `jcard`.
//! So that other readers can judge what comes out.

use std::io::{Read, Write};

use vcard::{Card, Limits, Version, convert, jcard};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let to = std::env::args().nth(1).unwrap_or_default();
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let mut out = std::io::stdout().lock();
    for card in Card::parse_all(&bytes, &Limits::DEFAULT) {
        let card = card?;
        match Version::from_name(&to) {
            Some(version) => out.write_all(&convert(&card, version)?)?,
            None => writeln!(out, "{}", jcard::write(&card)?)?,
        }
    }
    Ok(())
}
