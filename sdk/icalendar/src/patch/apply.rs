//! Doing what a patch says, in the order of the draft: what is removed first, then parameters,
//! components, and properties.

use super::PatchError;
use super::path::{Path, PropertyPath, Rid, Segment, Test};
use crate::budget::Budget;
use crate::component::{Calendar, Component, Item};
use crate::object;
use crate::property::Property;

/// The most PATCH components, and the most properties and components in one: each is held against all
/// that the object has.
const ACTIONS_MAX: usize = 1000;

/// The most bytes that a patch may add: it is short, and what it adds it adds to each target.
const BYTES_MAX: usize = 10 << 20;

/// The most comparisons of what a patch says with what a component has.
const STEPS_MAX: usize = 20_000_000;

/// What a patch may still cost.
struct Left {
    bytes: usize,
    steps: usize,
}

impl Left {
    /// Takes what it costs to apply an action to a component.
    fn take(
        &mut self,
        component: &Component<'_>,
        action: &Action<'_, '_>,
    ) -> Result<(), PatchError> {
        let steps = action.parts.saturating_mul(1 + component.items().len());
        let steps = self.steps.checked_sub(steps);
        let bytes = self.bytes.checked_sub(action.bytes);
        let (Some(steps), Some(bytes)) = (steps, bytes) else {
            return Err(PatchError::TooMuch);
        };
        (self.steps, self.bytes) = (steps, bytes);
        Ok(())
    }
}

/// The object with what the patch does to it. A target that is not there changes nothing; one that is an
/// instance of a recurring component gets an override.
pub fn apply<'a>(
    calendar: &Calendar<'a>,
    patch: &Calendar<'a>,
    budget: &mut Budget,
) -> Result<Calendar<'a>, PatchError> {
    let mut patches: Vec<(i64, &Component<'a>)> = Vec::new();
    for vpatch in patch.components().filter(|inner| inner.is("VPATCH")) {
        if let Some(version) = vpatch.property("PATCH-VERSION")
            && version.value().trim() != "1"
        {
            return Err(PatchError::Version(
                version.value().chars().take(20).collect(),
            ));
        }
        let order = vpatch.property("PATCH-ORDER").and_then(Property::integer);
        patches.push((order.unwrap_or(0), vpatch));
    }
    if patches.is_empty() {
        return Err(PatchError::NoPatch);
    }
    patches.sort_by_key(|(order, _)| *order);
    let actions = || patches.iter().flat_map(|(_, vpatch)| vpatch.components());
    let parts = actions().map(|action| 1 + action.items().len());
    if parts.sum::<usize>() > ACTIONS_MAX {
        return Err(PatchError::TooMany(ACTIONS_MAX));
    }
    let mut result = calendar.clone();
    let mut left = Left {
        bytes: BYTES_MAX,
        steps: STEPS_MAX,
    };
    for action in actions() {
        if !action.is("PATCH") {
            return Err(PatchError::Action(action.name().to_owned()));
        }
        run(&mut result, &Action::read(action)?, &mut left, budget)?;
    }
    Ok(result)
}

