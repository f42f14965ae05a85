//! What the forms of the page do.

use dav::page::form::{self, Form};
use dav::page::origin;
use dav::property::rfc4918::DISPLAYNAME_NAME;
use dav::request::Status;
use dav::store::{AclEntry, Batch, Operation, Who};
use dav::{Collection, Context, Error, Path, Resource, Response, Rights, Want};
use xml::{Element, Name};

use super::view::COLOR;
use crate::namespace::CALDAV;
use crate::profile::CALENDAR;
use crate::properties::rfc4791::{COMPONENT_SET_NAME, COMPONENTS};
use crate::{options, privacy, provision, subscription};

/// The longest form in bytes.
const FORM_LEN_MAX: u64 = 16 << 10;

/// The longest name in characters.
const NAME_LEN_MAX: usize = 200;

/// What everyone may do with a public calendar, besides seeing when its owner is busy.
const PUBLIC: Rights = Rights::of("lr");

/// Answers POST to a home; none where there is no page.
pub(crate) fn post(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Collection(home) = resource else {
        return Ok(None);
    };
    let content_type = ctx.header("Content-Type").unwrap_or_default();
    let is_form = content_type.starts_with(form::MEDIA_TYPE);
    if !is_form || !options::has_page() {
        return Ok(None);
    }
    origin::check(ctx)?;
    let form = form::parse(&ctx.read_body(FORM_LEN_MAX)?)?;
    let mut batch = Batch::default();
    match form.value("action") {
        "create" => create(ctx, home, &form, &mut batch)?,
        "update" => update(ctx, &find(ctx, home, &form)?, &form, &mut batch)?,
        "delete" => delete(ctx, &find(ctx, home, &form)?, &form, &mut batch)?,
        "subscribe" => subscribe(ctx, home, &form, &mut batch)?,
        _ => return Err(Error::BadRequest("the form asks for nothing".to_owned())),
    }
    ctx.commit(batch)?;
    // The browser shows the page again, and asks nobody to send the form twice.
    let mut response = Response::new(Status::SEE_OTHER);
    response.set("Location", ctx.href(&home.path, true));
    Ok(Some(response))
}

/// The calendar that a form is about.
fn find(ctx: &Context<'_>, home: &Collection, form: &Form) -> Result<Collection, Error> {
    let path = home.path.join(form.value("calendar"));
    match ctx.find(&path, &Want::default())? {
        Some(Resource::Collection(found)) if found.kind == CALENDAR => Ok(found),
        _ => Err(Error::NotFound),
    }
}

fn create(
    ctx: &Context<'_>,
    home: &Collection,
    form: &Form,
    batch: &mut Batch,
) -> Result<(), Error> {
    ctx.require(&home.path, home.rights, Rights::CREATE, "bind")?;
    let path = home.path.join(&ctx.uuid());
    batch.push(Operation::MakeCollection {
        path: path.clone(),
        kind: CALENDAR.to_owned(),
    });
    set_looks(&path, form, false, batch)?;
    let component = form.value("components");
    if COMPONENTS.contains(&component) {
        let mut comp = Element::new(Name::new(CALDAV, "comp"));
        comp.attributes.push(xml::Attribute {
            name: Name::new("", "name"),
            prefix: String::new(),
            value: component.to_owned(),
        });
        let set = Element::new(COMPONENT_SET_NAME).with_child(comp);
        set_property(&path, &set, false, batch);
    }
    Ok(())
}

fn update(
    ctx: &Context<'_>,
    calendar: &Collection,
    form: &Form,
    batch: &mut Batch,
) -> Result<(), Error> {
    // Sharees change what they themselves see of it.
    let personal = !privacy::sees_all(ctx, calendar);
    if !personal {
        ctx.require(
            &calendar.path,
            calendar.rights,
            Rights::WRITE,
            "write-properties",
        )?;
    }
    set_looks(&calendar.path, form, personal, batch)?;
    let wanted = form.value("public") == "on";
    if super::view::is_public(ctx, calendar)?.is_some_and(|is_open| is_open != wanted) {
        batch.push(Operation::SetAcl {
            path: calendar.path.clone(),
            acl: with_public(ctx.store.acl(calendar)?, wanted),
        });
    }
    Ok(())
}

/// The same list, but for what everyone may.
fn with_public(mut acl: Vec<AclEntry>, wanted: bool) -> Vec<AclEntry> {
    let open = |entry: &AclEntry| entry.who == Who::All && !entry.deny;
    if wanted && !acl.iter().any(open) {
        acl.push(AclEntry {
            who: Who::All,
            rights: Rights::NONE,
            deny: false,
        });
    }
    for entry in acl.iter_mut().filter(|entry| open(entry)) {
        entry.rights = match wanted {
            true => entry.rights.and(PUBLIC),
            false => entry.rights.without(PUBLIC),
        };
    }
    acl.retain(|entry| !entry.rights.is_empty());
    acl
}

/// Subscribes to the calendar of somebody else's that the form names as `owner/name`.
fn subscribe(
    ctx: &Context<'_>,
    home: &Collection,
    form: &Form,
    batch: &mut Batch,
) -> Result<(), Error> {
    subscription::check_own(ctx, home)?;
    let (owner, name) = form
        .value("shared")
        .split_once('/')
        .ok_or(Error::NotFound)?;
    let homes = home.path.parent().unwrap_or_default();
    subscription::set(ctx, &homes.join(owner).join(name), true, batch)?;
    Ok(())
}

fn delete(
    ctx: &Context<'_>,
    calendar: &Collection,
    form: &Form,
    batch: &mut Batch,
) -> Result<(), Error> {
    let goes = privacy::sees_all(ctx, calendar);
    if goes && form.value("confirm") != "on" {
        return Err(Error::BadRequest(
            "tick the box first: all that is in the calendar goes with it".to_owned(),
        ));
    }
    ctx.require(&calendar.path, calendar.rights, Rights::DELETE, "unbind")?;
    provision::part(ctx, calendar)?;
    batch.push(Operation::RemoveTree {
        path: calendar.path.clone(),
    });
    Ok(())
}

fn set_looks(path: &Path, form: &Form, personal: bool, batch: &mut Batch) -> Result<(), Error> {
    let name: String = form.value("name").chars().take(NAME_LEN_MAX).collect();
    if name.is_empty() {
        return Err(Error::BadRequest("a calendar has a name".to_owned()));
    }
    let color = form.value("color");
    let digits = color.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::BadRequest("a colour is # and six digits".to_owned()));
    }
    let name = Element::new(DISPLAYNAME_NAME).with_text(name);
    set_property(path, &name, personal, batch);
    // Apple's clients write the opacity, too.
    let color = Element::new(COLOR).with_text(format!("{color}FF"));
    set_property(path, &color, personal, batch);
    Ok(())
}

fn set_property(path: &Path, element: &Element, personal: bool, batch: &mut Batch) {
    let mut xml = Vec::new();
    element.write_standalone(&mut xml, &[]);
    batch.push(Operation::Property {
        path: path.clone(),
        name: element.name.clone(),
        xml: Some(xml),
        personal,
    });
}
