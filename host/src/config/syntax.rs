//! The syntax of `imapd.conf(5)`: lines into (name, value, place).
//!
//! `name: value`, one a line; `#` at the beginning of a line starts a comment; a backslash at the
//! end joins the next line; `@include: file` reads another file in its place.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where in which file something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<Path>,
    /// The line, from 1; the last one of a joined line.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// An option as it stands in a file, its name in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The option's name.
    pub name: String,
    /// Its value, without surrounding white space.
    pub value: String,
    /// Where it stands.
    pub place: Place,
}

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SyntaxError {
    /// It can't be opened or isn't text.
    #[error("can't read {}: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// A line is malformed.
    #[error("{place}: {problem}")]
    Malformed {
        /// Where.
        place: Place,
        /// What is wrong, and what is expected.
        problem: String,
    },
}

/// How deep `@include` may go.
const INCLUDE_DEPTH_MAX: usize = 10;

/// Reads a file and those that it includes, and adds which those are.
pub fn read(file: &Path, files: &mut Vec<PathBuf>) -> Result<Vec<Line>, SyntaxError> {
    let mut lines = Vec::new();
    read_into(file, 0, &mut lines, files)?;
    Ok(lines)
}

fn read_into(
    file: &Path,
    depth: usize,
    lines: &mut Vec<Line>,
    files: &mut Vec<PathBuf>,
) -> Result<(), SyntaxError> {
    files.push(file.to_owned());
    let text = std::fs::read_to_string(file).map_err(|reason| SyntaxError::Unreadable {
        file: file.to_owned(),
        reason,
    })?;
    for line in parse(&text, file)? {
        if line.name != "@include" {
            lines.push(line);
            continue;
        }
        if depth >= INCLUDE_DEPTH_MAX {
            return Err(SyntaxError::Malformed {
                place: line.place,
                problem: format!("files include each other more than {INCLUDE_DEPTH_MAX} deep"),
            });
        }
        // A relative name is relative to the file that includes it.
        let folder = file.parent().unwrap_or(Path::new("."));
        read_into(&folder.join(&line.value), depth + 1, lines, files)?;
    }
    Ok(())
}

/// Parses the text of one file; `@include` stays a line.
pub fn parse(text: &str, file: &Path) -> Result<Vec<Line>, SyntaxError> {
    let file: Arc<Path> = file.into();
    let mut lines = Vec::new();
    let mut joined = String::new();
    for (number, raw) in text.lines().enumerate() {
        let place = Place {
            file: file.clone(),
            line: number + 1,
        };
        if let Some(start) = raw.strip_suffix('\\') {
            joined.push_str(start);
            continue;
        }
        joined.push_str(raw);
        if let Some(line) = parse_line(&std::mem::take(&mut joined), place)? {
            lines.push(line);
        }
    }
    if !joined.is_empty() {
        let place = Place {
            file,
            line: text.lines().count(),
        };
        lines.extend(parse_line(&joined, place)?);
    }
    Ok(lines)
}

fn parse_line(line: &str, place: Place) -> Result<Option<Line>, SyntaxError> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let malformed = |problem: String| SyntaxError::Malformed {
        place: place.clone(),
        problem,
    };
    let Some((name, value)) = line.split_once(':') else {
        return Err(malformed(format!("expected `option: value`, not `{line}`")));
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let bare = name.strip_prefix('@').unwrap_or(name);
    if bare.is_empty() || !bare.chars().all(plain) {
        return Err(malformed(format!(
            "`{name}` can't be an option: names are letters, digits, `-` and `_`, then a colon"
        )));
    }
    let name = name.to_ascii_lowercase();
    if name.starts_with('@') && name != "@include" {
        return Err(malformed(format!(
            "`{name}` is not known: the only one is `@include`"
        )));
    }
    let value = value.trim();
    if value.is_empty() {
        return Err(malformed(format!(
            "`{name}` has no value: remove the line to have the default"
        )));
    }
    Ok(Some(Line {
        name,
        value: value.to_owned(),
        place,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Vec<(String, String, usize)> {
        parse(text, Path::new("imapd.conf"))
            .unwrap()
            .into_iter()
            .map(|line| (line.name, line.value, line.place.line))
            .collect()
    }

    fn problem(text: &str) -> String {
        parse(text, Path::new("imapd.conf"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn options_comments_and_continuations() {
        let lines = check(
            "# a comment\n\n  HttpModules:  caldav \\\n   carddav\t\nservername: a:b # c\nadmins: x\\",
        );
        assert_eq!(
            lines,
            [
                ("httpmodules".into(), "caldav    carddav".into(), 4),
                ("servername".into(), "a:b # c".into(), 5),
                ("admins".into(), "x".into(), 6),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_line() {
        assert!(problem("\nlisten").starts_with("imapd.conf:2: expected `option: value`"));
        assert!(problem("a b: c").starts_with("imapd.conf:1: `a b` can't be an option"));
        assert!(problem("listen:  ").contains("has no value"));
        assert!(problem("@exclude: x").contains("@include"));
    }

    #[test]
    fn include_reads_relative_to_the_file_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("imapd.conf");
        std::fs::write(&main, "a: 1\n@include: more.conf\nb: 2\n").unwrap();
        std::fs::write(folder.path().join("more.conf"), "c: 3\n").unwrap();
        let mut files = Vec::new();
        let lines = read(&main, &mut files).unwrap();
        let names: Vec<_> = lines.into_iter().map(|l| l.name).collect();
        assert_eq!(names, ["a", "c", "b"]);
        assert_eq!(files, [main.clone(), folder.path().join("more.conf")]);
        std::fs::write(folder.path().join("more.conf"), "@include: more.conf\n").unwrap();
        assert!(
            read(&main, &mut files)
                .unwrap_err()
                .to_string()
                .contains("deep")
        );
    }
}
