//! `wit/index.wit`: finding messages by the keys that their module stored with them.

use super::Error;
use crate::bindings::chapar::host::index as wit;
use crate::state::State;
use storage::{Found, Key, KeyValue, Order, Part, Query, SearchScope, Term, Test};
use wasmtime::component::Resource;

impl wit::Host for State {
    async fn search(
        &mut self,
        scope: wit::Scope,
        query: wit::Query,
    ) -> Result<wit::Results, Error> {
        let scope = match scope {
            wit::Scope::Mailbox(mailbox) => SearchScope::Mailbox(self.handles.get(&mailbox)?.id),
            wit::Scope::Tree(mailbox) => SearchScope::Tree(self.handles.get(&mailbox)?.id),
        };
        let serving = self.serving()?;
        let results = serving
            .store()
            .search(serving.actor(), scope, &query.into())
            .await?;
        Ok(wit::Results {
            found: results.found.into_iter().map(wit::Found::from).collect(),
            more: results.more,
        })
    }

    async fn extend_keys(
        &mut self,
        mailbox: Resource<wit::Mailbox>,
        uids: Vec<u32>,
        reach: i64,
    ) -> Result<(), Error> {
        let mailbox = self.handles.get(&mailbox)?.id;
        let serving = self.serving()?;
        let told = serving
            .store()
            .extend_keys(serving.actor(), mailbox, &uids, reach);
        Ok(told.await?)
    }
}

impl From<wit::Query> for Query {
    fn from(from: wit::Query) -> Self {
        Self {
            all_of: from
                .all_of
                .into_iter()
                .map(|terms| terms.into_iter().map(Term::from).collect())
                .collect(),
            order: from
                .order
                .into_iter()
                .map(|order| Order {
                    key: order.key,
                    descending: order.descending,
                })
                .collect(),
            after: from.after,
            offset: from.offset,
            limit: from.limit,
            body: from.body.map(Part::from),
        }
    }
}

impl From<wit::Term> for Term {
    fn from(from: wit::Term) -> Self {
        Self {
            key: from.key,
            test: match from.test {
                wit::Test::Equal(text) => Test::Equal(text),
                wit::Test::Prefix(text) => Test::Prefix(text),
                wit::Test::Range((from, to)) => Test::Range(from, to),
                wit::Test::Overlap((from, to)) => Test::Overlap(from, to),
                wit::Test::Words(words) => Test::Words(words),
                wit::Test::Present => Test::Present,
            },
            negated: from.negated,
        }
    }
}

impl From<Found> for wit::Found {
    fn from(from: Found) -> Self {
        Self {
            mailbox: from.mailbox.0,
            message: from.message.into(),
            body: from.body.map(Vec::from),
        }
    }
}

impl From<wit::Key> for Key {
    fn from(from: wit::Key) -> Self {
        Self {
            name: from.name,
            value: match from.value {
                wit::Value::Text(text) => KeyValue::Text(text),
                wit::Value::Number(number) => KeyValue::Number(number),
                wit::Value::Interval((from, to)) => KeyValue::Interval(from, to),
                wit::Value::Words(words) => KeyValue::Words(words),
            },
        }
    }
}
