//! What the query reports of protocols share: the members for which a test holds, in a collection
//! or in all of some kinds in another. RFC 4791 §7.8, RFC 6352 §8.6.
//!
//! The index narrows down what is looked at, bodies come with what it finds, and the test has the
//! last word. The cost is that of what is found, not of what is there.

use std::collections::HashSet;

use crate::body::multistatus::Multistatus;
use crate::body::plan::Plan;
use crate::error::{NUMBER_OF_MATCHES_WITHIN_LIMITS, Precondition};
use crate::header::depth::{self, Depth};
use crate::property::Subject;
use crate::request::{Response, Status};
use crate::resource::{Collection, Fields, Member, Resource, Want};
use crate::store::{Filter, Listing};
use crate::{Context, Error, Rights, percent_encode};

/// How many members to ask the store for at a time: it gives fewer once their bodies are many bytes.
const PAGE: usize = 2000;

/// Of how many members of a collection the store is told at most that their keys do not reach far
/// enough: of the rest it is told by those who ask next.
const REACHED_MAX: usize = 256;

/// Which members are asked for.
pub struct Query<'q> {
    /// The kinds of collections whose members are meant.
    pub kinds: &'q [&'q str],
    /// What is to be looked for. All members are held against the test if there is nothing; what
    /// several searches find is told once.
    pub searches: &'q [Search<'q>],
    /// What the body of a member must be like, if that is to be looked at.
    pub test: Option<&'q Test<'q>>,
    /// How many the client wants at most. RFC 6352 §8.6.1.
    pub limit: Option<usize>,
    /// The conditions that fail the report as a whole, as RFC 4791 §7.8 has it. Once a part of the
    /// answer is sent, they cut it off instead.
    pub fatal: &'q [Precondition],
}

/// A search of the index.
#[derive(Clone, Debug, Default)]
pub struct Search<'s> {
    /// What the keys of a member must be like, all of it.
    pub filters: Vec<Filter<'s>>,
    /// Whether all that it finds is meant: the test is not asked, and no body is read for it.
    pub is_exact: bool,
    /// Set if it finds what has keys that do not reach so far: the store is told so, and whoever
    /// looks the next time may find less under them. Such searches come first: what is found under
    /// other keys meanwhile is not missed then.
    pub reach: Option<i64>,
}

/// See [`Query::test`]: the member has its body, and the collection is that of the member.
pub type Test<'t> = dyn Fn(&Collection, &Member) -> Result<bool, Error> + 't;

/// Answers with the members that are asked for, as far as `Depth` reaches: none is 0.
///
/// An answer that is cut off says so: by a 507 for the target, as RFC 6352 §8.6.2 has it.
pub fn run(
    ctx: &Context<'_>,
    resource: &Resource,
    plan: &Plan,
    query: &Query<'_>,
) -> Result<Response, Error> {
    let depth = depth::parse(ctx)?.unwrap_or(Depth::Zero);
    let max = ctx.profile.limits.resources_max;
    let mut running = Running {
        ctx,
        query,
        plan,
        multistatus: Multistatus::new(ctx),
        left: query.limit.unwrap_or(max).min(max),
    };
    let cut = match running.all(resource, depth) {
        Ok(Went::Well) => None,
        Ok(Went::TooFar) => Some(NUMBER_OF_MATCHES_WITHIN_LIMITS.error()),
        Err(error) if query.is_fatal(&error) => Some(error),
        Err(error) => return Err(error),
    };
    if let Some(why) = cut {
        if query.is_fatal(&why) && !ctx.is_streaming() {
            return Err(why);
        }
        let href = ctx.href_of(&ctx.target.path, resource);
        let status = Status::INSUFFICIENT_STORAGE;
        running.multistatus.status(&href, status, Some(&why))?;
    }
    running.multistatus.finish()
}

impl Query<'_> {
    fn is_fatal(&self, error: &Error) -> bool {
        matches!(error, Error::Violated(condition, _) if self.fatal.contains(condition))
    }
}

/// Whether all that was found could be told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Went {
    Well,
    TooFar,
}

struct Running<'r, 'c> {
    ctx: &'r Context<'c>,
    query: &'r Query<'r>,
    plan: &'r Plan,
    multistatus: Multistatus<'r, 'c>,
    /// How many members may still be told.
    left: usize,
}

impl Running<'_, '_> {
    fn all(&mut self, resource: &Resource, depth: Depth) -> Result<Went, Error> {
        match resource {
            Resource::Member(collection, member) => self.one(collection, member),
            Resource::Collection(_) if depth == Depth::Zero => Ok(Went::Well),
            Resource::Collection(collection) => match self.is_meant(collection) {
                true => self.members(collection),
                false => self.collections(collection),
            },
            Resource::Principal(_) => Ok(Went::Well),
        }
    }

