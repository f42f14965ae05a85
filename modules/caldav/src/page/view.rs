//! What the page shows: a form for each calendar, and one for a new one.

use dav::property::Subject;
use dav::property::rfc4918::DISPLAYNAME_NAME;
use dav::request::{ResponseBody, Status};
use dav::store::{Listing, Who};
use dav::{Collection, Context, Error, Fields, Resource, Response, Rights, Stored, Want};
use xml::Name;

use super::html::push;
use crate::namespace::APPLE;
use crate::precondition::DEFAULT_CALENDAR_NEEDED;
use crate::profile::CALENDAR;
use crate::{options, privacy, provision, subscription};

/// The name of the colour.
pub(super) const COLOR: Name = Name::new(APPLE, "calendar-color");

/// Nothing but text, forms to this server, and the few lines of style of the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:45rem;margin:auto;\
    padding:1rem}fieldset{margin:0 0 1rem;border:1px solid #767676;border-radius:.25rem}\
    legend{font-weight:bold}label{display:inline-block;margin:.25rem 1rem .25rem 0}\
    button{font:inherit;padding:.25rem .75rem}";

/// Answers GET and HEAD of a home; none for who is no browser.
pub(crate) fn get(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Collection(home) = resource else {
        return Ok(None);
    };
    let accept = ctx.header("Accept").unwrap_or_default();
    if !accept.contains("text/html") || !options::has_page() {
        return Ok(None);
    }
    if !ctx.target.slash {
        let mut response = Response::new(Status::MOVED_PERMANENTLY);
        response.set("Location", ctx.href(&home.path, true));
        return Ok(Some(response));
    }
    let mut response = Response::new(Status::OK);
    response.set("Content-Type", "text/html; charset=utf-8");
    response.set("Content-Security-Policy", POLICY);
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "same-origin");
    response.set("Cache-Control", "private, no-cache");
    response.set("Vary", "Accept");
    response.body = ResponseBody::Bytes(page(ctx, home)?.into_bytes());
    Ok(Some(response))
}

/// How many calendars of others are looked at.
const SHARED_MAX: u32 = 500;

fn page(ctx: &Context<'_>, home: &Collection) -> Result<String, Error> {
    let mut html = String::with_capacity(4096);
    push(
        &mut html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Calendars</title>\n<style>",
        &[],
    );
    html.push_str(STYLE);
    html.push_str("</style>\n</head>\n<body>\n<main>\n<h1>Calendars</h1>\n");
    for calendar in calendars(ctx, home)? {
        write_calendar(ctx, &calendar, &mut html)?;
    }
    if home.rights.has(Rights::CREATE) {
        html.push_str(
            "<h2>New calendar</h2>\n<form method=\"post\">\n<fieldset>\n<legend>New calendar\
             </legend>\n<label>Name <input name=\"name\" required maxlength=\"200\"></label>\n\
             <label>Colour <input name=\"color\" type=\"color\" value=\"#1F6FEB\"></label>\n\
             <label>For <select name=\"components\"><option value=\"\">everything</option>\
             <option value=\"VEVENT\">events</option><option value=\"VTODO\">tasks</option>\
             <option value=\"VJOURNAL\">notes</option></select></label>\n\
             <button name=\"action\" value=\"create\">Create</button>\n</fieldset>\n</form>\n",
        );
    }
    write_shared(ctx, home, &mut html)?;
    html.push_str("</main>\n</body>\n</html>\n");
    Ok(html)
}

