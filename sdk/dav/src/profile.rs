//! Everything that a protocol adds to the engine, as one value.
//!
//! The engine asks the profile and never which protocol it is. A profile is `static`: tables and
//! plain functions, which get the [`Context`] of the request.

use xml::{Element, Name};

use crate::access::Privilege;
use crate::error::QUOTA_NOT_EXCEEDED;
use crate::property::Live;
use crate::request::Response;
use crate::resource::{Collection, Member, Resource, Want};
use crate::store::{Accept, Batch, Operation};
use crate::{Context, Error, Path};

/// A protocol.
pub struct Profile {
    /// Tokens for the `DAV` header after those of the engine. RFC 4918 §10.1.
    pub dav_tokens: &'static [&'static str],
    /// Namespaces and the prefixes to write them with.
    pub prefixes: &'static [xml::Prefix],
    /// The kinds of collections.
    pub kinds: &'static [CollectionKind],
    /// The kind that MKCOL without a body makes; none if it cannot.
    pub default_kind: Option<&'static str>,
    /// Says whether a collection may be made, copied or moved to a place.
    pub place: Option<PlaceRule>,
    /// Says whether a collection may be removed, or moved away.
    pub part: Option<PartRule>,
    /// Answers GET and HEAD of a URL where nothing is, or not any more: 404 without it.
    pub get_unmapped: Option<UnmappedRule>,
    /// Live properties besides those of the engine; one with the name of an engine's replaces it.
    pub properties: &'static [&'static Live],
    /// Reports besides those of the engine.
    pub reports: &'static [Report],
    /// Methods besides those of the engine.
    pub methods: &'static [Method],
    /// Privileges besides those of RFC 3744.
    pub privileges: &'static [Privilege],
    /// Properties that principals can be searched by, besides the display name. RFC 3744 §9.5.
    pub searchable: &'static [Searchable],
    /// How much a request may ask for.
    pub limits: Limits,
}

/// A property that principals can be searched by.
pub struct Searchable {
    /// The property.
    pub name: Name,
    /// What people call it.
    pub description: &'static str,
    /// What of the text searched for the name, the display name or an address of a principal must
    /// contain to match, so that the store can narrow the search; none if that does not follow.
    pub hint: fn(text: &str) -> Option<&str>,
}

/// A kind of collection.
pub struct CollectionKind {
    /// What the store calls it.
    pub name: &'static str,
    /// What stands in `DAV:resourcetype` besides `DAV:collection`.
    pub resourcetype: &'static [Name],
    /// Whether MKCOL can make one.
    pub creatable: bool,
    /// Whether collections can be made in it.
    pub holds_collections: bool,
    /// Whether members can be put in it.
    pub holds_members: bool,
    /// Whether `DAV:sync-collection` works on it. RFC 6578.
    pub syncs: bool,
    /// Whether POST can add members under names that the server makes. RFC 5995.
    pub add_member: bool,
    /// What those names end in, `.txt` for example.
    pub extension: &'static str,
    /// The rules for members: sees the body. Without it bodies pass by unread.
    pub put: Option<PutRule>,
    /// Says which bodies change nothing of a member but what is the asking principal's own. Those
    /// take no right but to read, and move nobody else's state.
    pub put_personal: Option<PersonalRule>,
    /// Adds to the batch that removes a member, or refuses.
    pub remove: Option<RemoveRule>,
    /// Answers GET and HEAD of a member instead of its stored bytes.
    pub get_member: Option<GetRule>,
    /// Answers GET and HEAD of the collection; 204 without it.
    pub get: Option<GetRule>,
    /// Answers POST to the collection, where it is not for `add_member`.
    pub post: Option<GetRule>,
}

impl CollectionKind {
    /// A kind that does nothing of itself: the base for `..`.
    pub const PLAIN: CollectionKind = CollectionKind {
        name: "",
        resourcetype: &[],
        creatable: false,
        holds_collections: false,
        holds_members: false,
        syncs: false,
        add_member: false,
        extension: "",
        put: None,
        put_personal: None,
        remove: None,
        get_member: None,
        get: None,
        post: None,
    };
}

