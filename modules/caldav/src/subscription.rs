//! Subscribing to calendars of others, which then appear in the own home: by the answer to an
//! invitation of Apple's "Shared and Published Calendars in CalDAV" §5.4.1, which Cyrus takes at the home
//! as well, and by the page for people. DELETE of what appears ends it.
//!
//! Whoever may read a calendar may subscribe to it: an invitation that was sent is not looked for.

use dav::property::rfc4918::DISPLAYNAME_NAME;
use dav::request::{ResponseBody, Status};
use dav::store::mailbox::subscription;
use dav::store::{Batch, Operation};
use dav::{Collection, Context, Error, Resource, Response};
use xml::{DAV, Element, Name, Writer};

use crate::namespace::CALENDARSERVER;
use crate::page;
use crate::profile::{CALENDAR, LAYOUT};

/// Answers POST to a home: an answer to an invitation, or a form of the page.
pub(crate) fn post(ctx: &Context<'_>, resource: &Resource) -> Result<Option<Response>, Error> {
    let Resource::Collection(home) = resource else {
        return Ok(None);
    };
    let content_type = ctx.header("Content-Type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_xml = ["application/xml", "text/xml", "application/davsharing+xml"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(essence));
    match is_xml {
        true => answer_invitation(ctx, home).map(Some),
        false => page::post(ctx, resource),
    }
}

fn answer_invitation(ctx: &Context<'_>, home: &Collection) -> Result<Response, Error> {
    let root = ctx.read_xml()?;
    let root = root.filter(|root| root.name == Name::new(CALENDARSERVER, "invite-reply"));
    let root = root.ok_or_else(|| Error::BadRequest("a home takes CS:invite-reply".to_owned()))?;
    let host_url = root.find(CALENDARSERVER, "hosturl");
    let host_url = host_url.and_then(|host_url| host_url.find(DAV, "href"));
    let host_url = host_url.map(Element::trimmed_text);
    let host_url = host_url
        .ok_or_else(|| Error::BadRequest("the reply has no CS:hosturl with an href".to_owned()))?;
    let path = ctx.parse_href(&host_url)?.ok_or(Error::NotFound)?;
    let named = |name: &str| root.find(CALENDARSERVER, name);
    let is_accepted = match (named("invite-accepted"), named("invite-declined")) {
        (Some(_), None) => true,
        (None, Some(_)) => false,
        _ => {
            return Err(Error::BadRequest(
                "the reply accepts or declines".to_owned(),
            ));
        }
    };
    let mut batch = Batch::default();
    let name = subscription::set(ctx, home, &LAYOUT, CALENDAR, &path, is_accepted, &mut batch)?;
    if let Some(summary) = named("summary").filter(|_| is_accepted) {
        let text = summary.trimmed_text();
        let element = Element::new(DISPLAYNAME_NAME).with_text(text);
        let mut xml = Vec::new();
        element.write_standalone(&mut xml, &[]);
        batch.push(Operation::Property {
            path,
            name: DISPLAYNAME_NAME,
            xml: Some(xml),
            personal: true,
        });
    }
    ctx.commit(batch)?;
    if !is_accepted {
        return Ok(Response::new(Status::NO_CONTENT));
    }
    let href = ctx.href(&home.path.join(&name), true);
    let mut out = Writer::new(ctx.profile.prefixes);
    let shared_as = Name::new(CALENDARSERVER, "shared-as");
    out.start_root(&shared_as);
    out.leaf(&Name::dav("href"), &href);
    out.end(&shared_as);
    let mut response = Response::new(Status::OK);
    response.set("Content-Type", "application/xml; charset=utf-8");
    response.set("Location", href);
    response.body = ResponseBody::Bytes(out.into_bytes());
    Ok(response)
}