    fn is_meant(&self, collection: &Collection) -> bool {
        self.query.kinds.contains(&collection.kind.as_str())
    }

    /// The collections in a home, as Cyrus has it: by the RFCs their members lie too deep for
    /// Depth: 1.
    fn collections(&mut self, home: &Collection) -> Result<Went, Error> {
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                collections: true,
                after: after.as_deref(),
                limit: self.ctx.profile.limits.page,
                ..Listing::default()
            };
            let page = self.ctx.store.children(home, &listing)?;
            for collection in &page.collections {
                let may = self.is_meant(collection) && collection.rights.has(Rights::READ);
                if may && self.members(collection)? == Went::TooFar {
                    return Ok(Went::TooFar);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(Went::Well);
            }
        }
    }

    fn members(&mut self, collection: &Collection) -> Result<Went, Error> {
        let path = &collection.path;
        self.ctx
            .require(path, collection.rights, Rights::READ, "read")?;
        let query = self.query;
        if query.searches.is_empty() {
            return self.page_through(collection, &Search::default(), None);
        }
        // One finds nothing twice, and needs nothing kept in mind.
        let mut seen = (query.searches.len() > 1).then(HashSet::new);
        for search in query.searches {
            if self.page_through(collection, search, seen.as_mut())? == Went::TooFar {
                return Ok(Went::TooFar);
            }
        }
        Ok(Went::Well)
    }

    fn page_through(
        &mut self,
        collection: &Collection,
        search: &Search<'_>,
        mut seen: Option<&mut HashSet<u64>>,
    ) -> Result<Went, Error> {
        let test = self.query.test.filter(|_| !search.is_exact);
        let want = want(self.plan, test);
        let mut href = self.ctx.href(&collection.path, true);
        let base_len = href.len();
        let mut after: Option<String> = None;
        let mut reached = Vec::new();
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
            if search.reach.is_some() {
                let room = REACHED_MAX - reached.len();
                reached.extend(page.members.iter().map(|member| member.version).take(room));
            }
            for member in &page.members {
                let is_new = |seen: &mut HashSet<u64>| seen.insert(member.version);
                if !seen.as_deref_mut().is_none_or(is_new) {
                    continue;
                }
                if !passes(test, collection, member)? {
                    continue;
                }
                href.truncate(base_len);
                percent_encode(&mut href, &member.name);
                if self.member(collection, member, &href)? == Went::TooFar {
                    return Ok(Went::TooFar);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        if let (Some(reach), false) = (search.reach, reached.is_empty()) {
            self.ctx.store.extend_keys(collection, &reached, reach);
        }
        Ok(Went::Well)
    }

    /// A query on a single member.
    fn one(&mut self, collection: &Collection, member: &Member) -> Result<Went, Error> {
        let path = collection.path.join(&member.name);
        let test = self.query.test;
        match self.ctx.find(&path, &want(self.plan, test))? {
            Some(Resource::Member(collection, member)) if self.is_meant(&collection) => {
                self.ctx
                    .require(&path, collection.rights, Rights::READ, "read")?;
                match passes(test, &collection, &member)? {
                    true => self.member(&collection, &member, &self.ctx.href(&path, false)),
                    false => Ok(Went::Well),
                }
            }
            _ => Ok(Went::Well),
        }
    }

    /// Adds a member that is meant.
    fn member(
        &mut self,
        collection: &Collection,
        member: &Member,
        href: &str,
    ) -> Result<Went, Error> {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => return Ok(Went::TooFar),
        }
        let subject = Subject::Member(collection, member);
        let mark = self.multistatus.writer().mark();
        let written = self.multistatus.resource(self.plan, subject, href, &[]);
        if written.is_err() {
            // What was begun is not well-formed yet; it has not been sent.
            self.multistatus.writer().rewind(mark);
        }
        written.map(|()| Went::Well)
    }
}

/// Whether the body of a member is as it must be.
fn passes(
    test: Option<&Test<'_>>,
    collection: &Collection,
    member: &Member,
) -> Result<bool, Error> {
    test.map_or(Ok(true), |test| test(collection, member))
}

/// What has to be read of each member.
fn want<'p>(plan: &'p Plan, test: Option<&Test<'_>>) -> Want<'p> {
    let want = plan.want();
    let fields = match test {
        Some(_) => want.fields.and(Fields::BODY),
        None => want.fields,
    };
    Want { fields, ..want }
}
