//! `DAV:sync-collection`: what changed since a token. RFC 6578 §3.

use xml::{DAV, Element, Name};

use super::plan;
use crate::body::multistatus::Multistatus;
use crate::body::plan::Plan;
use crate::error::{NUMBER_OF_MATCHES_WITHIN_LIMITS, SUPPORTED_REPORT, VALID_SYNC_TOKEN};
use crate::property::Subject;
use crate::property::rfc6578::{Known, parse_token, sync_token};
use crate::request::{Response, Status};
use crate::resource::{Collection, Fields, Resource};
use crate::store::{Change, ChangeQuery, Listing, Lock, LockScope};
use crate::{Context, Error, Rights, percent_encode};

/// Answers the report.
///
/// Deviation: RFC 6578 §3.2 wants 400 for a Depth other than 0. It is not looked at, because the
/// drafts of the report had the level in it and clients still send 1.
pub fn run(ctx: &Context<'_>, resource: &Resource, root: &Element) -> Result<Response, Error> {
    let Resource::Collection(collection) = resource else {
        return Err(SUPPORTED_REPORT.error());
    };
    ctx.require(&collection.path, collection.rights, Rights::READ, "read")?;
    let request = parse(root, collection)?;
    let plan = plan(ctx, root)?;
    let locks = match plan.needs_locks() {
        true => ctx.store.locks(&collection.path, LockScope::Tree)?,
        false => Vec::new(),
    };
    let mut sync = Sync {
        ctx,
        plan: &plan,
        locks: &locks,
        multistatus: Multistatus::new(ctx),
    };
    let token = sync.run(collection, &request)?;
    sync.multistatus
        .writer()
        .leaf(&Name::dav("sync-token"), &token);
    sync.multistatus.finish()
}

/// How many changes are read at a time if their bodies are wanted.
const BODIES_MAX: usize = 8;

struct Request {
    /// None if the client starts from nothing.
    known: Option<Known>,
    deep: bool,
    limit: Option<usize>,
}

fn parse(root: &Element, collection: &Collection) -> Result<Request, Error> {
    let bad = |what: &str| Error::BadRequest(format!("the report has {what}"));
    let token = root
        .find(DAV, "sync-token")
        .ok_or_else(|| bad("no sync-token"))?
        .trimmed_text();
    let known = match token.is_empty() {
        true => None,
        false => Some(parse_token(&token, collection).ok_or_else(|| VALID_SYNC_TOKEN.error())?),
    };
    let level = root.find(DAV, "sync-level").map(Element::trimmed_text);
    let deep = match level.as_deref() {
        None | Some("1") => false,
        Some("infinite" | "infinity") => true,
        Some(_) => return Err(bad("a sync-level that is neither 1 nor infinite")),
    };
    let limit = match root
        .find(DAV, "limit")
        .and_then(|limit| limit.find(DAV, "nresults"))
    {
        Some(number) => {
            let number = number.trimmed_text().parse::<usize>();
            Some(number.map_err(|_| bad("a limit that is no number"))?)
        }
        None => None,
    };
    Ok(Request { known, deep, limit })
}

struct Sync<'s, 'c> {
    ctx: &'s Context<'c>,
    plan: &'s Plan,
    locks: &'s [Lock],
    multistatus: Multistatus<'s, 'c>,
}

impl Sync<'_, '_> {
    /// Adds all changes, as far as the limit allows. Gives the token for what was told.
    fn run(&mut self, collection: &Collection, request: &Request) -> Result<String, Error> {
        let from_nothing = request.known.is_none() && request.limit.is_none();
        let is_flat = !self.ctx.profile.kind(&collection.kind).holds_collections;
        if from_nothing && is_flat {
            return self.list(collection);
        }
        let mut left = request.limit.unwrap_or(usize::MAX);
        // Bodies may be big.
        let page = match self.plan.want().fields.has(Fields::BODY) {
            true => BODIES_MAX,
            false => self.ctx.profile.limits.page,
        };
        let mut known = request.known.clone().unwrap_or_else(|| Known {
            removed_state: collection.state,
            ..Known::default()
        });
        let first_removed = known.removed_state;
        let mut told = self.elsewhere(collection, &mut known, request.deep, left)?;
        left -= told;
        let mut since = known.state;
        let truncated = loop {
            if left == 0 && told > 0 && known.elsewhere != collection.elsewhere {
                break true;
            }
            let query = ChangeQuery {
                since,
                removed_since: first_removed.max(since),
                deep: request.deep,
                limit: page.min(left.max(1)),
                want: self.plan.want(),
            };
            let found = self.ctx.store.changes(collection, &query)?;
            // Changes with one state are told together or not at all: a token has no state
            // between them.
            if found.changes.len() > left {
                if told == 0 {
                    return Err(NUMBER_OF_MATCHES_WITHIN_LIMITS.error());
                }
                break true;
            }
            for change in &found.changes {
                self.add(change, request.deep)?;
            }
            left -= found.changes.len();
            told += found.changes.len();
            since = found.state;
            if !found.more {
                break false;
            }
            if left == 0 {
                break true;
            }
        };
        known.state = since;
        known.removed_state = first_removed.max(since);
        if !truncated {
            known.removed_state = since;
            return Ok(known.token(&collection.id));
        }
        // RFC 6578 §3.6.
        let href = self.ctx.href(&collection.path, true);
        let why = NUMBER_OF_MATCHES_WITHIN_LIMITS.error();
        self.multistatus
            .status(&href, Status::INSUFFICIENT_STORAGE, Some(&why))?;
        Ok(known.token(&collection.id))
    }

