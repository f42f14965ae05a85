//! How much work answering may take: recurrences are short to write and long to walk.

/// Work and instances that are left to one request.
///
/// Steps of work are what walking a rule takes: periods looked at, days and times tried. A million
/// of them takes some ten milliseconds.
#[derive(Clone, Debug)]
pub struct Budget {
    work: u64,
    instances: u64,
    work_max: u64,
    instances_max: u64,
}

/// Which limit has been passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Steps of work.
    Work,
    /// Instances of recurring components.
    Instances,
}

/// The request needs more than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recurrences need more than {allowed} {}", match limit {
    Limit::Work => "steps of work",
    Limit::Instances => "instances",
})]
pub struct Exceeded {
    /// What has run out.
    pub limit: Limit,
    /// How much of it there was.
    pub allowed: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Self::WORK, Self::INSTANCES)
    }
}

impl Budget {
    /// The steps of work that a request has if nobody says otherwise.
    pub const WORK: u64 = 2_000_000;

    /// The instances that a request has if nobody says otherwise.
    pub const INSTANCES: u64 = 20_000;

    /// The steps of work of those that one object may take: what any real one needs, and more than
    /// all instances that a request may make.
    pub const OBJECT_WORK: u64 = 200_000;

    /// So many steps of work, and so many instances.
    pub fn new(work: u64, instances: u64) -> Self {
        Self {
            work,
            instances,
            work_max: work,
            instances_max: instances,
        }
    }

    /// Steps of work that have been done.
    pub fn work_done(&self) -> u64 {
        self.work_max - self.work
    }

    /// Does something for one object, which may take [`Budget::OBJECT_WORK`] and so many instances.
    /// None if it would take more, of which no instance counts: one object must not use up what there is
    /// for all.
    ///
    /// Fails if the budget itself runs out.
    pub fn share<T>(
        &mut self,
        instances: u64,
        work_on: impl FnOnce(&mut Budget) -> Result<T, Exceeded>,
    ) -> Result<Option<T>, Exceeded> {
        let mut share = Self {
            work: self.work.min(Self::OBJECT_WORK),
            instances: self.instances.min(instances),
            ..*self
        };
        let (work_kept, instances_kept) =
            (self.work - share.work, self.instances - share.instances);
        let done = work_on(&mut share);
        self.work = work_kept + share.work;
        match done {
            // Its instances are in no answer.
            Err(Exceeded {
                limit: Limit::Instances,
                ..
            }) if instances_kept > 0 => Ok(None),
            Err(Exceeded {
                limit: Limit::Work, ..
            }) if work_kept > 0 => Ok(None),
            done => {
                self.instances = instances_kept + share.instances;
                done.map(Some)
            }
        }
    }

    /// Takes steps of work. Fails if there are not so many left.
    pub(crate) fn work(&mut self, steps: u64) -> Result<(), Exceeded> {
        match self.work.checked_sub(steps) {
            Some(left) => {
                self.work = left;
                Ok(())
            }
            None => {
                self.work = 0;
                Err(Exceeded {
                    limit: Limit::Work,
                    allowed: self.work_max,
                })
            }
        }
    }

    /// Takes one instance. Fails if there is none left.
    pub(crate) fn instance(&mut self) -> Result<(), Exceeded> {
        match self.instances.checked_sub(1) {
            Some(left) => {
                self.instances = left;
                Ok(())
            }
            None => Err(Exceeded {
                limit: Limit::Instances,
                allowed: self.instances_max,
            }),
        }
    }
}
