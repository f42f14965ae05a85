//! Which properties a client asked for, resolved once for all resources of an answer.

use xml::{Element, Name, Tag, Writer};

use super::propfind::PropRequest;
use crate::property::{self, Live, Read, Reading, Subject, Value};
use crate::resource::{Fields, Stored, Want};
use crate::{Context, Error};

/// What a client asked for, resolved once for all resources.
pub struct Plan {
    pub(super) items: Vec<Item>,
    pub(super) kind: PlanKind,
    fields: Fields,
    stored: Vec<Name>,
}

pub(super) enum PlanKind {
    Prop,
    AllProp,
    PropName,
}

pub(super) struct Item {
    pub name: Name,
    /// How it is written.
    pub tag: Tag,
    /// The element asked with, if it says more than its name.
    pub request: Option<Element>,
    /// The live properties of this name: of several, the first that is on the resource.
    pub lives: Vec<&'static Live>,
}

impl Plan {
    /// Resolves what a client asks for.
    pub fn new(ctx: &Context<'_>, request: &PropRequest) -> Self {
        let mut plan = Plan {
            items: Vec::new(),
            kind: PlanKind::Prop,
            fields: Fields::NONE,
            stored: Vec::new(),
        };
        match request {
            PropRequest::Prop(elements) => {
                for element in elements {
                    plan.add(ctx, element);
                }
            }
            PropRequest::AllProp(include) => {
                plan.kind = PlanKind::AllProp;
                for live in property::all(ctx.profile).filter(|live| live.in_allprop) {
                    plan.add(ctx, &Element::new(live.name.clone()));
                }
                for element in include {
                    plan.add(ctx, element);
                }
            }
            PropRequest::PropName => {
                plan.kind = PlanKind::PropName;
                for live in property::all(ctx.profile) {
                    plan.add(ctx, &Element::new(live.name.clone()));
                }
                // A name can be given without looking at bodies.
                plan.fields = Fields::ENTITY.and(Fields::CREATED).and(Fields::OWNER);
            }
        }
        plan
    }

    /// The plan for these properties.
    pub fn of_names(ctx: &Context<'_>, names: &[Name]) -> Self {
        let elements = names.iter().cloned().map(Element::new).collect();
        Self::new(ctx, &PropRequest::Prop(elements))
    }

    fn add(&mut self, ctx: &Context<'_>, element: &Element) {
        if self.items.iter().any(|item| item.name == element.name) {
            return;
        }
        let lives: Vec<&'static Live> = property::all(ctx.profile)
            .filter(|live| *live.name == element.name)
            .collect();
        for live in &lives {
            self.fields = self.fields.and(live.fields);
            self.stored.extend(live.uses.iter().cloned());
        }
        self.stored.push(element.name.clone());
        let says_more = !element.attributes.is_empty() || !element.children.is_empty();
        self.items.push(Item {
            name: element.name.clone(),
            tag: Tag::new(ctx.profile.prefixes, &element.name),
            request: says_more.then(|| element.clone()),
            lives,
        });
    }

    /// The names of the properties, in the order in which [`evaluate`] gives their values.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.items.iter().map(|item| &item.name)
    }

    /// The plan for what either asks for: to read resources once for both.
    pub fn and(&self, ctx: &Context<'_>, other: &Plan) -> Plan {
        let names: Vec<Name> = self.names().chain(other.names()).cloned().collect();
        Plan::of_names(ctx, &names)
    }

    /// What has to be read of each resource.
    pub fn want(&self) -> Want<'_> {
        let stored = match self.kind {
            PlanKind::Prop if self.has_stored() => Stored::Names(&self.stored),
            PlanKind::Prop => Stored::None,
            PlanKind::AllProp | PlanKind::PropName => Stored::All,
        };
        Want {
            fields: self.fields,
            stored,
        }
    }

    /// Whether locks have to be read.
    pub fn needs_locks(&self) -> bool {
        self.fields.has(Fields::LOCKS)
    }

    /// Whether anything asked for may be stored: most listings ask for live properties alone.
    fn has_stored(&self) -> bool {
        self.items.iter().any(|item| {
            item.lives.is_empty()
                || item
                    .lives
                    .iter()
                    .any(|live| matches!(live.read, Read::Stored) || !live.uses.is_empty())
        })
    }
}

/// Writes one property with its element, or says why not: then what was written is to be undone.
pub(super) fn write_property(
    writer: &mut Writer,
    reading: &Reading<'_, '_>,
    item: &Item,
) -> Result<Value, Error> {
    let live = item.lives.iter().find(|live| reading.subject.has(&live.on));
    let read = match live {
        Some(live) => live.read,
        // What others contribute to a principal comes with it.
        None if item.lives.is_empty() || matches!(reading.subject, Subject::Principal(_)) => {
            Read::Stored
        }
        None => return Ok(Value::Missing),
    };
    match read {
        Read::Stored => match reading.subject.find_stored(&item.name) {
            Some(stored) => {
                writer.raw(&stored.xml);
                Ok(Value::Written)
            }
            None => Ok(Value::Missing),
        },
        Read::With(rule) => {
            writer.start_tag(&item.tag);
            let value = rule(reading, writer)?;
            writer.end_tag(&item.tag);
            Ok(value)
        }
    }
}

/// The element of one property of a resource; none if the resource does not have it, or the
/// principal may not read it. The resource was read with the [`Plan::want`] of that property.
pub fn evaluate(
    ctx: &Context<'_>,
    plan: &Plan,
    subject: Subject<'_>,
    href: &str,
) -> Result<Vec<Option<Element>>, Error> {
    let mut values = Vec::with_capacity(plan.items.len());
    let root = Name::dav("prop");
    for item in &plan.items {
        let mut writer = Writer::new(ctx.profile.prefixes);
        writer.start_root(&root);
        let request = item.request.as_ref();
        let reading = Reading {
            ctx,
            subject,
            href,
            request,
            locks: &[],
        };
        let value = write_property(&mut writer, &reading, item)?;
        if value != Value::Written {
            values.push(None);
            continue;
        }
        writer.end(&root);
        let mut element = xml::parse(&writer.into_bytes(), &xml::Limits::default())?;
        values.push(element.children.drain(..).find_map(|node| match node {
            xml::Node::Element(element) => Some(element),
            xml::Node::Text(_) => None,
        }));
    }
    Ok(values)
}
