//! Files of many messages: mboxrd, RFC 4155. A line `From …` begins a message, and one in a message
//! that looks like it, whatever number of `>` is before it, has one more.

use std::io::{self, BufRead};
use std::ops::Range;

/// The longest piece of a line that is looked at.
const LINE_MAX: u64 = 1 << 20;

/// Where the messages of a file are, without the line that begins each.
pub fn find(mut file: impl BufRead) -> io::Result<Vec<Range<u64>>> {
    let mut found = Vec::new();
    let (mut at, mut began, mut after_blank, mut line_start) = (0, None, true, true);
    let mut line = Vec::new();
    loop {
        line.clear();
        let len = io::Read::take(&mut file, LINE_MAX).read_until(b'\n', &mut line)? as u64;
        if len == 0 {
            break;
        }
        if line_start && after_blank && line.starts_with(b"From ") {
            found.extend(began.map(|began| began..at));
            began = Some(at + len);
        }
        if line_start {
            after_blank = matches!(line.as_slice(), b"\n" | b"\r\n");
        }
        line_start = line.ends_with(b"\n");
        at += len;
    }
    found.extend(began.map(|began| began..at));
    Ok(found)
}

/// A message as it lies in a file: the blank line behind it and the `>` of the form taken away.
pub fn read(lines: &[u8]) -> Vec<u8> {
    let lines = match lines.ends_with(b"\n\n") || lines.ends_with(b"\n\r\n") {
        true => lines
            .strip_suffix(b"\r\n")
            .or(lines.strip_suffix(b"\n"))
            .unwrap_or(lines),
        false => lines,
    };
    let mut out = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        out.extend_from_slice(match line.first() {
            Some(b'>') if is_quoted(line) => line.get(1..).unwrap_or_default(),
            _ => line,
        });
    }
    out
}

/// A message as it lies in a file, with the line before it and the blank one behind.
pub fn write(message: &[u8], date: &str) -> Vec<u8> {
    let mut out = format!("From - {date}\n").into_bytes();
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if is_quoted(line) {
            out.push(b'>');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    out.push(b'\n');
    out
}

fn is_quoted(line: &[u8]) -> bool {
    let quotes = line.iter().take_while(|&&byte| byte == b'>').count();
    line.get(quotes..)
        .is_some_and(|rest| rest.starts_with(b"From "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let messages: [&[u8]; 3] = [
            b"Subject: one\n\nFrom me\n>From you\n>>From them\n\nFrom us\n",
            b"Subject: two\n\n\n\n",
            b"Subject: three\n\n",
        ];
        let mut file = Vec::new();
        for message in messages {
            file.extend(write(message, "Thu Jan  1 00:00:00 1970"));
        }
        let found = find(file.as_slice()).unwrap();
        let read: Vec<Vec<u8>> = found
            .into_iter()
            .map(|range| read(&file[range.start as usize..range.end as usize]))
            .collect();
        assert_eq!(read, messages);
    }

    #[test]
    fn only_a_line_after_a_blank_one_begins_a_message() {
        let file = b"From a\nA: b\n\nbody\nFrom here on\n\nFrom b\nA: c\n\n";
        assert_eq!(find(file.as_slice()).unwrap().len(), 2);
        assert_eq!(find(&b"no mbox\n"[..]).unwrap().len(), 0);
    }
}
