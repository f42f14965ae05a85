//! `Email/query` and `Email/queryChanges`. RFC 8621 §4.4, §4.5.

use super::condition::{Condition, Content, Test};
use super::order::Order;
use super::{Emails, content};
use crate::account::Account;
use crate::call::{Arguments, Result};
use crate::context::Context;
use crate::error::MethodError;
use crate::id::{EmailId, MailboxId, ThreadId};
use crate::json::Object;
use crate::mail::SORTS;
use crate::mail::history::History;
use crate::mail::table::Row;
use crate::mail::world::World;
use crate::standard::{Comparator, Extra, Filter, Outcome, Query, QueryChanges, Subject};
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// `collapseThreads`. RFC 8621 §4.4.3.
#[derive(Debug, Clone, Copy)]
pub struct Collapse(bool);

impl Extra for Collapse {
    fn take(arguments: &mut Arguments) -> Result<Self> {
        arguments.boolean("collapseThreads").map(Self)
    }
}

impl Query for Emails {
    type Condition = Condition;
    type Item = EmailId;
    type Extra = Collapse;

    fn condition(object: Object) -> Result<Condition> {
        Condition::read(object)
    }

    fn is_sort(comparator: &Comparator) -> bool {
        let needs_keyword = comparator.property.ends_with("Keyword");
        SORTS.contains(&comparator.property.as_str())
            && needs_keyword == comparator.keyword.is_some()
    }

    fn run(
        _: &mut Context,
        account: &Rc<Account>,
        subject: &Subject<Self>,
        until: usize,
    ) -> Result<Outcome<EmailId>> {
        let world = World::load(account)?;
        let finder = Finder::new(&world, subject.filter.as_ref())?;
        let mut threads = HashSet::new();
        let mut is_shown = |row: Row<'_>| !subject.extra.0 || threads.insert(row.thread);
        let within = subject.filter.as_ref().and_then(mailbox);
        let is_newest_first = match subject.sort.as_slice() {
            [] => true,
            [by] => by.property == "receivedAt" && !by.is_ascending,
            _ => false,
        };
        // What nearly all clients ask for most of the time: no more is looked at than is told.
        if let Some(id) = within
            && is_newest_first
        {
            let mut items = Vec::new();
            let shelf = id.and_then(|id| world.shelf(id));
            for row in shelf.into_iter().flat_map(|shelf| shelf.table.newest()) {
                if finder.finds(row) && is_shown(row) {
                    if items.len() >= until {
                        return Ok(Outcome {
                            items,
                            is_whole: false,
                        });
                    }
                    items.push(row.id);
                }
            }
            return Ok(Outcome {
                items,
                is_whole: true,
            });
        }
        let candidates: BTreeMap<EmailId, _> = match within {
            Some(id) => {
                let shelf = id.and_then(|id| world.shelf(id));
                let places = shelf.into_iter().flat_map(|shelf| {
                    let rows = shelf.table.rows();
                    rows.map(move |row| (row.id, crate::mail::world::Place { shelf, row }))
                });
                places.collect()
            }
            None => world.emails(),
        };
        let found = candidates
            .into_values()
            .filter(|place| finder.finds(place.row));
        let found = Order::new(&world, &subject.sort)?.sorted(&world, found.collect())?;
        let items = found.into_iter().filter(|place| is_shown(place.row));
        Ok(Outcome {
            items: items.map(|place| place.row.id).collect(),
            is_whole: true,
        })
    }

    fn id(item: &EmailId) -> String {
        item.to_string()
    }
}

impl QueryChanges for Emails {
    fn affected(
        _: &mut Context,
        account: &Rc<Account>,
        subject: &Subject<Self>,
        since: &State,
    ) -> Result<BTreeSet<String>> {
        let world = World::load(account)?;
        let history = History::since(&world, since)?;
        let mut affected: BTreeSet<EmailId> = history.fates.keys().copied().collect();
        if depends_on_threads(subject) {
            let threads = history.fates.values().map(|fate| fate.thread);
            let threads: Option<Vec<ThreadId>> = threads.collect();
            let threads = threads.ok_or_else(|| MethodError::new("cannotCalculateChanges"))?;
            affected.extend(world.threads(&threads).into_values().flatten());
        }
        Ok(affected.iter().map(EmailId::to_string).collect())
    }
}

