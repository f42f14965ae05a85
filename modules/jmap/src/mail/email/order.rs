//! Orders of Emails. RFC 8621 §4.4.2.

use super::query::{InThread, in_threads};
use super::read;
use crate::call::Result;
use crate::error::MethodError;
use crate::id::ThreadId;
use crate::mail::world::{Place, World};
use crate::standard::Comparator;
use mail::{Header, Limits, base_subject};
use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;

/// Bytes of header sections that are read to put Emails in order.
const HEADERS_MAX: u64 = 64 << 20;

/// Several comparators, with what they need to know.
pub struct Order<'a> {
    sort: &'a [Comparator],
    threads: Vec<HashMap<ThreadId, InThread>>,
}

/// What a comparator compares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number(i64),
    Text(String),
}

impl<'a> Order<'a> {
    /// Looks at what the comparators need of all Emails.
    pub fn new(world: &World, sort: &'a [Comparator]) -> Result<Self> {
        let threads = sort.iter().map(|by| match &by.keyword {
            Some(keyword) if by.property.contains("InThread") => in_threads(world, keyword),
            _ => HashMap::new(),
        });
        Ok(Self {
            sort,
            threads: threads.collect(),
        })
    }

    /// Puts Emails in order; what is equal by all comparators, last received first.
    pub fn sorted<'w>(&self, world: &World, places: Vec<Place<'w>>) -> Result<Vec<Place<'w>>> {
        let mut ranks: Vec<Vec<Rank>> = places.iter().map(|place| self.ranks(place)).collect();
        if self.sort.iter().any(|by| of_header(&by.property)) {
            self.read_headers(world, &places, &mut ranks)?;
        }
        let mut all: Vec<(Vec<Rank>, Place<'w>)> = ranks.into_iter().zip(places).collect();
        all.sort_by(|(a, left), (b, right)| {
            let orders =
                self.sort
                    .iter()
                    .zip(a.iter().zip(b))
                    .map(|(by, (a, b))| match by.is_ascending {
                        true => a.cmp(b),
                        false => b.cmp(a),
                    });
            let newest = |place: &Place<'_>| Reverse((place.row.received, place.row.id));
            orders
                .fold(Ordering::Equal, Ordering::then)
                .then_with(|| newest(left).cmp(&newest(right)))
        });
        Ok(all.into_iter().map(|(_, place)| place).collect())
    }

    /// What the comparators compare, as far as it is known without looking at the message.
    fn ranks(&self, place: &Place<'_>) -> Vec<Rank> {
        let row = place.row;
        let ranks = self.sort.iter().zip(&self.threads).map(|(by, threads)| {
            let keyword = by.keyword.as_deref().unwrap_or_default();
            let thread = threads.get(&row.thread);
            let number = match by.property.as_str() {
                "receivedAt" => row.received,
                "size" => i64::try_from(row.size).unwrap_or(i64::MAX),
                "hasKeyword" => row.keywords.has(keyword).into(),
                "allInThreadHaveKeyword" => thread.is_some_and(|thread| thread.all).into(),
                "someInThreadHaveKeyword" => thread.is_some_and(|thread| thread.some).into(),
                _ => 0,
            };
            Rank::Number(number)
        });
        ranks.collect()
    }

    fn read_headers(
        &self,
        world: &World,
        places: &[Place<'_>],
        ranks: &mut [Vec<Rank>],
    ) -> Result<()> {
        let bytes = places.iter().map(|place| u64::from(place.row.header_size));
        if bytes.sum::<u64>() > HEADERS_MAX {
            return Err(MethodError::described(
                "unsupportedSort",
                "too many messages would have to be read",
            ));
        }
        read::each(&world.account, places, true, |at, bytes| {
            let header = Header::parse(bytes, &Limits::default());
            let (Some(place), Some(ranks)) = (places.get(at), ranks.get_mut(at)) else {
                return;
            };
            for (by, rank) in self.sort.iter().zip(ranks) {
                match by.property.as_str() {
                    "from" => *rank = Rank::Text(first_of(&header, "From")),
                    "to" => *rank = Rank::Text(first_of(&header, "To")),
                    "subject" => {
                        let subject = header.last("Subject").map(|field| field.text());
                        let subject = base_subject(&subject.unwrap_or_default());
                        *rank = Rank::Text(subject.to_lowercase());
                    }
                    "sentAt" => {
                        let date = header.last("Date").and_then(|field| field.date());
                        let sent = date.map(|date| date.seconds().saturating_mul(1000));
                        *rank = Rank::Number(sent.unwrap_or(place.row.received));
                    }
                    _ => {}
                }
            }
        })?;
        Ok(())
    }
}

fn of_header(property: &str) -> bool {
    matches!(property, "from" | "to" | "subject" | "sentAt")
}

/// The name of the first address in a field, or the address if it has none; empty without one.
fn first_of(header: &Header<'_>, name: &str) -> String {
    let field = header.last(name);
    let first = field.and_then(|field| field.addresses().into_iter().next());
    let told = first.map(|first| {
        first
            .name
            .filter(|name| !name.is_empty())
            .unwrap_or(first.email)
    });
    told.unwrap_or_default().to_lowercase()
}
