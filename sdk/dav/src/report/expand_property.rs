//! `DAV:expand-property`: properties whose hrefs are followed. RFC 3253 §3.8.

use xml::{DAV, Element, Name, Writer};

use super::check_depth_zero;
use crate::body::multistatus::Multistatus;
use crate::body::plan::{Plan, evaluate};
use crate::error::NUMBER_OF_MATCHES_WITHIN_LIMITS;
use crate::property::Subject;
use crate::request::Response;
use crate::resource::{Principal, Resource, Want};
use crate::store::PrincipalKey;
use crate::{Context, Error};

/// Answers the report.
pub fn run(ctx: &Context<'_>, resource: &Resource, root: &Element) -> Result<Response, Error> {
    check_depth_zero(ctx)?;
    check_names(root)?;
    let mut multistatus = Multistatus::new(ctx);
    let mut expand = Expand {
        ctx,
        left: ctx.profile.limits.principals_max,
    };
    let found = Found::Path(ctx.target.path.clone());
    let href = ctx.href_of(&ctx.target.path, resource);
    expand.response(multistatus.writer(), &found, &href, root)?;
    multistatus.finish()
}

/// What an href leads to.
enum Found {
    Path(crate::Path),
    Principal(Box<Principal>),
    Nothing,
}

struct Expand<'e, 'c> {
    ctx: &'e Context<'c>,
    /// How many responses there may still be: hrefs can lead in circles.
    left: usize,
}

impl Expand<'_, '_> {
    fn response(
        &mut self,
        out: &mut Writer,
        found: &Found,
        href: &str,
        request: &Element,
    ) -> Result<(), Error> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| NUMBER_OF_MATCHES_WITHIN_LIMITS.error())?;
        let asked: Vec<&Element> = request.find_all(DAV, "property").collect();
        self.ctx.check_items("properties", asked.len())?;
        let mut names = Vec::with_capacity(asked.len());
        for element in &asked {
            names.push(name_of(element)?);
        }
        let plan = Plan::of_names(self.ctx, &names);
        out.raw(b"<D:response><D:href>");
        out.text(href);
        out.raw(b"</D:href>");
        let resource = match found {
            Found::Path(path) => self.ctx.find(path, &plan.want())?,
            Found::Principal(principal) => Some(Resource::Principal((**principal).clone())),
            Found::Nothing => None,
        };
        let Some(resource) = resource else {
            out.raw(b"<D:status>HTTP/1.1 404 Not Found</D:status></D:response>");
            return Ok(());
        };
        let values = evaluate(self.ctx, &plan, Subject::from(&resource), href)?;
        let mut missing = Vec::new();
        out.raw(b"<D:propstat><D:prop>");
        for (name, value) in plan.names().zip(values) {
            let nested = asked
                .iter()
                .find(|element| name_of(element).ok().as_ref() == Some(name));
            match (value, nested) {
                (Some(value), Some(nested)) => self.property(out, &value, nested)?,
                _ => missing.push(name),
            }
        }
        out.raw(b"</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>");
        if !missing.is_empty() && !self.ctx.prefer.minimal {
            out.raw(b"<D:propstat><D:prop>");
            missing.into_iter().for_each(|name| out.empty(name));
            out.raw(b"</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>");
        }
        out.raw(b"</D:response>");
        Ok(())
    }

    /// Writes a value, with responses in the place of its hrefs if more is asked of them.
    fn property(
        &mut self,
        out: &mut Writer,
        value: &Element,
        nested: &Element,
    ) -> Result<(), Error> {
        let expands = nested.find(DAV, "property").is_some();
        if !expands || value.find(DAV, "href").is_none() {
            value.write_standalone(out.buffer(), &[]);
            return Ok(());
        }
        out.start(&value.name);
        for child in value.elements() {
            if child.is(DAV, "href") {
                let href = child.trimmed_text();
                let found = self.follow(&href)?;
                self.response(out, &found, &href, nested)?;
            } else {
                child.write_standalone(out.buffer(), &[]);
            }
        }
        out.end(&value.name);
        Ok(())
    }

    fn follow(&self, href: &str) -> Result<Found, Error> {
        // Values hold hrefs of all kinds, `mailto:` too: those lead nowhere.
        let path = self.ctx.parse_href(href).ok().flatten();
        // What is here comes with all that is asked of it, a principal that is elsewhere without
        // what others contribute.
        if let Some(path) = path.as_ref()
            && self.ctx.find(path, &Want::default())?.is_some()
        {
            return Ok(Found::Path(path.clone()));
        }
        if let Some(principal) = self.ctx.store.principal(PrincipalKey::Href(href))? {
            return Ok(Found::Principal(Box::new(principal)));
        }
        Ok(path.map_or(Found::Nothing, Found::Path))
    }
}

/// Before anything is sent: what stands deep inside is looked at late, or never.
fn check_names(request: &Element) -> Result<(), Error> {
    request.find_all(DAV, "property").try_for_each(|property| {
        name_of(property)?;
        check_names(property)
    })
}

fn name_of(property: &Element) -> Result<Name, Error> {
    let local = property
        .attribute("name")
        .ok_or_else(|| Error::BadRequest("a property has no name".to_owned()))?;
    let ns = property.attribute("namespace").unwrap_or(DAV);
    Name::parse(ns, local).map_err(|error| Error::BadRequest(error.to_string()))
}
