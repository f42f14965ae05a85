//! `If`: lists of states that resources must be in, and the lock tokens that they submit.
//! RFC 4918 §10.4.

use crate::property::rfc6578::sync_token;
use crate::resource::{Resource, Want};
use crate::store::LockScope;
use crate::{Context, Error, Fields, Path, Stored};

/// The header, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfHeader {
    lists: Vec<List>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct List {
    tag: Option<String>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    negated: bool,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Token(String),
    Etag(String),
}

impl IfHeader {
    /// Reads the header's value.
    pub fn parse(value: &str) -> Result<Self, Error> {
        let malformed = || Error::BadRequest("the header If is malformed".to_owned());
        let mut rest = value.trim_start();
        let mut tag = None;
        let mut tag_used = true;
        let mut header = IfHeader::default();
        while !rest.is_empty() {
            if let Some(tagged) = rest.strip_prefix('<') {
                // RFC 4918 §10.4.2: the two kinds of lists cannot be mixed.
                let mixed = tag.is_none() && !header.lists.is_empty();
                let (uri, after) = tagged.split_once('>').ok_or_else(malformed)?;
                if mixed || !tag_used {
                    return Err(malformed());
                }
                tag = Some(uri.to_owned());
                tag_used = false;
                rest = after.trim_start();
            } else if let Some(list) = rest.strip_prefix('(') {
                let (conditions, after) = parse_list(list).ok_or_else(malformed)?;
                header.lists.push(List {
                    tag: tag.clone(),
                    conditions,
                });
                tag_used = true;
                rest = after.trim_start();
            } else {
                return Err(malformed());
            }
        }
        match header.lists.is_empty() || !tag_used {
            true => Err(malformed()),
            false => Ok(header),
        }
    }

    /// All lock tokens in it, those in negated conditions too: RFC 4918 §10.4.1 takes any token
    /// in the header as submitted.
    pub fn tokens(&self) -> Vec<String> {
        self.lists
            .iter()
            .flat_map(|list| &list.conditions)
            .filter_map(|condition| match &condition.state {
                State::Token(token) => Some(token.clone()),
                State::Etag(_) => None,
            })
            .collect()
    }

    /// Whether any of its lists holds. RFC 4918 §10.4.3.
    pub fn holds(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        let mut states: Vec<(Option<Path>, ResourceState)> = Vec::new();
        for list in &self.lists {
            let path = match &list.tag {
                None => Some(ctx.target.path.clone()),
                Some(tag) => ctx.parse_href(tag)?,
            };
            let known = states.iter().position(|(known, _)| *known == path);
            let at = match known {
                Some(at) => at,
                None => {
                    states.push((path.clone(), ResourceState::load(ctx, path.as_ref())?));
                    states.len() - 1
                }
            };
            let Some((_, state)) = states.get(at) else {
                continue;
            };
            if list
                .conditions
                .iter()
                .all(|condition| state.matches(condition))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What the conditions of one resource are held against.
#[derive(Default)]
struct ResourceState {
    resource: Option<Resource>,
    tokens: Vec<String>,
}

impl ResourceState {
    /// A resource that is not mapped, or not ours, has none of the states. RFC 4918 §10.4.4.
    fn load(ctx: &Context<'_>, path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let resource = ctx.find(
            path,
            &Want {
                fields: Fields::ETAG,
                stored: Stored::None,
            },
        )?;
        // A lock covers its scope whether or not the URL is mapped: members may yet be added.
        let locks = ctx.store.locks(path, LockScope::Covering)?;
        let mut tokens: Vec<String> = locks.into_iter().map(|lock| lock.token).collect();
        if let Some(Resource::Collection(collection)) = &resource {
            tokens.push(sync_token(collection));
        }
        Ok(Self { resource, tokens })
    }

    fn matches(&self, condition: &Condition) -> bool {
        let found = match &condition.state {
            State::Token(token) => self.tokens.contains(token),
            State::Etag(etag) => self
                .resource
                .as_ref()
                .and_then(Resource::member)
                .is_some_and(|member| member.etag.matches(etag)),
        };
        found != condition.negated
    }
}

fn parse_list(text: &str) -> Option<(Vec<Condition>, &str)> {
    let mut conditions = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix(')') {
            return (!conditions.is_empty()).then_some((conditions, after));
        }
        let mut negated = false;
        if rest
            .get(..3)
            .is_some_and(|word| word.eq_ignore_ascii_case("not"))
        {
            negated = true;
            rest = rest.get(3..)?.trim_start();
        }
        let (state, after) = if let Some(token) = rest.strip_prefix('<') {
            let (token, after) = token.split_once('>')?;
            (State::Token(token.to_owned()), after)
        } else {
            // An entity tag may hold a bracket, but no quote.
            let etag = rest.strip_prefix('[')?;
            let open = etag.find('"')?;
            let close = open + 1 + etag.get(open + 1..)?.find('"')?;
            let after = etag.get(close + 1..)?.strip_prefix(']')?;
            (State::Etag(etag.get(..=close)?.to_owned()), after)
        };
        conditions.push(Condition { negated, state });
        rest = after.trim_start();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn s10_4_2_grammar() {
        for (value, tokens) in [
            ("(<urn:a> [\"x\"]) ([\"y\"])", vec!["urn:a"]),
            ("(Not <urn:a> <urn:b>)", vec!["urn:a", "urn:b"]),
            (
                "</r> (<urn:a> [W/\"x\"]) ([\"y\"])<http://h/s>(<urn:c>)",
                vec!["urn:a", "urn:c"],
            ),
            ("(not[\"a]b\"])", vec![]),
            ("(<urn:a>)(Not <DAV:no-lock>)", vec!["urn:a", "DAV:no-lock"]),
        ] {
            assert_eq!(IfHeader::parse(value).unwrap().tokens(), tokens, "{value}");
        }
        for value in [
            "",
            "()",
            "(",
            "<a>",
            "(<a)",
            "([a])",
            "([\"a])",
            "(<a>) <b> (<c>)",
            "<a><b>(<c>)",
            "x",
            "(Not)",
            "(<a>",
            "</r>(<a>)</s>",
            "([\"é\"",
        ] {
            assert!(IfHeader::parse(value).is_err(), "{value}");
        }
    }
}