/// A PATCH, read.
struct Action<'p, 'a> {
    target: Path,
    deletes: Vec<Path>,
    params: Vec<(PropertyPath, &'p Property<'a>)>,
    components: Vec<&'p Component<'a>>,
    properties: Vec<(Replace, Property<'a>)>,
    /// How many parts it has, and how many bytes they are.
    parts: usize,
    bytes: usize,
}

/// What of the same name a new property takes the place of.
enum Replace {
    Nothing,
    All,
    SameValue,
    Having(Test),
}

impl<'p, 'a> Action<'p, 'a> {
    fn read(action: &'p Component<'a>) -> Result<Self, PatchError> {
        let mut target = None;
        let mut read = Self {
            target: Path::parse("/VCALENDAR")?,
            deletes: Vec::new(),
            params: Vec::new(),
            components: action.components().collect(),
            properties: Vec::new(),
            parts: action.items().len(),
            bytes: action.to_bytes().len(),
        };
        for property in action.properties() {
            match property.name().to_ascii_uppercase().as_str() {
                "PATCH-TARGET" if target.is_some() => return Err(PatchError::Target),
                "PATCH-TARGET" => target = Some(Path::parse(&property.text())?),
                "PATCH-DELETE" => read.deletes.push(relative(&property.text())?),
                "PATCH-PARAMETER" => {
                    let path = relative(&property.text())?;
                    let path = path.property.filter(|path| path.value.is_none());
                    let path = path.ok_or_else(|| malformed(&property.text()))?;
                    read.params.push((path, property));
                }
                _ => read.properties.push(replacing(property)?),
            }
        }
        read.target = target.ok_or(PatchError::Target)?;
        let root = read.target.components.first();
        match root.is_some_and(Segment::is_root) && read.target.property.is_none() {
            true => Ok(read),
            false => Err(PatchError::Target),
        }
    }
}

/// A path to something directly in the target.
fn relative(text: &str) -> Result<Path, PatchError> {
    let path = Path::parse(text)?;
    let is_one = match &path.property {
        Some(_) => path.components.is_empty(),
        None => path.components.len() == 1,
    };
    match is_one {
        true => Ok(path),
        false => Err(malformed(text)),
    }
}

fn malformed(text: &str) -> PatchError {
    PatchError::Path(text.chars().take(100).collect())
}

/// A property of a PATCH as it is to be, and what it replaces.
fn replacing<'a>(property: &Property<'a>) -> Result<(Replace, Property<'a>), PatchError> {
    let action = property.param("PATCH-ACTION");
    let action = action.as_deref().unwrap_or("BYNAME");
    let unknown = || PatchError::PatchAction(action.chars().take(50).collect());
    let replace = match action.to_ascii_uppercase().as_str() {
        "CREATE" => Replace::Nothing,
        "BYNAME" => Replace::All,
        "BYVALUE" => Replace::SameValue,
        _ => {
            let test = action.split_at_checked("BYPARAM@".len());
            let test = test.filter(|(word, _)| word.eq_ignore_ascii_case("BYPARAM@"));
            let test = test.and_then(|(_, test)| Test::parse_param(test));
            Replace::Having(test.ok_or_else(unknown)?)
        }
    };
    Ok((replace, property.clone().without_param("PATCH-ACTION")))
}

fn run<'a>(
    calendar: &mut Calendar<'a>,
    action: &Action<'_, 'a>,
    left: &mut Left,
    budget: &mut Budget,
) -> Result<(), PatchError> {
    let segments = action.target.components.get(1..).unwrap_or_default();
    if let Some(segment) = segments.first() {
        split_off(calendar, segment, budget)?;
    }
    change(calendar.root_mut(), segments, action, left)
}

/// Makes sure that the instance that is meant has a component of its own, if there is such an instance.
fn split_off(
    calendar: &mut Calendar<'_>,
    segment: &Segment,
    budget: &mut Budget,
) -> Result<(), PatchError> {
    let Some(Rid::At(id)) = &segment.rid else {
        return Ok(());
    };
    let any = |test: &dyn Fn(&Component<'_>) -> bool| calendar.calendar_components().any(test);
    let is_there = any(&|component| segment.is(component));
    let is_meant = any(&|component| segment.is_of_object(component));
    if !is_there
        && is_meant
        && let Some(made) = object::instance(calendar, id, budget)?
    {
        calendar.root_mut().add_component(made);
    }
    Ok(())
}

/// Changes the components that a path leads to.
fn change<'a>(
    component: &mut Component<'a>,
    path: &[Segment],
    action: &Action<'_, 'a>,
    left: &mut Left,
) -> Result<(), PatchError> {
    let Some((segment, rest)) = path.split_first() else {
        left.take(component, action)?;
        change_one(component, action);
        return Ok(());
    };
    for inner in component.components_mut() {
        if segment.is(inner) {
            change(inner, rest, action, left)?;
        }
    }
    Ok(())
}