/// See [`Profile::place`]. The collection is the parent, the path where the new one is to be.
pub type PlaceRule =
    fn(&Context<'_>, parent: &Collection, path: &Path, kind: &CollectionKind) -> Result<(), Error>;

/// See [`Profile::part`].
pub type PartRule = fn(&Context<'_>, &Collection) -> Result<(), Error>;

/// See [`Profile::get_unmapped`].
pub type UnmappedRule = fn(&Context<'_>) -> Result<Response, Error>;

/// See [`CollectionKind::put`].
pub type PutRule = fn(&Context<'_>, Incoming<'_>) -> Result<Accepted, Error>;

/// See [`CollectionKind::put_personal`]: what keeps that, and none for any other body. It sees bodies
/// that come by PUT in place of a member.
pub type PersonalRule =
    fn(&Context<'_>, &Incoming<'_>, &Member) -> Result<Option<Vec<Operation>>, Error>;

/// See [`CollectionKind::remove`].
pub type RemoveRule = fn(&Context<'_>, &Collection, &Member, &mut Batch) -> Result<(), Error>;

/// See [`CollectionKind::get`]: none leaves the answer to the engine.
pub type GetRule = fn(&Context<'_>, &Resource) -> Result<Option<Response>, Error>;

/// A body on its way to become a member.
pub struct Incoming<'a> {
    /// What brings it.
    pub origin: Origin,
    /// Where it is to be.
    pub path: &'a Path,
    /// The collection for it.
    pub collection: &'a Collection,
    /// What is there now.
    pub existing: Option<&'a Member>,
    /// Where it comes from, if it is copied or moved.
    pub source: Option<(&'a Path, &'a Member)>,
    /// The media type that the client said, or that is stored.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: Vec<u8>,
}

impl Incoming<'_> {
    /// Whether it stays in its collection, under another name.
    fn is_renamed(&self) -> bool {
        let from = self.source.and_then(|(path, _)| path.parent());
        self.origin == Origin::Move && from.as_ref() == Some(&self.collection.path)
    }
}

/// Refuses what would be one member more than a collection may have; none is for any number.
///
/// Fails with `DAV:quota-not-exceeded` (RFC 4331 §6). Members that come at the same moment do not see
/// each other, so that a collection may end with a few more.
pub fn check_room(
    ctx: &Context<'_>,
    incoming: &Incoming<'_>,
    members_max: Option<u64>,
) -> Result<(), Error> {
    let Some(max) = members_max else {
        return Ok(());
    };
    if incoming.existing.is_some() || incoming.is_renamed() {
        return Ok(());
    }
    // Of many that come with one request, each counts for the next.
    let now = ctx.find(&incoming.collection.path, &Want::default())?;
    let members = now.as_ref().and_then(Resource::collection);
    match members.map_or(0, |collection| collection.members) >= max {
        true => Err(QUOTA_NOT_EXCEEDED.error_with(|out| {
            out.text(&format!("the collection holds {max} members at most"));
        })),
        false => Ok(()),
    }
}

/// What brings a body to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// PUT.
    Put,
    /// POST to a collection.
    Post,
    /// COPY.
    Copy,
    /// MOVE.
    Move,
}

/// What the rules made of a body.
pub struct Accepted {
    /// What is to be stored. With [`crate::store::Content::Bytes`] that differ from what came in,
    /// `changed` must be set. [`crate::store::Content::Unchanged`] has COPY and MOVE move no bytes.
    pub accept: Accept,
    /// Whether what is stored is not what the client sent: then it gets no entity tag, so that it
    /// has to read what became of it. RFC 9110 §9.3.4.
    pub changed: bool,
    /// More to do in the same batch, after the body.
    pub more: Batch,
    /// More header fields for the answer.
    pub headers: Vec<(&'static str, String)>,
    /// What a refused batch means, where it is not what the engine makes of it.
    pub refused: Option<RefusedRule>,
}

/// See [`Accepted::refused`]. None leaves it to the engine.
pub type RefusedRule = fn(&Context<'_>, &crate::store::CommitError) -> Option<Error>;

impl Accepted {
    /// Takes the body as it is.
    pub fn plain(accept: Accept) -> Self {
        Self {
            accept,
            changed: false,
            more: Batch::default(),
            headers: Vec::new(),
            refused: None,
        }
    }
}

/// What a property or report is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct On {
    /// Collections.
    pub collections: bool,
    /// Members.
    pub members: bool,
    /// Principals.
    pub principals: bool,
    /// Only collections of these kinds and their members; empty for all.
    pub kinds: &'static [&'static str],
}

impl On {
    /// Everything.
    pub const ALL: On = On {
        collections: true,
        members: true,
        principals: true,
        kinds: &[],
    };
    /// All collections.
    pub const COLLECTIONS: On = On {
        members: false,
        principals: false,
        ..On::ALL
    };
    /// All members.
    pub const MEMBERS: On = On {
        collections: false,
        principals: false,
        ..On::ALL
    };
    /// Principals.
    pub const PRINCIPALS: On = On {
        collections: false,
        members: false,
        ..On::ALL
    };

    /// Collections of these kinds.
    pub const fn kinds(kinds: &'static [&'static str]) -> On {
        On {
            members: false,
            principals: false,
            kinds,
            ..On::ALL
        }
    }

    /// Members of collections of these kinds.
    pub const fn members_of(kinds: &'static [&'static str]) -> On {
        On {
            collections: false,
            principals: false,
            kinds,
            ..On::ALL
        }
    }

    /// Whether `resource` is one of them.
    pub fn includes(&self, resource: &Resource) -> bool {
        match resource {
            Resource::Collection(collection) => self.on_collection(collection),
            Resource::Member(collection, _) => self.on_member(collection),
            Resource::Principal(_) => self.principals,
        }
    }

    pub(crate) fn on_collection(&self, collection: &Collection) -> bool {
        self.collections && self.of_kind(&collection.kind)
    }

    pub(crate) fn on_member(&self, collection: &Collection) -> bool {
        self.members && self.of_kind(&collection.kind)
    }

    fn of_kind(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

/// A report. RFC 3253 §3.6.
pub struct Report {
    /// The root element of its body.
    pub name: Name,
    /// What it is on.
    pub on: On,
    /// Answers it. The resource is the target, read with [`crate::Fields::ENTITY`].
    pub run: fn(&Context<'_>, &Resource, &Element) -> Result<Response, Error>,
}

/// A method.
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Whether it is for a URL that is mapped (to one of `on`), or for one that is not.
    pub mapped: bool,
    /// What it is on, if it is for mapped URLs.
    pub on: On,
    /// Answers it. The resource is the target, if there is one.
    pub run: fn(&Context<'_>, Option<&Resource>) -> Result<Response, Error>,
}

/// How much a request may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bodies that are XML.
    pub xml: xml::Limits,
    /// The longest body that a [`PutRule`] gets to see, in bytes.
    pub member_len_max: u64,
    /// The most resources in one answer with Depth: infinity.
    pub resources_max: usize,
    /// The longest life of a lock in seconds.
    pub lock_timeout_max_s: u32,
    /// The most properties, conditions or entries of a list in one request body.
    pub items_max: usize,
    /// The most principals that a search gives.
    pub principals_max: usize,
    /// How many records to ask the store for at a time.
    pub page: usize,
}

impl Limits {
    /// What fits most protocols.
    pub const DEFAULT: Limits = Limits {
        xml: xml::Limits {
            bytes: 10 << 20,
            depth: 100,
            elements: 200_000,
            attributes: 100,
        },
        member_len_max: 25 << 20,
        resources_max: 100_000,
        lock_timeout_max_s: 7 * 86_400,
        items_max: 1000,
        principals_max: 1000,
        page: 250,
    };
}

impl Profile {
    /// A profile that adds nothing: the base for `..`.
    pub const PLAIN: Profile = Profile {
        dav_tokens: &[],
        prefixes: &[],
        kinds: &[],
        default_kind: None,
        place: None,
        part: None,
        get_unmapped: None,
        properties: &[],
        reports: &[],
        methods: &[],
        privileges: &[],
        searchable: &[],
        limits: Limits::DEFAULT,
    };

    /// What is known of a kind of collection.
    pub fn kind(&self, name: &str) -> &CollectionKind {
        self.kinds
            .iter()
            .find(|kind| kind.name == name)
            .unwrap_or(&CollectionKind::PLAIN)
    }
}
