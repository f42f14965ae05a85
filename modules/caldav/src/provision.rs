//! What a principal has from the first moment: a calendar, and an Inbox and Outbox for scheduling;
//! and which of it must stay. RFC 6638 §2.1, §2.2, §9.2.

use dav::property::rfc4918::DISPLAYNAME_NAME;
use dav::store::mailbox::text_annotation;
use dav::{Collection, Context, Error, Fields, Path, Resource, Stored, Want};
use module::{Batch, Grant, Identifier, Rights};
use xml::DAV;

use crate::options;
use crate::precondition::DEFAULT_CALENDAR_NEEDED;
use crate::profile::{CALENDAR, INBOX, OUTBOX};
use crate::properties::scheduling::DEFAULT_CALENDAR_URL;

/// The calendar that everyone has.
const DEFAULT: &str = "Default";

/// Where invitations come to.
const INBOX_NAME: &str = "Inbox";

/// Where invitations are sent through.
const OUTBOX_NAME: &str = "Outbox";

/// Adds what lies in a new home.
pub(crate) fn provision(batch: &Batch, home: &[String]) {
    let below = |name: &str| -> Vec<String> {
        let parts = home.iter().cloned();
        parts.chain([name.to_owned()]).collect()
    };
    if options::creates_default() {
        let made = batch.create_mailbox(&below(DEFAULT), CALENDAR, None);
        let name = options::default_displayname();
        batch.annotate_outcome(made, &text_annotation(&DISPLAYNAME_NAME, &name));
    }
    if !options::creates_scheduling() {
        return;
    }
    let owner = home.get(1).cloned().unwrap_or_default();
    let own = Grant::new(Identifier::Principal(owner), Rights::all());
    // Everyone may invite, reply, and ask when somebody is busy.
    let everyone = Rights::DELIVER_REPLY
        .with(Rights::DELIVER_INVITE)
        .with(Rights::FREE_BUSY);
    let everyone = Grant::new(Identifier::Anyone, everyone);
    batch.create_mailbox(&below(INBOX_NAME), INBOX, Some(&[own.clone(), everyone]));
    batch.create_mailbox(&below(OUTBOX_NAME), OUTBOX, Some(&[own]));
}

/// The home that a collection lies in.
pub(crate) fn home_of(path: &Path) -> Path {
    Path::new(path.parts().iter().take(2).cloned())
}

/// The path of the Inbox of a home.
pub(crate) fn inbox_of(home: &Path) -> Path {
    home.join(INBOX_NAME)
}

/// The calendar of a home that invitations go to: what its Inbox says, or the first one it had.
pub(crate) fn default_calendar(ctx: &Context<'_>, home: &Path) -> Result<Path, Error> {
    let names = [DEFAULT_CALENDAR_URL];
    let want = Want {
        fields: Fields::NONE,
        stored: Stored::Names(&names),
    };
    let inbox = ctx.store.find(&inbox_of(home), &want)?;
    let stored = inbox.as_ref().and_then(|inbox| inbox.stored().first());
    let told = match stored {
        Some(stored) => {
            let element = xml::parse(&stored.xml, &xml::Limits::default())?;
            let href = element.find(DAV, "href").map(xml::Element::trimmed_text);
            href.map(|href| ctx.parse_href(&href))
                .transpose()?
                .flatten()
        }
        None => None,
    };
    Ok(told.unwrap_or_else(|| home.join(DEFAULT)))
}

/// Refuses to part with what a principal always has.
pub(crate) fn part(ctx: &Context<'_>, collection: &Collection) -> Result<(), Error> {
    match collection.kind.as_str() {
        CALENDAR => {
            let default = default_calendar(ctx, &home_of(&collection.path))?;
            match default == collection.path {
                true => Err(DEFAULT_CALENDAR_NEEDED.error()),
                false => Ok(()),
            }
        }
        INBOX | OUTBOX => Err(Error::Forbidden(
            "what scheduling needs cannot be removed".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Whether something is at the path of a calendar.
pub(crate) fn is_calendar(ctx: &Context<'_>, path: &Path) -> Result<bool, Error> {
    let found = ctx.find(path, &Want::default())?;
    Ok(matches!(found, Some(Resource::Collection(found)) if found.kind == CALENDAR))
}
