//! What the forms of the page change. Each change is a batch as WebDAV would make it, with the same
//! rights, rules and locks.

use xml::{Element, Name};

use super::form::Form;
use super::{Page, sets_for_all};
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
            let name = text(&DISPLAYNAME_NAME, display_name(form)?);
            set(ctx, &collection, &name, &mut batch)?;
        }
        "recolour" => {
            let collection = named(ctx, home, page, form)?;
            let property = page.colour.as_ref().ok_or_else(unknown)?;
            let colour = text(property, colour(form)?);
            set(ctx, &collection, &colour, &mut batch)?;
        }
        "publish" => share(ctx, &named(ctx, home, page, form)?, true, &mut batch)?,
        "unpublish" => share(ctx, &named(ctx, home, page, form)?, false, &mut batch)?,
        "subscribe" => {
            let others = page.others.ok_or_else(unknown)?;
            let path = ctx.parse_href(form.value("name"))?;
            let path = path.ok_or(Error::NotFound)?;
            others.subscribe(ctx, home, page.kind, &path, &mut batch)?;
        }
        "unsubscribe" => {
            let collection = named(ctx, home, page, form)?;
            if !home.has_elsewhere(form.value("name")) {
                let why = format!("the {} is no other's", page.noun);
                return Err(Error::Conflict(why));
            }
            remove(ctx, home, collection, &mut batch)?;
        }
        "delete" => {
            let collection = named(ctx, home, page, form)?;
            if form.value("sure") != "yes" {
                let why = format!("the {} was not deleted: you were not sure", page.noun);
                return Err(Error::Conflict(why));
            }
            remove(ctx, home, collection, &mut batch)?;
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
    match is_colour(value) {
        true => Ok(value),
        false => Err(Error::Conflict("that is no colour".to_owned())),
    }
}

pub(super) fn is_colour(value: &str) -> bool {
    let digits = value.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
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
    push_property(&new, &text(&DISPLAYNAME_NAME, name), false, batch);
    if let (Some(property), false) = (&page.colour, form.value("colour").is_empty()) {
        push_property(&new, &text(property, colour(form)?), false, batch);
    }
    if let Some(choice) = &page.choice {
        let chosen = form.value("choice");
        let is_option = choice.options.iter().any(|(value, _)| *value == chosen);
        let property = is_option.then(|| (choice.property)(chosen)).flatten();
        if let Some(property) = property {
            push_property(&new, &property, false, batch);
        }
    }
    Ok(())
}

fn text(name: &Name, text: &str) -> Element {
    Element::new(name.clone()).with_text(text)
}

fn remove(
    ctx: &Context<'_>,
    home: &Collection,
    collection: Collection,
    batch: &mut Batch,
) -> Result<(), Error> {
    let path = collection.path.clone();
    let changes = [Change::Tree(&path), Change::Resource(&home.path)];
    locks::require(ctx, &Guard::default(), &changes)?;
    delete::remove(ctx, &path, &Resource::Collection(collection), batch)
}

/// Sets a property of a collection: see [`sets_for_all`].
fn set(
    ctx: &Context<'_>,
    collection: &Collection,
    property: &Element,
    batch: &mut Batch,
) -> Result<(), Error> {
    let personal = !sets_for_all(ctx, collection);
    let path = &collection.path;
    match personal {
        true => ctx.require(path, collection.rights, Rights::READ, "read")?,
        false => ctx.require(path, collection.rights, Rights::WRITE, "write-properties")?,
    }
    locks::require(ctx, &Guard::default(), &[Change::Resource(path)])?;
    push_property(collection, property, personal, batch);
    Ok(())
}

fn push_property(collection: &Collection, property: &Element, personal: bool, batch: &mut Batch) {
    let mut xml = Vec::new();
    property.write_standalone(&mut xml, &[]);
    batch.push(Operation::Property {
        path: collection.path.clone(),
        name: property.name.clone(),
        xml: Some(xml),
        personal,
    });
}

/// Whether everyone may read what is in a collection.
pub(super) fn is_public(acl: &[AclEntry]) -> bool {
    let all = |entry: &&AclEntry| entry.who == Who::All && !entry.deny;
    let seen = Rights::LOOKUP.and(Rights::READ);
    acl.iter().filter(all).any(|entry| entry.rights.has(seen))
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
