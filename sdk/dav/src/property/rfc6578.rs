//! The state of a collection as a URI, and where new members can be posted: RFC 6578 §4,
//! RFC 5995 §3.2.1.
//!
//! A token is `data:,` with the id of the collection and its state: valid as a URI, so that it
//! can stand in `If`, and of no other incarnation of the collection. Collections that appear in it and
//! lie elsewhere follow with states of their own: `data:,c1-23;bob.Work=7`.

use xml::Name;

use super::{Live, Read, Subject, Value};
use crate::error::HREF;
use crate::profile::On;
use crate::resource::Collection;
use crate::{percent_decode, percent_encode};

/// All of them.
pub static ALL: &[&Live] = &[&SYNC_TOKEN, &ADD_MEMBER];

/// RFC 6578 §4.
pub static SYNC_TOKEN: Live = Live {
    name: &Name::dav("sync-token"),
    on: On::COLLECTIONS,
    read: Read::With(|reading, out| match reading.subject {
        Subject::Collection(collection) if reading.ctx.profile.kind(&collection.kind).syncs => {
            out.text(&sync_token(collection));
            Ok(Value::Written)
        }
        _ => Ok(Value::Missing),
    }),
    ..Live::PLAIN
};

/// RFC 5995 §3.2.1.
pub static ADD_MEMBER: Live = Live {
    name: &Name::dav("add-member"),
    read: Read::With(|reading, out| match reading.subject {
        Subject::Collection(collection)
            if reading.ctx.profile.kind(&collection.kind).add_member =>
        {
            out.leaf(&HREF, &format!("{}?action=add-member", reading.href));
            Ok(Value::Written)
        }
        _ => Ok(Value::Missing),
    }),
    ..SYNC_TOKEN_BASE
};

const SYNC_TOKEN_BASE: Live = Live {
    name: &Name::dav(""),
    on: On::COLLECTIONS,
    ..Live::PLAIN
};

/// The token for what a collection holds now.
pub fn sync_token(collection: &Collection) -> String {
    let known = Known {
        state: collection.state,
        removed_state: collection.state,
        elsewhere: collection.elsewhere.clone(),
    };
    known.token(&collection.id)
}

/// What of a collection a client knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// All that was created or changed up to this state.
    pub state: u64,
    /// All that was removed up to this state, which is later in a first answer that was cut short:
    /// what was removed before was never told to the client, and need not be.
    pub removed_state: u64,
    /// Collections that lie elsewhere, and their states.
    pub elsewhere: Vec<(String, u64)>,
}

impl Known {
    /// The token for that, of the collection with this id.
    pub fn token(&self, id: &str) -> String {
        let mut token = format!("data:,{id}-{}", self.state);
        if self.removed_state > self.state {
            token.push_str(&format!(".{}", self.removed_state));
        }
        for (name, state) in &self.elsewhere {
            let mut encoded = String::new();
            percent_encode(&mut encoded, name);
            token.push_str(&format!(";{}={state}", encoded.replace(';', "%3B")));
        }
        token
    }
}

/// The most collections that lie elsewhere in a token: each is looked for among those there are.
const ELSEWHERE_MAX: usize = 5000;

/// What a token of `collection` stands for; none if it is not one of its tokens.
pub fn parse_token(token: &str, collection: &Collection) -> Option<Known> {
    let mut parts = token.strip_prefix("data:,")?.split(';');
    let (id, states) = parts.next()?.rsplit_once('-')?;
    if id != collection.id {
        return None;
    }
    let number = |digits: &str| {
        let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        valid.then(|| digits.parse::<u64>().ok()).flatten()
    };
    let (state, removed_state) = match states.split_once('.') {
        Some((state, removed)) => (number(state)?, number(removed)?),
        None => (number(states)?, number(states)?),
    };
    if parts.clone().nth(ELSEWHERE_MAX).is_some() {
        return None;
    }
    let elsewhere = parts.map(|part| {
        let (name, state) = part.rsplit_once('=')?;
        Some((percent_decode(name)?, number(state)?))
    });
    Some(Known {
        state,
        removed_state,
        elsewhere: elsewhere.collect::<Option<_>>()?,
    })
}