    /// Adds what changed of the collections that lie elsewhere, at most `left` of them, and notes what
    /// the client knows then. Gives how many it was.
    fn elsewhere(
        &mut self,
        collection: &Collection,
        known: &mut Known,
        deep: bool,
        left: usize,
    ) -> Result<usize, Error> {
        let now = &collection.elsewhere;
        let is_gone = |name: &String| !now.iter().any(|(there, _)| there == name);
        let names = known.elsewhere.iter().map(|(name, _)| name);
        let gone: Vec<String> = names.filter(|name| is_gone(name)).cloned().collect();
        let news: Vec<&(String, u64)> = now
            .iter()
            .filter(|there| !known.elsewhere.contains(there))
            .collect();
        let mut told = 0;
        for name in gone.iter().take(left) {
            let href = self.ctx.href(&collection.path.join(name), true);
            self.multistatus.status(&href, Status::NOT_FOUND, None)?;
            known.elsewhere.retain(|(there, _)| there != name);
            told += 1;
        }
        for (name, state) in news.into_iter().take(left - told) {
            let path = collection.path.join(name);
            if let Some(resource) = self.ctx.find(&path, &self.plan.want())? {
                let href = self.ctx.href(&path, true);
                match deep {
                    // RFC 6578 §3.3: what is in it is not told here.
                    true => {
                        let why = SUPPORTED_REPORT.error();
                        self.multistatus
                            .status(&href, Status::FORBIDDEN, Some(&why))?;
                    }
                    false => {
                        let subject = Subject::from(&resource);
                        self.multistatus
                            .resource(self.plan, subject, &href, self.locks)?;
                    }
                }
            }
            known.elsewhere.retain(|(there, _)| there != name);
            known.elsewhere.push((name.clone(), *state));
            told += 1;
        }
        known.elsewhere.sort_unstable();
        Ok(told)
    }

    /// Adds all members there are, for whoever starts from nothing: that costs less than to go
    /// through how they came about. What changes meanwhile is later than the token.
    fn list(&mut self, collection: &Collection) -> Result<String, Error> {
        let mut href = self.ctx.href(&collection.path, true);
        let base_len = href.len();
        let mut after: Option<String> = None;
        loop {
            let listing = Listing {
                want: self.plan.want(),
                members: true,
                after: after.as_deref(),
                limit: self.ctx.profile.limits.page,
                ..Listing::default()
            };
            let page = self.ctx.store.children(collection, &listing)?;
            for member in &page.members {
                href.truncate(base_len);
                percent_encode(&mut href, &member.name);
                let subject = Subject::Member(collection, member);
                self.multistatus
                    .resource(self.plan, subject, &href, self.locks)?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(sync_token(collection));
            }
        }
    }

    fn add(&mut self, change: &Change, deep: bool) -> Result<(), Error> {
        let href = self.ctx.href(&change.path, change.is_collection);
        let Some(resource) = &change.resource else {
            return self.multistatus.status(&href, Status::NOT_FOUND, None);
        };
        if !resource.rights().has(Rights::LOOKUP) {
            return Ok(());
        }
        match resource {
            // RFC 6578 §3.3.
            Resource::Collection(inner) if deep && !self.ctx.profile.kind(&inner.kind).syncs => {
                self.multistatus
                    .status(&href, Status::FORBIDDEN, Some(&SUPPORTED_REPORT.error()))
            }
            Resource::Member(holder, _) if !holder.rights.has(Rights::READ) => Ok(()),
            resource => {
                let subject = Subject::from(resource);
                self.multistatus
                    .resource(self.plan, subject, &href, self.locks)
            }
        }
    }
}
