//! `CALDAV:calendar-query`: the calendar objects that a filter means. RFC 4791 §7.8.
//!
//! The index of the host narrows down what has to be looked at, bodies come with what it finds, and
//! each is held against the filter. The cost is that of what is found, not of what is there.

use dav::body::multistatus::Multistatus;
use dav::body::plan::Plan;
use dav::body::propfind::{PropRequest, parse_children};
use dav::error::NUMBER_OF_MATCHES_WITHIN_LIMITS;
use dav::header::depth::{self, Depth};
use dav::property::Subject;
use dav::request::Status;
use dav::store::Listing;
use dav::{
    Collection, Context, Error, Fields, Member, Resource, Response, Rights, Want, percent_encode,
};
use icalendar::zone::Zone;
use icalendar::{Calendar, Limits};
use xml::Element;

use crate::filter::{Filter, Search};
use crate::floating;
use crate::namespace::CALDAV;
use crate::precondition::{MAX_INSTANCES, VALID_FILTER};
use crate::privacy;
use crate::profile::HOME;
use crate::properties::CALENDARS;

/// How many objects to ask the host for at a time: it gives fewer once their bodies are many bytes.
const PAGE: usize = 2000;

/// Answers the report.
pub(crate) fn run(
    ctx: &Context<'_>,
    resource: &Resource,
    root: &Element,
) -> Result<Response, Error> {
    // RFC 4791 §7.8: "If no Depth header is included, Depth: 0 is assumed".
    let depth = depth::parse(ctx)?.unwrap_or(Depth::Zero);
    let filter = root.find(CALDAV, "filter");
    let filter = Filter::parse(filter.ok_or_else(|| VALID_FILTER.error())?)?;
    let request = parse_children(root)?.unwrap_or(PropRequest::Prop(Vec::new()));
    ctx.check_items("properties", request.len())?;
    floating::prepare(ctx, root)?;
    let plan = Plan::new(ctx, &request);
    let mut query = Query {
        ctx,
        filter: &filter,
        plan: &plan,
        multistatus: Multistatus::new(ctx),
        left: ctx.profile.limits.resources_max,
    };
    match query.all(resource, depth) {
        Ok(()) => {}
        // Never a silently short answer: once a part of it is sent, this one says that it is short.
        Err(error) if ctx.is_streaming() && is_limit(&error) => {
            let href = ctx.href_of(&ctx.target.path, resource);
            let status = Status::INSUFFICIENT_STORAGE;
            query.multistatus.status(&href, status, Some(&error))?;
        }
        Err(error) => return Err(error),
    }
    query.multistatus.finish()
}

/// Whether a request asked for more than one may have.
fn is_limit(error: &Error) -> bool {
    matches!(error, Error::Violated(condition, _)
        if *condition == MAX_INSTANCES || *condition == NUMBER_OF_MATCHES_WITHIN_LIMITS)
}

struct Query<'q, 'c> {
    ctx: &'q Context<'c>,
    filter: &'q Filter,
    plan: &'q Plan,
    multistatus: Multistatus<'q, 'c>,
    /// How many objects may still be found.
    left: usize,
}

impl Query<'_, '_> {
    fn all(&mut self, resource: &Resource, depth: Depth) -> Result<(), Error> {
        match resource {
            Resource::Member(collection, member) => self.one(collection, member),
            Resource::Collection(_) if depth == Depth::Zero => Ok(()),
            Resource::Collection(collection) if collection.kind == HOME => self.home(collection),
            Resource::Collection(collection) => self.calendar(collection),
            Resource::Principal(_) => Ok(()),
        }
    }

    /// What is in all calendars of a home, as Cyrus has it: by the RFC they lie too deep for
    /// Depth: 1.
    fn home(&mut self, home: &Collection) -> Result<(), Error> {
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                collections: true,
                after: after.as_deref(),
                limit: self.ctx.profile.limits.page,
                ..Listing::default()
            };
            let page = self.ctx.store.children(home, &listing)?;
            for calendar in &page.collections {
                if CALENDARS.contains(&calendar.kind.as_str()) && calendar.rights.has(Rights::READ)
                {
                    self.calendar(calendar)?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// A query on a single object.
    fn one(&mut self, collection: &Collection, member: &Member) -> Result<(), Error> {
        let want = want(self.plan, true);
        let path = collection.path.join(&member.name);
        let found = self.ctx.find(&path, &want)?;
        if let Some(Resource::Member(collection, member)) = &found {
            let zone = floating::notes(self.ctx).zone(self.ctx, collection)?;
            let href = self.ctx.href(&path, false);
            self.member(collection, member, &href, &zone, true)?;
        }
        Ok(())
    }

    fn calendar(&mut self, collection: &Collection) -> Result<(), Error> {
        let zone = floating::notes(self.ctx).zone(self.ctx, collection)?;
        for search in self.filter.searches() {
            self.search(collection, &search, &zone)?;
        }
        Ok(())
    }

    /// Adds what a search of the index finds, as far as it is meant.
    fn search(
        &mut self,
        collection: &Collection,
        search: &Search<'_>,
        zone: &Zone,
    ) -> Result<(), Error> {
        let want = want(self.plan, search.check);
        let mut href = self.ctx.href(&collection.path, true);
        let base_len = href.len();
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                want,
                members: true,
                filter: &search.filters,
                after: after.as_deref(),
                limit: PAGE,
                ..Listing::default()
            };
            let page = self.ctx.store.children(collection, &listing)?;
            for member in &page.members {
                href.truncate(base_len);
                percent_encode(&mut href, &member.name);
                self.member(collection, member, &href, zone, search.check)?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Adds an object, if it is meant.
    fn member(
        &mut self,
        collection: &Collection,
        member: &Member,
        href: &str,
        zone: &Zone,
        check: bool,
    ) -> Result<(), Error> {
        if check {
            let body = member.body.as_deref().unwrap_or_default();
            if !self.holds(collection, body, zone)? {
                return Ok(());
            }
        }
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| NUMBER_OF_MATCHES_WITHIN_LIMITS.error())?;
        let mark = self.multistatus.writer().mark();
        let subject = Subject::Member(collection, member);
        let written = self.multistatus.resource(self.plan, subject, href, &[]);
        if written.is_err() {
            // What was begun is not well-formed yet; it has not been sent.
            self.multistatus.writer().rewind(mark);
        }
        written
    }

    fn holds(&self, collection: &Collection, body: &[u8], zone: &Zone) -> Result<bool, Error> {
        let body = privacy::visible(self.ctx, collection, body);
        // What others stored and cannot be read is nothing that a filter could mean.
        let Ok(calendar) = Calendar::parse(&body, &Limits::default()) else {
            return Ok(false);
        };
        let notes = floating::notes(self.ctx);
        let mut budget = notes.budget.borrow_mut();
        self.filter.holds(&calendar, zone, &mut budget)
    }
}

/// What to read of objects: their bodies, too, if those decide.
fn want(plan: &Plan, check: bool) -> Want<'_> {
    let want = plan.want();
    let fields = match check {
        true => want.fields.and(Fields::BODY),
        false => want.fields,
    };
    Want { fields, ..want }
}
