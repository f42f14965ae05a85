//! What files add to the engine: almost nothing.

use dav::store::mailbox::Layout;
use dav::{CollectionKind, Profile};

use crate::{file, listing, media_type};

/// The type of the mailboxes, homes among them.
pub(crate) const DRIVE: &str = "drive";

/// The kind of what only leads to homes.
const LEAD: &str = "lead";

/// The protocol.
pub static PROFILE: Profile = Profile {
    kinds: &[
        CollectionKind {
            name: DRIVE,
            creatable: true,
            holds_collections: true,
            holds_members: true,
            syncs: true,
            add_member: true,
            get: Some(listing::get),
            get_member: Some(file::get),
            ..CollectionKind::PLAIN
        },
        CollectionKind {
            name: LEAD,
            get: Some(listing::get),
            ..CollectionKind::PLAIN
        },
    ],
    default_kind: Some(DRIVE),
    ..Profile::PLAIN
};

/// The mailboxes.
pub static LAYOUT: Layout = Layout {
    home: "#drive",
    home_kind: DRIVE,
    lead_kind: LEAD,
    media_type: media_type::guess,
    ..Layout::PLAIN
};
