//! PROPPATCH: all properties or none. RFC 4918 §9.2.

use xml::Name;

use crate::body::multistatus::Multistatus;
use crate::body::proppatch::{self, Update};
use crate::error::CANNOT_MODIFY_PROTECTED_PROPERTY;
use crate::header::conditions;
use crate::locks::{self, Change};
use crate::property::{self, Live, Read, Subject, Write};
use crate::request::{Response, Status};
use crate::resource::{Collection, Resource};
use crate::store::{Batch, Operation};
use crate::{Context, Error, Path, Rights};

/// What came of each property, in the order of the request.
pub type Outcomes = Vec<(Name, Status, Option<Error>)>;

/// Answers PROPPATCH.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let path = &ctx.target.path;
    let resource = ctx.target_resource()?;
    let root = ctx
        .read_xml()?
        .ok_or_else(|| Error::BadRequest("PROPPATCH needs a body".to_owned()))?;
    let updates = proppatch::parse(&root)?;
    let guard = conditions::check(ctx, Some(&resource))?;
    let rights = match &resource {
        Resource::Collection(collection)
            if updates.iter().all(|update| {
                let live = find_live(ctx, Subject::Collection(collection), &update.name);
                live.is_some_and(|live| is_personal(ctx, live, collection))
            }) =>
        {
            Rights::READ
        }
        Resource::Collection(_) => Rights::WRITE,
        // Either of the two is enough for members.
        Resource::Member(..) if resource.rights().has(Rights::WRITE) => Rights::WRITE,
        Resource::Member(..) => Rights::ANNOTATE,
        Resource::Principal(_) => Rights::WRITE,
    };
    ctx.require(path, resource.rights(), rights, "write-properties")?;
    locks::require(ctx, &guard, &[Change::Resource(path)])?;
    let mut batch = Batch {
        operations: Vec::new(),
        lock_tokens: guard.tokens.clone(),
    };
    batch.push(Operation::Check {
        path: path.clone(),
        expect: guard.expect(Some(&resource)),
    });
    let outcomes = apply(
        ctx,
        Subject::from(&resource),
        path,
        &updates,
        false,
        &mut batch,
    )?;
    let all_well = outcomes.iter().all(|(_, status, _)| *status == Status::OK);
    if all_well {
        ctx.commit(batch)?;
        // RFC 8144 §2.2.
        if ctx.prefer.minimal {
            let mut response = Response::new(Status::OK);
            response.set("Preference-Applied", "return=minimal");
            return Ok(response);
        }
    }
    let mut multistatus = Multistatus::new(ctx);
    multistatus.propstats(&ctx.href_of(path, &resource), &outcomes)?;
    multistatus.finish()
}

/// Adds to `batch` what sets and removes properties, and says what will come of each.
///
/// If any fails, all others say 424 and the batch must not be committed.
pub fn apply(
    ctx: &Context<'_>,
    subject: Subject<'_>,
    path: &Path,
    updates: &[Update],
    creating: bool,
    batch: &mut Batch,
) -> Result<Outcomes, Error> {
    ctx.check_items("properties", updates.len())?;
    let mut outcomes: Outcomes = Vec::with_capacity(updates.len());
    for update in updates {
        let (status, error) = match apply_one(ctx, subject, path, update, creating, batch) {
            Ok(()) => (Status::OK, None),
            Err(error @ (Error::Internal(_) | Error::Busy | Error::Closed)) => return Err(error),
            Err(error) => (error.status(), Some(error)),
        };
        outcomes.push((update.name.clone(), status, error));
    }
    if outcomes.iter().any(|(_, status, _)| *status != Status::OK) {
        for (_, status, _) in &mut outcomes {
            if *status == Status::OK {
                *status = Status::FAILED_DEPENDENCY;
            }
        }
    }
    Ok(outcomes)
}

fn apply_one(
    ctx: &Context<'_>,
    subject: Subject<'_>,
    path: &Path,
    update: &Update,
    creating: bool,
    batch: &mut Batch,
) -> Result<(), Error> {
    let known = property::find(ctx.profile, &update.name).is_some();
    let live = find_live(ctx, subject, &update.name);
    let element = update.value.as_ref().map(|(element, _)| element);
    match (live.map(|live| live.write), element) {
        (None, _) if !known => {}
        (Some(Write::Stored(check) | Write::Personal(check)), Some(element)) => {
            check(ctx, element)?;
        }
        (Some(Write::Stored(_) | Write::Personal(_)), None) => {}
        (Some(Write::AtCreation(check)), Some(element)) if creating => check(ctx, element)?,
        (Some(Write::With(rule)), element) => return rule(ctx, path, element, batch),
        (None | Some(Write::Protected | Write::AtCreation(_)), _) => {
            return Err(CANNOT_MODIFY_PROTECTED_PROPERTY.error());
        }
    }
    // A principal keeps none of what clients make up.
    if live.is_none() && matches!(subject, Subject::Principal(_)) {
        return Err(Error::Forbidden(
            "principals keep no dead properties".to_owned(),
        ));
    }
    debug_assert!(live.is_none_or(|live| {
        matches!(live.read, Read::Stored) || live.uses.contains(&update.name) || creating
    }));
    batch.push(Operation::Property {
        path: path.clone(),
        name: update.name.clone(),
        xml: update.value.as_ref().map(|(_, xml)| xml.clone()),
        personal: match (live, subject) {
            (Some(live), Subject::Collection(collection)) => is_personal(ctx, live, collection),
            _ => false,
        },
    });
    Ok(())
}

/// The live property of this name that the resource can have.
fn find_live(ctx: &Context<'_>, subject: Subject<'_>, name: &Name) -> Option<&'static Live> {
    property::all(ctx.profile).find(|live| live.name == name && subject.has(&live.on))
}

/// Whether what is set is the asking principal's own value.
fn is_personal(ctx: &Context<'_>, live: &Live, collection: &Collection) -> bool {
    matches!(live.write, Write::Personal(_))
        && collection.owner.is_some()
        && collection.owner.as_deref() != ctx.user_id()
}