fn change_one<'a>(component: &mut Component<'a>, action: &Action<'_, 'a>) {
    for delete in &action.deletes {
        match (&delete.property, delete.components.first()) {
            (Some(path), _) => delete_property(component, path),
            (None, Some(segment)) => {
                component.retain(|item| match item {
                    Item::Component(inner) => !segment.is(inner),
                    Item::Property(_) => true,
                });
            }
            (None, None) => {}
        }
    }
    for (path, said) in &action.params {
        let named = component.properties_mut().filter(|known| path.is(known));
        for property in named {
            *property = with_params(property.clone(), said);
        }
    }
    for new in &action.components {
        // What is of the same name cannot be inside: it is the target itself that is replaced.
        if component.is(new.name()) {
            *component = (*new).clone();
            continue;
        }
        if new.property("UID").is_some() {
            component.retain(|item| match item {
                Item::Component(known) => !is_same(known, new),
                Item::Property(_) => true,
            });
        }
        component.add_component((*new).clone());
    }
    // All of them go before any comes: of those with one name, none takes the place of another.
    for (replace, new) in &action.properties {
        component.retain(|item| match item {
            Item::Property(known) if known.is(new.name()) => match replace {
                Replace::Nothing => true,
                Replace::All => false,
                Replace::SameValue => known.value() != new.value(),
                Replace::Having(test) => !test.holds(known),
            },
            _ => true,
        });
    }
    for (_, new) in &action.properties {
        component.add(new.clone());
    }
}

/// Whether one component stands for the same as another: by name, UID and RECURRENCE-ID.
fn is_same(known: &Component<'_>, new: &Component<'_>) -> bool {
    let value = |component: &Component<'_>, name: &str| {
        let property = component.property(name);
        property.map(|property| property.value().trim().to_owned())
    };
    known.is(new.name())
        && value(known, "UID") == value(new, "UID")
        && value(known, "RECURRENCE-ID") == value(new, "RECURRENCE-ID")
}

/// Takes properties away, or a parameter or a value of them.
fn delete_property(component: &mut Component<'_>, path: &PropertyPath) {
    match (&path.param, &path.value) {
        (None, None) => {
            component.retain(|item| !matches!(item, Item::Property(known) if path.is(known)));
        }
        (None, Some(value)) => {
            component.retain(|item| match item {
                Item::Property(known) => !(path.is(known) && known.value().trim() == value),
                Item::Component(_) => true,
            });
            for property in component.properties_mut().filter(|known| path.is(known)) {
                let values = || split_values(property.value());
                if values().any(|known| known == value) {
                    let left: Vec<&str> = values().filter(|known| known != value).collect();
                    *property = property.clone().with_value(&left.join(","));
                }
            }
        }
        (Some(param), value) => {
            for property in component.properties_mut().filter(|known| path.is(known)) {
                *property = without_value(property.clone(), param, value.as_deref());
            }
        }
    }
}

/// The values of a list, as they are written: a comma with a backslash before it is one of a text.
fn split_values(list: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    list.split(move |letter| {
        let divides = letter == ',' && !escaped;
        escaped = letter == '\\' && !escaped;
        divides
    })
}

/// The property without a parameter, or without one of its values.
fn without_value<'a>(property: Property<'a>, name: &str, value: Option<&str>) -> Property<'a> {
    let mut left: Vec<String> = Vec::new();
    if let Some(value) = value {
        let values = property.params().filter(|param| param.is(name));
        let values = values.flat_map(|param| param.values());
        left.extend(values.filter(|known| known != value).map(String::from));
    }
    let mut property = property.without_param(name);
    if !left.is_empty() {
        property = property.with_params(name, &left);
    }
    property
}

/// The property with the parameters of another.
fn with_params<'a>(mut property: Property<'a>, said: &Property<'_>) -> Property<'a> {
    for param in said.params() {
        let values: Vec<String> = param.values().map(String::from).collect();
        property = property
            .without_param(param.name())
            .with_params(param.name(), &values);
    }
    property
}
