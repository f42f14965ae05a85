//! Whose keys are to reach farther.
//!
//! Readers can tell of it as often as they like: what was done is remembered for a while and not done
//! again, and of what waits there is a bound.

use std::collections::{BTreeMap, HashMap};
use storage::{MailboxId, Outreached, Uid};

/// Messages that wait at most. Those that find no room are told of again by who looks for them next.
const WAITING_MAX: usize = 2048;
/// Messages of which is remembered how far their keys reach.
const DONE_MAX: usize = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Outreach {
    /// By mailbox and how far keys are to reach.
    waiting: BTreeMap<(MailboxId, i64), (String, Vec<Uid>)>,
    count: usize,
    /// How far the keys of messages reach, as far as they could be made to.
    done: HashMap<(MailboxId, Uid), i64>,
}

impl Outreach {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes in what somebody has told.
    pub fn add(&mut self, told: &[Outreached]) {
        for outreached in told {
            let (mailbox, reach) = (outreached.mailbox, outreached.reach);
            for uid in &outreached.uids {
                let reaches = self.done.get(&(mailbox, *uid));
                if self.count == WAITING_MAX || reaches.is_some_and(|reaches| *reaches >= reach) {
                    continue;
                }
                if self.done.len() == DONE_MAX {
                    self.done.clear();
                }
                self.done.insert((mailbox, *uid), reach);
                self.count += 1;
                let waiting = self.waiting.entry((mailbox, reach));
                let of_type = || (outreached.mailbox_type.clone(), Vec::new());
                waiting.or_insert_with(of_type).1.push(*uid);
            }
        }
    }

    /// Takes out what waits for one mailbox. Of one that waits twice, the nearer comes first: keys
    /// never reach less far than they did.
    pub fn next(&mut self) -> Option<Outreached> {
        let ((mailbox, reach), (mailbox_type, uids)) = self.waiting.pop_first()?;
        self.count -= uids.len();
        Some(Outreached {
            mailbox,
            mailbox_type,
            uids,
            reach,
        })
    }

    /// Forgets what waits and what was done: it is to be told of again.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(uids: impl IntoIterator<Item = Uid>, reach: i64) -> Outreached {
        Outreached {
            mailbox: 1,
            mailbox_type: "calendar".into(),
            uids: uids.into_iter().collect(),
            reach,
        }
    }

    #[test]
    fn what_was_done_is_not_done_again_and_what_waits_has_a_bound() {
        let mut outreach = Outreach::default();
        outreach.add(&[told([1, 2], 10), told([2, 3], 10), told([2], 20)]);
        assert_eq!(outreach.next(), Some(told([1, 2, 3], 10)));
        assert_eq!(outreach.next(), Some(told([2], 20)));
        assert_eq!(outreach.next(), None);
        outreach.add(&[told([1, 2], 10), told([2], 15)]);
        assert_eq!(outreach.next(), None, "their keys reach that far");
        outreach.forget();
        outreach.add(&[told([1, 2], 10)]);
        assert_eq!(outreach.next(), Some(told([1, 2], 10)));
        outreach.add(&[told(10..10_000, 10)]);
        assert_eq!(outreach.next().map(|next| next.uids.len()), Some(2048));
        assert!(outreach.is_empty());
    }
}
