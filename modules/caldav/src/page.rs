//! The page for people at a home of calendars, if the operator wants it
//! (`caldav_allowcalendaradmin`).

use dav::page::{self, Choice, Page};
use dav::{Context, Error, Resource, Response};
use xml::{Attribute, Element, Name};

use crate::namespace::{APPLE, CALDAV};
use crate::options::has_page;
use crate::profile::{CALENDAR, LAYOUT};
use crate::properties::rfc4791::COMPONENT_SET_NAME;

static PAGE: Page = Page {
    is_wanted: has_page,
    title: "Calendars",
    noun: "calendar",
    kind: CALENDAR,
    colour: Some(Name::new(APPLE, "calendar-color")),
    subscribe: Some("webcal"),
    choice: Some(Choice {
        label: "For",
        options: &[
            ("", "everything"),
            ("VEVENT", "events"),
            ("VTODO", "tasks"),
            ("VJOURNAL", "notes"),
        ],
        property: component_set,
    }),
    others: Some(&LAYOUT),
};

/// Answers GET and HEAD of a home in a browser.
pub(crate) fn get(ctx: &Context<'_>, home: &Resource) -> Result<Option<Response>, Error> {
    page::get(ctx, home, &PAGE)
}

/// Answers a form of the page.
pub(crate) fn post(ctx: &Context<'_>, home: &Resource) -> Result<Option<Response>, Error> {
    page::post(ctx, home, &PAGE)
}

/// `CALDAV:supported-calendar-component-set` of a calendar for one component, none for all.
fn component_set(component: &str) -> Option<Element> {
    if component.is_empty() {
        return None;
    }
    let mut comp = Element::new(Name::new(CALDAV, "comp"));
    comp.attributes.push(Attribute {
        name: Name::new("", "name"),
        prefix: String::new(),
        value: component.to_owned(),
    });
    Some(Element::new(COMPONENT_SET_NAME).with_child(comp))
}
