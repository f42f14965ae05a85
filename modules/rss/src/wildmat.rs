//! Patterns of mailbox names: wildmat, RFC 3977 §4.

/// Patterns, of which the last that matches decides.
#[derive(Debug)]
pub(crate) struct Wildmat(Vec<(bool, Vec<char>)>);

impl Wildmat {
    /// Reads patterns that commas separate; `!` is before those that leave out.
    pub(crate) fn parse(patterns: &str) -> Self {
        let patterns = patterns.split(',').map(str::trim);
        let patterns = patterns.filter(|pattern| !pattern.is_empty());
        let patterns = patterns.map(|pattern| match pattern.strip_prefix('!') {
            Some(pattern) => (false, pattern.chars().collect()),
            None => (true, pattern.chars().collect()),
        });
        Self(patterns.collect())
    }

    /// Says whether a name is one of those meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let mut patterns = self.0.iter().rev();
        let last = patterns.find(|(_, pattern)| is_match(pattern, &name));
        last.is_some_and(|(is_meant, _)| *is_meant)
    }
}

/// `*` is any characters, `?` one. Only the last star is gone back to: where one has matched, an
/// earlier one can't match better.
fn is_match(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(of), name.get(at)) {
            (Some('*'), _) => {
                star = Some((of + 1, at));
                of += 1;
            }
            (Some(wanted), Some(char)) if *wanted == '?' || wanted == char => {
                of += 1;
                at += 1;
            }
            (None, None) => return true,
            _ => match star {
                Some((after, from)) if from < name.len() => {
                    star = Some((after, from + 1));
                    (of, at) = (after, from + 1);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_matches_decides() {
        for (patterns, name, is) in [
            ("*", "user.alice", true),
            ("", "user.alice", false),
            ("user.*,!user.*.Trash", "user.alice.Lists", true),
            ("user.*,!user.*.Trash", "user.alice.Trash", false),
            ("!*.Trash, *.Trash.Kept, user.b?b", "user.bob", true),
            ("user.b?b", "user.boob", false),
            ("*a*b*c", "xxaxxbxxbxxc", true),
            ("*a*b*c", "xxaxxbxxbxx", false),
            ("user.*", "shared", false),
        ] {
            assert_eq!(
                Wildmat::parse(patterns).matches(name),
                is,
                "{patterns} {name}"
            );
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(200) + "b";
        assert!(!Wildmat::parse(&pattern).matches(&"a".repeat(5000)));
    }
}
