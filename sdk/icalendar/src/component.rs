//! The tree: a calendar, its components, and edits that leave all other bytes alone.

use std::borrow::Cow;
use std::rc::Rc;

use crate::property::Property;

/// One VCALENDAR: RFC 5545 §3.4.
#[derive(Clone, Debug)]
pub struct Calendar<'a> {
    /// A byte order mark.
    pub(crate) before: Cow<'a, [u8]>,
    pub(crate) root: Component<'a>,
    /// Blank lines after the end.
    pub(crate) after: Cow<'a, [u8]>,
}

/// A component with what is in it: RFC 5545 §3.6.
#[derive(Clone, Debug)]
pub struct Component<'a> {
    pub(crate) begin: Property<'a>,
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) end: Property<'a>,
}

/// What a component has, in the order of the stream.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// A property.
    Property(Property<'a>),
    /// A component within. Shared: the objects of a calendar have the same time zone each, and most
    /// are only read.
    Component(Rc<Component<'a>>),
}

impl<'a> Calendar<'a> {
    /// A calendar with VERSION and this PRODID and nothing else.
    pub fn new(product: &str) -> Self {
        let mut root = Component::new("VCALENDAR");
        root.add(Property::new("VERSION", "2.0"));
        root.add(Property::text_valued("PRODID", product));
        Self {
            before: Cow::Borrowed(&[]),
            root,
            after: Cow::Borrowed(&[]),
        }
    }

    /// The VCALENDAR component itself.
    pub fn root(&self) -> &Component<'a> {
        &self.root
    }

    /// The VCALENDAR component, to edit.
    pub fn root_mut(&mut self) -> &mut Component<'a> {
        &mut self.root
    }

    /// The components directly in the calendar, time zones included.
    pub fn components(&self) -> impl Iterator<Item = &Component<'a>> {
        self.root.components()
    }

    /// The components that are no time zones: the calendar components proper.
    pub fn calendar_components(&self) -> impl Iterator<Item = &Component<'a>> {
        self.components().filter(|c| !c.is("VTIMEZONE"))
    }

    /// The stream: what was read, but for what was edited.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.before);
        self.root.write(&mut out);
        out.extend_from_slice(&self.after);
        out
    }

    /// The same without a borrow of the bytes that it was read from.
    pub fn into_owned(self) -> Calendar<'static> {
        Calendar {
            before: Cow::Owned(self.before.into_owned()),
            root: self.root.into_owned(),
            after: Cow::Owned(self.after.into_owned()),
        }
    }
}

impl<'a> Component<'a> {
    /// An empty component of this name.
    pub fn new(name: &str) -> Self {
        Self {
            begin: Property::new("BEGIN", name),
            items: Vec::new(),
            end: Property::new("END", name),
        }
    }

    /// A component that begins with this line. Until its end is read it ends as it begins.
    pub(crate) fn opened_by(begin: Property<'a>) -> Self {
        let end = begin.clone();
        Self {
            begin,
            // Most have no more: then that is room enough from the start.
            items: Vec::with_capacity(16),
            end,
        }
    }

    /// A component with nothing in it, written as this one.
    pub(crate) fn emptied(&self) -> Self {
        Self {
            begin: self.begin.clone(),
            items: Vec::new(),
            end: self.end.clone(),
        }
    }

    /// The name as it was written.
    pub fn name(&self) -> &str {
        self.begin.value().trim_ascii()
    }

    /// Whether it has this name, whatever the case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// The number of the line that it begins with; 0 if it was made here.
    pub fn line(&self) -> u32 {
        self.begin.line()
    }

    /// Properties and components in their order.
    pub fn items(&self) -> &[Item<'a>] {
        &self.items
    }

