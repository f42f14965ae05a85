//! `DAV:principal-property-search`, and what can be searched. RFC 3744 §9.4, §9.5.

use xml::{DAV, Element, Name, Node};

use super::{check_depth_zero, plan};
use crate::body::multistatus::Multistatus;
use crate::body::plan::{Plan, evaluate};
use crate::collation::MatchKind;
use crate::error::NUMBER_OF_MATCHES_WITHIN_LIMITS;
use crate::profile::Searchable;
use crate::property::Subject;
use crate::property::rfc4918::DISPLAYNAME_NAME;
use crate::request::{Response, ResponseBody, Status};
use crate::resource::{Principal, Resource};
use crate::store::PrincipalSearch;
use crate::{Context, Error};

/// Answers the search.
///
/// Beyond the RFC it knows `test="anyof"` and `match-type`, which clients send: without them it is
/// as the RFC has it, caseless and with all conditions together. Without any condition it finds all
/// principals, as clients expect.
pub fn run(ctx: &Context<'_>, resource: &Resource, root: &Element) -> Result<Response, Error> {
    check_depth_zero(ctx)?;
    let plan = wanted(ctx, root)?;
    let conditions = parse(ctx, root)?;
    let any_of = root.attribute("test") == Some("anyof") && !conditions.is_empty();
    let everywhere = root
        .find(DAV, "apply-to-principal-collection-set")
        .is_some();
    let base = ctx.href_of(&ctx.target.path, resource);
    let max = ctx.profile.limits.principals_max;
    let test = |principal: &Principal| {
        let in_reach = everywhere || principal.href.starts_with(&base);
        let mut conditions = conditions.iter();
        in_reach
            && match any_of {
                true => conditions.any(|condition| condition.holds(ctx, principal)),
                false => conditions.all(|condition| condition.holds(ctx, principal)),
            }
    };
    let hint = match conditions.as_slice() {
        [first, rest @ ..] if !any_of || rest.is_empty() => (first.hint)(&first.text),
        _ => None,
    };
    let search = PrincipalSearch {
        test: &test,
        hint,
        want: plan.want(),
        limit: max.saturating_add(1),
    };
    let found = ctx.store.search_principals(&search)?;
    if found.len() > max {
        return Err(NUMBER_OF_MATCHES_WITHIN_LIMITS.error());
    }
    let mut multistatus = Multistatus::new(ctx);
    for principal in &found {
        multistatus.resource(&plan, Subject::Principal(principal), &principal.href, &[])?;
    }
    multistatus.finish()
}

/// Which properties are asked for. A Python client writes them beside an empty `DAV:prop`.
fn wanted(ctx: &Context<'_>, root: &Element) -> Result<Plan, Error> {
    let is_empty = |prop: &Element| prop.elements().next().is_none();
    if !root.find(DAV, "prop").is_some_and(is_empty) {
        return plan(ctx, root);
    }
    let of_the_search = [
        "prop",
        "property-search",
        "apply-to-principal-collection-set",
    ];
    let beside = root.elements().map(|element| &element.name);
    let names: Vec<Name> = beside
        .filter(|name| !of_the_search.iter().any(|local| name.is(DAV, local)))
        .cloned()
        .collect();
    ctx.check_items("properties", names.len())?;
    Ok(Plan::of_names(ctx, &names))
}

/// Answers what can be searched.
pub fn run_property_set(ctx: &Context<'_>, _: &Resource, _: &Element) -> Result<Response, Error> {
    check_depth_zero(ctx)?;
    let mut writer = xml::Writer::new(ctx.profile.prefixes);
    let root = Name::dav("principal-search-property-set");
    writer.start_root(&root);
    for Searchable {
        name, description, ..
    } in searchable(ctx)
    {
        writer.raw(b"<D:principal-search-property><D:prop>");
        writer.empty(name);
        writer.raw(b"</D:prop><D:description xml:lang=\"en\">");
        writer.text(description);
        writer.raw(b"</D:description></D:principal-search-property>");
    }
    writer.end(&root);
    let mut response = Response::new(Status::OK);
    response.set("Content-Type", "application/xml; charset=utf-8");
    response.body = ResponseBody::Bytes(writer.into_bytes());
    Ok(response)
}

/// The display name can always be searched: RFC 3744 §9.4.
fn searchable<'c>(ctx: &Context<'c>) -> impl Iterator<Item = &'c Searchable> {
    static DISPLAYNAME: Searchable = Searchable {
        name: DISPLAYNAME_NAME,
        description: "Full name",
        hint: |text| Some(text),
    };
    let own = ctx.profile.searchable.iter();
    std::iter::once(&DISPLAYNAME).chain(own.filter(|own| own.name != DISPLAYNAME_NAME))
}

struct Condition {
    /// None if a property cannot be searched: then nobody matches.
    plan: Option<Plan>,
    text: String,
    kind: MatchKind,
    hint: fn(&str) -> Option<&str>,
}

fn parse(ctx: &Context<'_>, root: &Element) -> Result<Vec<Condition>, Error> {
    let mut conditions = Vec::new();
    for search in root.find_all(DAV, "property-search") {
        let (Some(prop), Some(wanted)) = (search.find(DAV, "prop"), search.find(DAV, "match"))
        else {
            return Err(Error::BadRequest(
                "a property-search has prop and match".to_owned(),
            ));
        };
        let kind = MatchKind::parse(wanted)?;
        for property in prop.elements() {
            let known = searchable(ctx).find(|known| known.name == property.name);
            let names = std::slice::from_ref(&property.name);
            conditions.push(Condition {
                plan: known.map(|_| Plan::of_names(ctx, names)),
                hint: known.map_or(|_| None, |known| known.hint),
                text: wanted.trimmed_text().to_lowercase(),
                kind,
            });
        }
    }
    ctx.check_items("conditions", conditions.len())?;
    Ok(conditions)
}

impl Condition {
    fn holds(&self, ctx: &Context<'_>, principal: &Principal) -> bool {
        let Some(plan) = &self.plan else {
            return false;
        };
        let subject = Subject::Principal(principal);
        // A property that cannot be read is one that does not match.
        let values = evaluate(ctx, plan, subject, &principal.href).unwrap_or_default();
        values.iter().flatten().any(|value| self.matches(value))
    }

    /// RFC 3744 §9.4.1: each run of text by itself.
    fn matches(&self, value: &Element) -> bool {
        value.children.iter().any(|node| match node {
            Node::Element(element) => self.matches(element),
            Node::Text(text) => {
                let text = text.trim().to_lowercase();
                match self.kind {
                    MatchKind::Contains => text.contains(&self.text),
                    MatchKind::Equals => text == self.text,
                    MatchKind::StartsWith => text.starts_with(&self.text),
                    MatchKind::EndsWith => text.ends_with(&self.text),
                }
            }
        })
    }
}
