//! TZif, the compiled form of time zones. RFC 8536.

use super::Range;
use super::observance::Observance;
use super::zone::Zone;
use std::borrow::Cow;

impl Zone {
    /// Its data in TZif; of a part of time, what lies outside is the unspecified local time `-00`,
    /// RFC 8536 §3.2, as `zic -r` has it.
    pub fn tzif(&self, range: Range) -> Cow<'_, [u8]> {
        if range == Range::ALL {
            return Cow::Borrowed(&self.data);
        }
        let range = range.bounded();
        let end = match range.end {
            Some(end) => end,
            // The rule in the footer does the rest.
            None => self.listed_until() + 1,
        };
        let start = self.first_observance(range.start).onset;
        let mut observances = self.observances(start, end.max(start));
        let unspecified = |onset| Observance {
            onset,
            from: 0,
            to: 0,
            daylight: false,
            name: "-00".to_owned(),
        };
        if range.start.is_some() {
            observances.insert(0, unspecified(i64::MIN));
        }
        // Up to the last listed time the rule does not hold, even if nothing changes at it.
        if let (None, Some(last)) = (range.end, observances.last())
            && last.onset < self.listed_until()
        {
            let last = last.clone();
            observances.push(Observance {
                onset: self.listed_until(),
                ..last
            });
        }
        let mut footer: &[u8] = self.footer();
        if let Some(end) = range.end {
            observances.push(unspecified(end));
            footer = b"";
        }
        Cow::Owned(write(self.rules.version, &observances, footer))
    }

    /// The rule after the last transition, as POSIX writes it. RFC 8536 §3.3.
    fn footer(&self) -> &[u8] {
        let mut lines = self.data.rsplit(|&byte| byte == b'\n');
        lines.nth(1).unwrap_or_default()
    }
}

/// Writes a file; the first observance is that before all transitions.
fn write(version: u8, observances: &[Observance], footer: &[u8]) -> Vec<u8> {
    let mut types: Vec<(i32, bool, u8)> = Vec::new();
    let mut names: Vec<u8> = Vec::new();
    let mut times: Vec<u8> = Vec::new();
    let mut indices: Vec<u8> = Vec::new();
    for (number, observance) in observances.iter().enumerate() {
        let name = place(&mut names, &observance.name);
        let entry = (observance.to, observance.daylight, name);
        let index = types.iter().position(|known| *known == entry);
        let index = index.unwrap_or_else(|| {
            types.push(entry);
            types.len() - 1
        });
        if number > 0 {
            times.extend(observance.onset.to_be_bytes());
            // A zone has some dozens of types.
            indices.push(u8::try_from(index).unwrap_or_default());
        }
    }
    let mut out = Vec::with_capacity(128 + times.len() + indices.len());
    // The block for readers of version 1 is as small as may be: RFC 8536 §4 lets it be so.
    header(&mut out, version, 0, 1, 1);
    out.extend([0; 7]);
    header(&mut out, version, indices.len(), types.len(), names.len());
    out.extend(times);
    out.extend(indices);
    for (offset, daylight, name) in types {
        out.extend(offset.to_be_bytes());
        out.extend([u8::from(daylight), name]);
    }
    out.extend(names);
    out.push(b'\n');
    out.extend(footer);
    out.push(b'\n');
    out
}

/// RFC 8536 §3.1; there are no indicators and no leap seconds.
fn header(out: &mut Vec<u8>, version: u8, times: usize, types: usize, chars: usize) {
    out.extend(b"TZif");
    out.push(version);
    out.extend([0; 15]);
    for count in [0, 0, 0, times, types, chars] {
        out.extend(u32::try_from(count).unwrap_or_default().to_be_bytes());
    }
}

/// Where a designation lies among those that are there, after it was added if it was not.
fn place(names: &mut Vec<u8>, name: &str) -> u8 {
    let mut terminated = name.as_bytes().to_vec();
    terminated.push(0);
    let known = names.windows(terminated.len());
    let place = { known }.position(|window| window == terminated);
    let place = place.unwrap_or_else(|| {
        names.extend(&terminated);
        names.len() - terminated.len()
    });
    u8::try_from(place).unwrap_or_default()
}
