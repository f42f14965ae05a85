//! Names in a Maildir: flags of messages, and folders, as Maildir++ has them.

/// A letter behind `:2,` in a name, and the flag that it is. RFC 9051 §2.3.2 has those.
const FLAGS: [(char, &str); 5] = [
    ('D', "\\Draft"),
    ('F', "\\Flagged"),
    ('R', "\\Answered"),
    ('S', "\\Seen"),
    ('T', "\\Deleted"),
];

/// The flags that a name tells.
pub fn flags(name: &str) -> Vec<String> {
    let letters = name.rsplit_once(":2,").map_or("", |(_, letters)| letters);
    let flags = FLAGS.iter().filter(|(letter, _)| letters.contains(*letter));
    flags.map(|(_, flag)| (*flag).to_owned()).collect()
}

/// What a name ends with that tells these flags.
pub fn info(flags: &[String]) -> String {
    let is = |flag: &str| flags.iter().any(|it| it.eq_ignore_ascii_case(flag));
    let letters = FLAGS.iter().filter(|(_, flag)| is(flag));
    let letters: String = letters.map(|(letter, _)| *letter).collect();
    format!(":2,{letters}")
}

/// The folder that a name of one means: `.Lists.Work` is `Work` in `Lists`.
pub fn folder(name: &str) -> Option<Vec<String>> {
    let parts = name.strip_prefix('.')?.split('.');
    let parts: Vec<String> = parts.map(str::to_owned).collect();
    parts.iter().all(|part| !part.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_flags_and_folders() {
        assert_eq!(flags("1.host:2,FS"), ["\\Flagged", "\\Seen"]);
        assert!(flags("1.host").is_empty());
        assert_eq!(
            info(&["\\seen".into(), "\\Draft".into(), "x".into()]),
            ":2,DS"
        );
        assert_eq!(
            folder(".Lists.Work"),
            Some(vec!["Lists".into(), "Work".into()])
        );
        assert_eq!(folder("cur"), None);
        assert_eq!(folder(".."), None);
    }
}
