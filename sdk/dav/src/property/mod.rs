//! Live properties: small values that cite their section, one file per RFC. RFC 4918 §4.

pub mod rfc3253;
pub mod rfc3744;
pub mod rfc4331;
pub mod rfc4918;
pub mod rfc5397;
pub mod rfc6578;

use xml::{Element, Name, Writer};

use crate::profile::On;
use crate::resource::{Collection, Fields, Member, Principal, Resource, StoredProperty};
use crate::store::{Batch, Lock};
use crate::{Context, Error, Path, Profile};

/// A live property: one whose value or syntax the server looks after.
pub struct Live {
    /// What it is called.
    pub name: &'static Name,
    /// What it is on.
    pub on: On,
    /// Whether `DAV:allprop` gives it.
    pub in_allprop: bool,
    /// What of the resource its `read` looks at.
    pub fields: Fields,
    /// The stored properties that its `read` looks at, its own left out.
    pub uses: &'static [Name],
    /// Where its value comes from.
    pub read: Read,
    /// Whether and how clients can set it.
    pub write: Write,
}

impl Live {
    /// What most properties of protocols have in common; it has no name yet, and is on nothing.
    pub const PLAIN: Self = Self {
        name: &Name::new("", ""),
        on: On::kinds(&[]),
        in_allprop: false,
        fields: Fields::NONE,
        uses: &[],
        read: Read::Stored,
        write: Write::Protected,
    };
}

/// Where the value of a live property comes from.
#[derive(Clone, Copy)]
pub enum Read {
    /// It is given back as it was set.
    Stored,
    /// This function writes what is inside of the property's element; the start tag is written,
    /// so attributes can come first.
    With(ReadRule),
}

/// See [`Read::With`].
pub type ReadRule = fn(&Reading<'_, '_>, &mut Writer) -> Result<Value, Error>;

/// What came of reading a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// It was written.
    Written,
    /// The resource does not have it.
    Missing,
    /// The principal may not read it.
    Forbidden,
}

/// Whether and how clients can set a property.
#[derive(Clone, Copy)]
pub enum Write {
    /// They cannot.
    Protected,
    /// As they like, if this function agrees; the element is stored as it is.
    Stored(CheckRule),
    /// The same on a collection, but everyone who does not own it has a value of their own, which
    /// hides the owner's from them: whoever may read the collection can set it.
    Personal(CheckRule),
    /// As [`Write::Stored`], but only in the request that makes the resource.
    AtCreation(CheckRule),
    /// This function turns it into operations.
    With(WriteRule),
}

/// See [`Write::Stored`].
pub type CheckRule = fn(&Context<'_>, &Element) -> Result<(), Error>;

/// See [`Write::With`]: none removes the property.
pub type WriteRule = fn(&Context<'_>, &Path, Option<&Element>, &mut Batch) -> Result<(), Error>;

/// What a [`ReadRule`] gets to see.
pub struct Reading<'r, 'c> {
    /// The request.
    pub ctx: &'r Context<'c>,
    /// Whose property it is.
    pub subject: Subject<'r>,
    /// Its href, encoded.
    pub href: &'r str,
    /// The element in the request that asked for the property, with what it holds.
    pub request: Option<&'r Element>,
    /// The locks that may cover it, if [`Fields::LOCKS`] was asked for.
    pub locks: &'r [Lock],
}

/// A resource, borrowed from wherever it is.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'r> {
    /// A collection.
    Collection(&'r Collection),
    /// A member and the collection it is in.
    Member(&'r Collection, &'r Member),
    /// A principal.
    Principal(&'r Principal),
}

impl<'r> Subject<'r> {
    /// The collection it is or is in.
    pub fn collection(self) -> Option<&'r Collection> {
        match self {
            Subject::Collection(collection) | Subject::Member(collection, _) => Some(collection),
            Subject::Principal(_) => None,
        }
    }

    /// The member it is.
    pub fn member(self) -> Option<&'r Member> {
        match self {
            Subject::Member(_, member) => Some(member),
            Subject::Collection(_) | Subject::Principal(_) => None,
        }
    }

    /// The properties stored with it.
    pub fn stored(self) -> &'r [StoredProperty] {
        match self {
            Subject::Collection(collection) => &collection.stored,
            Subject::Member(_, member) => &member.stored,
            Subject::Principal(principal) => &principal.stored,
        }
    }

    /// The stored property with this name.
    pub fn find_stored(self, name: &Name) -> Option<&'r StoredProperty> {
        self.stored().iter().find(|property| property.name == *name)
    }

    /// The text of a stored property without white space around it, if there is any.
    pub fn stored_text(self, name: &Name) -> Result<Option<String>, Error> {
        let Some(stored) = self.find_stored(name) else {
            return Ok(None);
        };
        let element = xml::parse(&stored.xml, &xml::Limits::default())?;
        Ok(Some(element.trimmed_text()).filter(|text| !text.is_empty()))
    }

    /// Whether a property that is `on` these can be on it.
    pub fn has(self, on: &On) -> bool {
        match self {
            Subject::Collection(collection) => on.on_collection(collection),
            Subject::Member(collection, _) => on.on_member(collection),
            Subject::Principal(_) => on.principals,
        }
    }
}

impl<'r> From<&'r Resource> for Subject<'r> {
    fn from(resource: &'r Resource) -> Self {
        match resource {
            Resource::Collection(collection) => Subject::Collection(collection),
            Resource::Member(collection, member) => Subject::Member(collection, member),
            Resource::Principal(principal) => Subject::Principal(principal),
        }
    }
}

/// Agrees to any value: for [`Write::Stored`].
pub fn any_value(_: &Context<'_>, _: &Element) -> Result<(), Error> {
    Ok(())
}

/// Agrees to text without elements in it, of up to 16 KiB: for [`Write::Stored`] and
/// [`Write::Personal`].
pub fn plain_text(_: &Context<'_>, element: &Element) -> Result<(), Error> {
    const LEN_MAX: usize = 16 << 10;
    let name = element.name.local();
    match (element.elements().next(), element.text().len()) {
        (Some(_), _) => Err(Error::Conflict(format!("{name} is text alone"))),
        (None, len) if len > LEN_MAX => Err(Error::Conflict(format!(
            "{name} is longer than {LEN_MAX} bytes"
        ))),
        (None, _) => Ok(()),
    }
}

/// All live properties, those of the profile first.
pub fn all(profile: &Profile) -> impl Iterator<Item = &'static Live> {
    let engine = [
        rfc4918::ALL,
        rfc3744::ALL,
        rfc4331::ALL,
        rfc5397::ALL,
        rfc6578::ALL,
        rfc3253::ALL,
    ];
    let own = profile.properties;
    let replaced = move |live: &&'static Live| !own.iter().any(|other| other.name == live.name);
    own.iter()
        .copied()
        .chain(engine.into_iter().flatten().copied().filter(replaced))
}

/// The live property with this name. A name may be on several kinds of resources in several ways:
/// `subject` picks, where it is known.
pub fn find(profile: &Profile, name: &Name) -> Option<&'static Live> {
    all(profile).find(|live| live.name == name)
}
