//! The state of a collection as a URI, and where new members can be posted: RFC 6578 §4,
//! RFC 5995 §3.2.1.
//!
//! A token is `data:,` with the id of the collection and its state: valid as a URI, so that it
//! can stand in `If`, and of no other incarnation of the collection.

use xml::Name;

use super::{Live, Read, Subject, Value, Write};
use crate::error::HREF;
use crate::profile::On;
use crate::resource::{Collection, Fields};

/// All of them.
pub static ALL: &[&Live] = &[&SYNC_TOKEN, &ADD_MEMBER];

/// RFC 6578 §4.
pub static SYNC_TOKEN: Live = Live {
    name: &Name::dav("sync-token"),
    on: On::COLLECTIONS,
    in_allprop: false,
    fields: Fields::NONE,
    uses: &[],
    read: Read::With(|reading, out| match reading.subject {
        Subject::Collection(collection) if reading.ctx.profile.kind(&collection.kind).syncs => {
            out.text(&sync_token(collection));
            Ok(Value::Written)
        }
        _ => Ok(Value::Missing),
    }),
    write: Write::Protected,
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
    in_allprop: false,
    fields: Fields::NONE,
    uses: &[],
    read: Read::Stored,
    write: Write::Protected,
};

/// The token for what a collection holds now.
pub fn sync_token(collection: &Collection) -> String {
    token_for(&collection.id, collection.state)
}

/// The token for one state of the collection with this id.
pub fn token_for(id: &str, state: u64) -> String {
    format!("data:,{id}-{state}")
}

/// The token for a first answer that was cut short: what was removed up to `removed_state` was
/// never told to the client, and need not be.
pub fn token_for_part(id: &str, state: u64, removed_state: u64) -> String {
    format!("data:,{id}-{state}.{removed_state}")
}

/// The states that a token of `collection` stands for, that for removals second; none if it is
/// not one of its tokens.
pub fn parse_token(token: &str, collection: &Collection) -> Option<(u64, u64)> {
    let (id, states) = token.strip_prefix("data:,")?.rsplit_once('-')?;
    if id != collection.id {
        return None;
    }
    let number = |digits: &str| {
        let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        valid.then(|| digits.parse::<u64>().ok()).flatten()
    };
    match states.split_once('.') {
        Some((state, removed)) => Some((number(state)?, number(removed)?)),
        None => number(states).map(|state| (state, state)),
    }
}