/// The calendars in a home, those that others share among them.
fn calendars(ctx: &Context<'_>, home: &Collection) -> Result<Vec<Collection>, Error> {
    let names = [DISPLAYNAME_NAME, COLOR];
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let listing = Listing {
            want: Want {
                fields: Fields::OWNER,
                stored: Stored::Names(&names),
            },
            collections: true,
            after: after.as_deref(),
            limit: ctx.profile.limits.page,
            ..Listing::default()
        };
        let page = ctx.store.children(home, &listing)?;
        let calendars = page.collections.into_iter();
        found.extend(calendars.filter(|found| {
            found.kind == CALENDAR && found.rights.has(Rights::LOOKUP.and(Rights::READ))
        }));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// What a stored property says.
fn text(calendar: &Collection, name: &Name) -> Result<Option<String>, Error> {
    match Subject::Collection(calendar).find_stored(name) {
        Some(stored) => {
            let element = xml::parse(&stored.xml, &xml::Limits::default())?;
            Ok(Some(element.trimmed_text()))
        }
        None => Ok(None),
    }
}

/// Whether everyone may read it, signed in or not; none if that is not this principal's to know.
pub(super) fn is_public(ctx: &Context<'_>, calendar: &Collection) -> Result<Option<bool>, Error> {
    if !calendar.rights.has(Rights::ADMINISTER) {
        return Ok(None);
    }
    let entries = ctx.store.acl(calendar)?;
    let is_open = entries
        .iter()
        .any(|entry| entry.who == Who::All && !entry.deny && entry.rights.has(Rights::READ));
    Ok(Some(is_open))
}

fn write_calendar(
    ctx: &Context<'_>,
    calendar: &Collection,
    html: &mut String,
) -> Result<(), Error> {
    let id = calendar.path.name().unwrap_or_default();
    let name = text(calendar, &DISPLAYNAME_NAME)?.unwrap_or_else(|| id.to_owned());
    let color = text(calendar, &COLOR)?.unwrap_or_default();
    // The field takes six digits and nothing else.
    let digits = color.strip_prefix('#').and_then(|digits| digits.get(..6));
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let shown = digits.map_or_else(|| "#1F6FEB".to_owned(), |digits| format!("#{digits}"));
    push(
        html,
        "<form method=\"post\">\n<fieldset>\n<legend>{}</legend>\n\
         <input type=\"hidden\" name=\"calendar\" value=\"{}\">\n\
         <label>Name <input name=\"name\" required maxlength=\"200\" value=\"{}\"></label>\n\
         <label>Colour <input name=\"color\" type=\"color\" value=\"{}\"></label>\n",
        &[&name, id, &name, &shown],
    );
    if let Some(is_open) = is_public(ctx, calendar)? {
        let checked = if is_open { " checked" } else { "" };
        html.push_str("<label><input type=\"checkbox\" name=\"public\" value=\"on\"");
        html.push_str(checked);
        html.push_str("> Everyone may read it</label>\n");
    }
    html.push_str("<button name=\"action\" value=\"update\">Save</button>\n<p>");
    let href = ctx.href(&calendar.path, true);
    let subscribe = format!("webcal://{}{href}", ctx.authority);
    push(
        html,
        "<a href=\"{}\" download>Download</a> <a href=\"{}\">Subscribe</a></p>\n",
        &[&href, &subscribe],
    );
    let stays = provision::part(ctx, calendar) == Err(DEFAULT_CALENDAR_NEEDED.error());
    if !privacy::sees_all(ctx, calendar) {
        html.push_str("<button name=\"action\" value=\"delete\">Unsubscribe</button>\n");
    } else if calendar.rights.has(Rights::DELETE) && !stays {
        html.push_str(
            "<details>\n<summary>Delete</summary>\n<label><input type=\"checkbox\" \
             name=\"confirm\" value=\"on\"> With all that is in it</label>\n\
             <button name=\"action\" value=\"delete\">Delete</button>\n</details>\n",
        );
    }
    html.push_str("</fieldset>\n</form>\n");
    Ok(())
}

/// What others share and is not in the home yet.
fn write_shared(ctx: &Context<'_>, home: &Collection, html: &mut String) -> Result<(), Error> {
    if subscription::check_own(ctx, home).is_err() {
        return Ok(());
    }
    let there: Vec<&String> = home.elsewhere.iter().map(|(name, _)| name).collect();
    let found = module::Mailbox::list_all(
        &module::MailboxScope::Shared,
        Some(CALENDAR),
        None,
        SHARED_MAX,
    );
    let found = found.map_err(|error| Error::Internal(error.to_string()))?;
    let mut is_first = true;
    for status in found {
        let [_, owner, _, name] = status.path.as_slice() else {
            continue;
        };
        let may = status.rights.contains(module::Rights::READ);
        if !may || there.contains(&&format!("{owner}.{name}")) {
            continue;
        }
        if is_first {
            html.push_str("<h2>Calendars of others</h2>\n");
            is_first = false;
        }
        let homes = home.path.parent().unwrap_or_default();
        let want = Want {
            fields: Fields::NONE,
            stored: Stored::Names(&[DISPLAYNAME_NAME]),
        };
        let path = homes.join(owner).join(name);
        let shown = match ctx.find(&path, &want)? {
            Some(Resource::Collection(calendar)) => text(&calendar, &DISPLAYNAME_NAME)?,
            _ => None,
        };
        push(
            html,
            "<form method=\"post\">\n<fieldset>\n<legend>{} ({})</legend>\n\
             <input type=\"hidden\" name=\"shared\" value=\"{}/{}\">\n\
             <button name=\"action\" value=\"subscribe\">Subscribe</button>\n\
             </fieldset>\n</form>\n",
            &[shown.as_ref().unwrap_or(name), owner, owner, name],
        );
    }
    Ok(())
}