/// Whether one Email's change can move another one of its Thread.
fn depends_on_threads(subject: &Subject<Emails>) -> bool {
    let by_thread = |test: &Test| {
        matches!(
            test,
            Test::AllInThreadHave(_) | Test::SomeInThreadHave(_) | Test::NoneInThreadHave(_)
        )
    };
    let filters = subject.filter.iter().flat_map(Filter::conditions);
    let mut filters = filters.flat_map(|condition| &condition.0);
    let mut sorts = subject.sort.iter();
    subject.extra.0 || filters.any(by_thread) || sorts.any(|by| by.property.contains("InThread"))
}

/// The Mailbox that all that is found is in, if the filter says so.
fn mailbox(filter: &Filter<Condition>) -> Option<Option<MailboxId>> {
    match filter {
        Filter::Condition(Condition(tests)) => tests.iter().find_map(|test| match test {
            Test::InMailbox(id) => Some(*id),
            _ => None,
        }),
        Filter::And(filters) => filters.iter().find_map(mailbox),
        Filter::Or(_) | Filter::Not(_) => None,
    }
}

/// A filter, with what the index has found for it.
struct Finder<'a> {
    world: &'a World,
    filter: Option<&'a Filter<Condition>>,
    contents: Vec<(&'a Content, BTreeSet<EmailId>)>,
    threads: BTreeMap<&'a str, HashMap<ThreadId, InThread>>,
}

/// Which of the Emails of a Thread have a keyword.
#[derive(Debug, Clone, Copy)]
pub struct InThread {
    /// All have it.
    pub all: bool,
    /// One has it.
    pub some: bool,
}

/// Which of the Emails of all Threads have a keyword.
pub fn in_threads(world: &World, keyword: &str) -> HashMap<ThreadId, InThread> {
    let mut threads = HashMap::new();
    for row in world.shelves().iter().flat_map(|shelf| shelf.table.rows()) {
        let has = row.keywords.has(keyword);
        let thread = threads.entry(row.thread).or_insert(InThread {
            all: true,
            some: false,
        });
        thread.all &= has;
        thread.some |= has;
    }
    threads
}

impl<'a> Finder<'a> {
    fn new(world: &'a World, filter: Option<&'a Filter<Condition>>) -> Result<Self> {
        let mut finder = Self {
            world,
            filter,
            contents: Vec::new(),
            threads: BTreeMap::new(),
        };
        let conditions = filter.into_iter().flat_map(Filter::conditions);
        for test in conditions.flat_map(|condition| &condition.0) {
            match test {
                Test::Content(content) if finder.known(content).is_none() => {
                    let found = content::find(world, content)?;
                    finder.contents.push((content, found));
                }
                Test::AllInThreadHave(keyword)
                | Test::SomeInThreadHave(keyword)
                | Test::NoneInThreadHave(keyword) => {
                    let threads = finder.threads.entry(keyword);
                    threads.or_insert_with(|| in_threads(world, keyword));
                }
                _ => {}
            }
        }
        Ok(finder)
    }

    fn known(&self, content: &Content) -> Option<&BTreeSet<EmailId>> {
        let mut contents = self.contents.iter();
        let (_, found) = contents.find(|(known, _)| *known == content)?;
        Some(found)
    }

    fn finds(&self, row: Row<'_>) -> bool {
        let Some(filter) = self.filter else {
            return true;
        };
        filter.holds(&mut |Condition(tests)| tests.iter().all(|test| self.holds(test, row)))
    }

    fn holds(&self, test: &Test, row: Row<'_>) -> bool {
        let in_thread = |keyword: &String| {
            let threads = self.threads.get(keyword.as_str());
            threads.and_then(|threads| threads.get(&row.thread))
        };
        match test {
            Test::InMailbox(id) => {
                let shelf = id.and_then(|id| self.world.shelf(id));
                shelf.is_some_and(|shelf| shelf.table.find(row.id).is_some())
            }
            Test::InMailboxOtherThan(ids) => {
                let mut shelves = self.world.shelves().iter();
                shelves.any(|shelf| !ids.contains(&shelf.id) && shelf.table.find(row.id).is_some())
            }
            Test::Before(date) => row.received < *date,
            Test::After(date) => row.received >= *date,
            Test::MinSize(size) => row.size >= *size,
            Test::MaxSize(size) => row.size < *size,
            Test::AllInThreadHave(keyword) => in_thread(keyword).is_some_and(|thread| thread.all),
            Test::SomeInThreadHave(keyword) => in_thread(keyword).is_some_and(|thread| thread.some),
            Test::NoneInThreadHave(keyword) => in_thread(keyword).is_none_or(|thread| !thread.some),
            Test::Has(keyword) => row.keywords.has(keyword),
            Test::HasNot(keyword) => !row.keywords.has(keyword),
            Test::Content(content) => self
                .known(content)
                .is_some_and(|found| found.contains(&row.id)),
        }
    }
}