    /// All properties.
    pub fn properties(&self) -> impl Iterator<Item = &Property<'a>> {
        self.items.iter().filter_map(|item| match item {
            Item::Property(property) => Some(property),
            Item::Component(_) => None,
        })
    }

    /// The properties of this name.
    pub fn properties_named<'s>(
        &'s self,
        name: &'s str,
    ) -> impl Iterator<Item = &'s Property<'a>> + 's {
        self.properties().filter(move |p| p.is(name))
    }

    /// The first property of this name.
    pub fn property(&self, name: &str) -> Option<&Property<'a>> {
        self.properties().find(|p| p.is(name))
    }

    /// The text of the first property of this name.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.property(name).map(Property::text)
    }

    /// The components directly within.
    pub fn components(&self) -> impl Iterator<Item = &Component<'a>> {
        self.items.iter().filter_map(|item| match item {
            Item::Component(component) => Some(&**component),
            Item::Property(_) => None,
        })
    }

    /// The components directly within, to edit.
    pub fn components_mut(&mut self) -> impl Iterator<Item = &mut Component<'a>> {
        self.items.iter_mut().filter_map(|item| match item {
            Item::Component(component) => Some(Rc::make_mut(component)),
            Item::Property(_) => None,
        })
    }

    /// The properties, to edit.
    pub fn properties_mut(&mut self) -> impl Iterator<Item = &mut Property<'a>> {
        self.items.iter_mut().filter_map(|item| match item {
            Item::Property(property) => Some(property),
            Item::Component(_) => None,
        })
    }

    /// Puts a property in the place of the first of its name, removing others of that name, or
    /// after all properties if there is none.
    pub fn set(&mut self, property: Property<'a>) {
        let name = property.name().to_owned();
        let place = self
            .items
            .iter()
            .position(|item| matches!(item, Item::Property(p) if p.is(&name)));
        self.remove(&name);
        match place {
            Some(place) => self.items.insert(place, Item::Property(property)),
            None => self.add(property),
        }
    }

    /// Adds a property after all others.
    pub fn add(&mut self, property: Property<'a>) {
        let place = self
            .items
            .iter()
            .rposition(|item| matches!(item, Item::Property(_)))
            .map_or(0, |last| last + 1);
        self.items.insert(place, Item::Property(property));
    }

    /// Removes all properties of this name. Tells whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        self.retain(|item| !matches!(item, Item::Property(p) if p.is(name)))
    }

    /// Adds a component at the end.
    pub fn add_component(&mut self, component: Component<'a>) {
        self.items.push(Item::Component(Rc::new(component)));
    }

    /// Removes properties and components directly within that don't pass. Tells whether there
    /// were any.
    pub fn retain(&mut self, keep: impl FnMut(&Item<'a>) -> bool) -> bool {
        let before = self.items.len();
        self.items.retain(keep);
        self.items.len() != before
    }

    /// Appends the component's bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.begin.raw());
        for item in &self.items {
            match item {
                Item::Property(property) => out.extend_from_slice(property.raw()),
                Item::Component(component) => component.write(out),
            }
        }
        out.extend_from_slice(self.end.raw());
    }

    /// What is left of some bytes after those of the component, if they begin with them.
    pub(crate) fn strip_from<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let mut rest = bytes.strip_prefix(self.begin.raw())?;
        for item in &self.items {
            rest = match item {
                Item::Property(property) => rest.strip_prefix(property.raw())?,
                Item::Component(component) => component.strip_from(rest)?,
            };
        }
        rest.strip_prefix(self.end.raw())
    }

    /// The component's bytes alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// The same without a borrow of the bytes that it was read from.
    pub fn into_owned(self) -> Component<'static> {
        Component {
            begin: self.begin.into_owned(),
            items: self
                .items
                .into_iter()
                .map(|item| match item {
                    Item::Property(property) => Item::Property(property.into_owned()),
                    Item::Component(component) => {
                        Item::Component(Rc::new(Rc::unwrap_or_clone(component).into_owned()))
                    }
                })
                .collect(),
            end: self.end.into_owned(),
        }
    }
}
