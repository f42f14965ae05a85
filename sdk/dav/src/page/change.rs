//! What the forms of the page change. Each change is a batch as WebDAV would make it, with the same
//! rights, rules and locks.

use xml::{Element, Name};

use super::Page;
use super::form::Form;
use crate::header::conditions::Guard;
use crate::locks::{self, Change};
use crate::method::delete;
use crate::method::mkcol::check_place;
use crate::property::rfc4918::DISPLAYNAME_NAME;
use crate::resource::{Collection, Resource, Want};
use crate::store::{AclEntry, Batch, Expect, Operation, Who};
use crate::{Context, Error, Rights};

/// The longest name that people may give, in bytes.
const NAME_LEN_MAX: usize = 255;

/// What everyone may do with what is shared with everyone.
const PUBLIC: Rights = Rights::of("lrs");

/// Does what a form says.
pub(super) fn run(
    ctx: &Context<'_>,
    home: &Collection,
    page: &Page,
    form: &Form,
) -> Result<(), Error> {
    let mut batch = Batch::default();
    match form.value("action") {
        "create" => create(ctx, home, page, form, &mut batch)?,
        "rename" => {
            let collection = named(ctx, home, page, form)?;
            let name = display_name(form)?;
            set(ctx, &collection, &DISPLAYNAME_NAME, Some(name), &mut batch)?;
        }
        "recolour" => {
            let collection = named(ctx, home, page, form)?;
            let property = page.colour.as_ref().ok_or_else(unknown)?;
            let value = colour(form)?;
            set(ctx, &collection, property, Some(value), &mut batch)?;
        }
        "publish" => share(ctx, &named(ctx, home, page, form)?, true, &mut batch)?,
        "unpublish" => share(ctx, &named(ctx, home, page, form)?, false, &mut batch)?,
        "delete" => {
            let collection = named(ctx, home, page, form)?;
            let path = collection.path.clone();
            if form.value("sure") != "yes" {
                let why = format!("the {} was not deleted: you were not sure", page.noun);
                return Err(Error::Conflict(why));
            }
            let changes = [Change::Tree(&path), Change::Resource(&home.path)];
            locks::require(ctx, &Guard::default(), &changes)?;
            delete::remove(ctx, &path, &Resource::Collection(collection), &mut batch)?;
        }
        _ => return Err(unknown()),
    }
    ctx.commit(batch).map(|_| ())
}

fn unknown() -> Error {
    Error::BadRequest("the form says nothing that can be done here".to_owned())
}

/// The collection that a form is about.
fn named(
    ctx: &Context<'_>,
    home: &Collection,
    page: &Page,
    form: &Form,
) -> Result<Collection, Error> {
    let name = form.value("name");
    let path = home.path.join(name);
    match ctx.find(&path, &Want::default())? {
        Some(Resource::Collection(found)) if !name.is_empty() && found.kind == page.kind => {
            Ok(found)
        }
        _ => Err(Error::NotFound),
    }
}

fn display_name(form: &Form) -> Result<&str, Error> {
    match form.value("displayname") {
        "" => Err(Error::Conflict("a name is needed".to_owned())),
        name if name.len() > NAME_LEN_MAX => {
            let why = format!("a name has at most {NAME_LEN_MAX} bytes");
            Err(Error::Conflict(why))
        }
        name => Ok(name),
    }
}

/// `#RRGGBB`, as browsers send it.
fn colour(form: &Form) -> Result<&str, Error> {
    let value = form.value("colour");
    let digits = value.strip_prefix('#').unwrap_or_default();
    match digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(value),
        false => Err(Error::Conflict("that is no colour".to_owned())),
    }
}

fn create(
    ctx: &Context<'_>,
    home: &Collection,
    page: &Page,
    form: &Form,
    batch: &mut Batch,
) -> Result<(), Error> {
    let name = display_name(form)?;
    let path = home.path.join(&ctx.uuid());
    check_place(ctx, home, ctx.profile.kind(page.kind), &path)?;
    locks::require(ctx, &Guard::default(), &[Change::Resource(&home.path)])?;
    batch.push(Operation::Check {
        path: path.clone(),
        expect: Expect::Missing,
    });
    batch.push(Operation::MakeCollection {
        path: path.clone(),
        kind: page.kind.to_owned(),
    });
    let new = Collection {
        path,
        kind: page.kind.to_owned(),
        rights: Rights::FULL,
        owner: home.owner.clone(),
        ..Collection::default()
    };
    push_property(&new, &DISPLAYNAME_NAME, Some(name), false, batch);
    Ok(())
}

/// Sets a property of a collection: for everyone if the principal owns it, else for itself.
fn set(
    ctx: &Context<'_>,
    collection: &Collection,
    name: &Name,
    text: Option<&str>,
    batch: &mut Batch,
) -> Result<(), Error> {
    let personal = collection.owner.as_deref() != ctx.user_id();
    let path = &collection.path;
    match personal {
        true => ctx.require(path, collection.rights, Rights::READ, "read")?,
        false => ctx.require(path, collection.rights, Rights::WRITE, "write-properties")?,
    }
    locks::require(ctx, &Guard::default(), &[Change::Resource(path)])?;
    push_property(collection, name, text, personal, batch);
    Ok(())
}

fn push_property(
    collection: &Collection,
    name: &Name,
    text: Option<&str>,
    personal: bool,
    batch: &mut Batch,
) {
    let xml = text.map(|text| {
        let mut bytes = Vec::new();
        let element = Element::new(name.clone()).with_text(text);
        element.write_standalone(&mut bytes, &[]);
        bytes
    });
    batch.push(Operation::Property {
        path: collection.path.clone(),
        name: name.clone(),
        xml,
        personal,
    });
}

/// Whether everyone may read what is in a collection.
pub(super) fn is_public(acl: &[AclEntry]) -> bool {
    let all = |entry: &&AclEntry| entry.who == Who::All && !entry.deny;
    acl.iter().filter(all).any(|entry| entry.rights.has(PUBLIC))
}

fn share(
    ctx: &Context<'_>,
    collection: &Collection,
    public: bool,
    batch: &mut Batch,
) -> Result<(), Error> {
    let path = &collection.path;
    ctx.require(path, collection.rights, Rights::ADMINISTER, "write-acl")?;
    locks::require(ctx, &Guard::default(), &[Change::Resource(path)])?;
    let mut acl = ctx.store.acl(collection)?;
    let everyone = |entry: &&mut AclEntry| entry.who == Who::All && !entry.deny;
    match (acl.iter_mut().find(everyone), public) {
        (Some(entry), true) => entry.rights = entry.rights.and(PUBLIC),
        (Some(entry), false) => entry.rights = entry.rights.without(PUBLIC),
        (None, true) => acl.push(AclEntry {
            who: Who::All,
            rights: PUBLIC,
            deny: false,
        }),
        (None, false) => {}
    }
    acl.retain(|entry| !entry.rights.is_empty());
    batch.push(Operation::SetAcl {
        path: path.clone(),
        acl,
    });
    Ok(())
}
