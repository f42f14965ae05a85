//! Hands out a number of places, in turn among those who want one: however many wait for one
//! tenant, another's next waits for no more than one of each.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::oneshot;

/// Places, and the queue before them.
pub struct Gate {
    state: Mutex<State>,
}

/// Somebody who has places at a gate: a tenant, or a module.
pub struct Party {
    /// Places that it has; changed under the gate's lock.
    held: AtomicUsize,
    /// Places that it may have.
    held_max: AtomicUsize,
}

/// A place: given back when it is dropped.
pub struct Permit {
    gate: Arc<Gate>,
    tenant: Arc<Party>,
    module: Arc<Party>,
}

/// Too many wait.
#[derive(Debug, thiserror::Error)]
#[error("too many wait already")]
pub struct Full;

struct State {
    places: usize,
    /// Places that are not free; more than there are, after a change to fewer.
    taken: usize,
    /// Most that may wait; one more sends away the last of those who have most in the queue.
    waiting_max: usize,
    /// Those who wait, a lane for each tenant; the first lane is next.
    lanes: VecDeque<Lane>,
    waiting: usize,
    serial: u64,
}

struct Lane {
    tenant: Arc<Party>,
    /// Never empty.
    waiters: VecDeque<Waiter>,
}

struct Waiter {
    serial: u64,
    module: Arc<Party>,
    sender: oneshot::Sender<Permit>,
}

impl Party {
    /// Somebody who has none yet, and may have so many.
    pub fn new(held_max: usize) -> Arc<Self> {
        Arc::new(Self {
            held: AtomicUsize::new(0),
            held_max: AtomicUsize::new(held_max),
        })
    }

    /// Changes how many places it may have. Who waits for more learns of it at the next change of
    /// the gate.
    pub(crate) fn set_max(&self, held_max: usize) {
        self.held_max.store(held_max, Ordering::Relaxed);
    }

    /// How many places it has.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn has_room(&self) -> bool {
        self.held() < self.held_max.load(Ordering::Relaxed)
    }
}

impl Gate {
    /// So many places, for which so many may wait.
    pub fn new(places: usize, waiting_max: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                places,
                taken: 0,
                waiting_max,
                lanes: VecDeque::new(),
                waiting: 0,
                serial: 0,
            }),
        })
    }

    /// Changes how many places there are, and how many may wait for one. Who has a place keeps it.
    pub(crate) fn resize(self: &Arc<Self>, places: usize, waiting_max: usize) {
        {
            let mut state = self.state.lock();
            state.places = places;
            state.waiting_max = waiting_max;
        }
        self.admit();
    }

    /// Takes a place, or waits for one in the tenant's lane. A future that is dropped leaves the
    /// queue. Fails if too many wait, and none of them for somebody who has more in the queue.
    pub async fn acquire(
        self: &Arc<Self>,
        tenant: &Arc<Party>,
        module: &Arc<Party>,
    ) -> Result<Permit, Full> {
        let (serial, receiver) = {
            let mut state = self.state.lock();
            if let Some(permit) = self.grant_at_once(&mut state, tenant, module) {
                return Ok(permit);
            }
            if state.waiting >= state.waiting_max && !state.make_room(tenant) {
                return Err(Full);
            }
            let (sender, receiver) = oneshot::channel();
            (state.enqueue(tenant, module.clone(), sender), receiver)
        };
        let _queued = Queued {
            gate: self,
            tenant,
            serial,
        };
        // The sender is dropped unused when somebody with fewer in the queue needs the room.
        receiver.await.map_err(|_| Full)
    }

    /// Takes a place if there is one now.
    pub(crate) fn try_acquire(
        self: &Arc<Self>,
        tenant: &Arc<Party>,
        module: &Arc<Party>,
    ) -> Option<Permit> {
        self.grant_at_once(&mut self.state.lock(), tenant, module)
    }

    fn grant_at_once(
        self: &Arc<Self>,
        state: &mut State,
        tenant: &Arc<Party>,
        module: &Arc<Party>,
    ) -> Option<Permit> {
        // Those who wait while there are places have all they may have: nobody is overtaken.
        let room = state.has_room() && tenant.has_room() && module.has_room();
        room.then(|| self.grant(state, tenant.clone(), module.clone()))
    }

    /// How many wait.
    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.state.lock().waiting
    }

    fn grant(
        self: &Arc<Self>,
        state: &mut State,
        tenant: Arc<Party>,
        module: Arc<Party>,
    ) -> Permit {
        state.taken += 1;
        tenant.held.fetch_add(1, Ordering::Relaxed);
        module.held.fetch_add(1, Ordering::Relaxed);
        Permit {
            gate: self.clone(),
            tenant,
            module,
        }
    }

    /// Gives free places to those who wait and may have one.
    fn admit(self: &Arc<Self>) {
        loop {
            let mut state = self.state.lock();
            let Some((tenant, waiter)) = state.next() else {
                return;
            };
            let permit = self.grant(&mut state, tenant, waiter.module);
            // A place that nobody takes comes back through its drop, which needs the lock.
            drop(state);
            let _ = waiter.sender.send(permit);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        {
            let mut state = self.gate.state.lock();
            state.taken -= 1;
            self.tenant.held.fetch_sub(1, Ordering::Relaxed);
            self.module.held.fetch_sub(1, Ordering::Relaxed);
            if state.waiting == 0 {
                return;
            }
        }
        self.gate.admit();
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.taken < self.places
    }

    fn lane(&mut self, tenant: &Arc<Party>) -> Option<usize> {
        self.lanes
            .iter()
            .position(|lane| Arc::ptr_eq(&lane.tenant, tenant))
    }

    fn enqueue(
        &mut self,
        tenant: &Arc<Party>,
        module: Arc<Party>,
        sender: oneshot::Sender<Permit>,
    ) -> u64 {
        self.serial += 1;
        self.waiting += 1;
        let waiter = Waiter {
            serial: self.serial,
            module,
            sender,
        };
        let place = self.lane(tenant);
        match place.and_then(|place| self.lanes.get_mut(place)) {
            Some(lane) => lane.waiters.push_back(waiter),
            None => self.lanes.push_back(Lane {
                tenant: tenant.clone(),
                waiters: VecDeque::from([waiter]),
            }),
        }
        self.serial
    }

    /// Takes the next who may have a place out of the queue; its lane goes to the end.
    fn next(&mut self) -> Option<(Arc<Party>, Waiter)> {
        if !self.has_room() {
            return None;
        }
        let (place, within) = self.lanes.iter().enumerate().find_map(|(place, lane)| {
            let may = |waiter: &Waiter| waiter.module.has_room();
            let within = lane.waiters.iter().position(may);
            within
                .filter(|_| lane.tenant.has_room())
                .map(|within| (place, within))
        })?;
        let mut lane = self.lanes.remove(place)?;
        let waiter = lane.waiters.remove(within)?;
        self.waiting -= 1;
        let tenant = lane.tenant.clone();
        if !lane.waiters.is_empty() {
            self.lanes.push_back(lane);
        }
        Some((tenant, waiter))
    }

    /// Sends away the last one of the longest lane, if a newcomer's is shorter by more than one.
    fn make_room(&mut self, newcomer: &Arc<Party>) -> bool {
        let lane = self.lane(newcomer).and_then(|place| self.lanes.get(place));
        let own = lane.map_or(0, |lane| lane.waiters.len());
        let longest = self.lanes.iter_mut().max_by_key(|lane| lane.waiters.len());
        let Some(longest) = longest.filter(|lane| lane.waiters.len() > own + 1) else {
            return false;
        };
        longest.waiters.pop_back();
        self.waiting -= 1;
        true
    }

    fn remove(&mut self, tenant: &Arc<Party>, serial: u64) {
        let Some(place) = self.lane(tenant) else {
            return;
        };
        let Some(lane) = self.lanes.get_mut(place) else {
            return;
        };
        // Serials rise within a lane.
        if let Ok(within) = lane
            .waiters
            .binary_search_by_key(&serial, |waiter| waiter.serial)
        {
            lane.waiters.remove(within);
            self.waiting -= 1;
            if lane.waiters.is_empty() {
                self.lanes.remove(place);
            }
        }
    }
}

/// Leaves the queue when dropped, unless its turn has come.
struct Queued<'a> {
    gate: &'a Arc<Gate>,
    tenant: &'a Arc<Party>,
    serial: u64,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.gate.state.lock().remove(self.tenant, self.serial);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::pin::Pin;

    type Waiting = Pin<Box<dyn Future<Output = Result<Permit, Full>>>>;

    fn wait(gate: &Arc<Gate>, tenant: &Arc<Party>, module: &Arc<Party>) -> Waiting {
        let (gate, tenant, module) = (gate.clone(), tenant.clone(), module.clone());
        let mut waiting: Waiting = Box::pin(async move { gate.acquire(&tenant, &module).await });
        assert!(waiting.as_mut().now_or_never().is_none());
        waiting
    }

    fn unlimited() -> Arc<Party> {
        Party::new(usize::MAX)
    }

    #[test]
    fn a_tenant_with_many_gets_as_much_as_one_with_few() {
        let gate = Gate::new(1, 100);
        let (many, few, module) = (unlimited(), unlimited(), unlimited());
        let mut held = gate.acquire(&many, &module).now_or_never().unwrap().ok();
        let mut waiting: Vec<(char, Waiting)> = Vec::new();
        for _ in 0..8 {
            waiting.push(('m', wait(&gate, &many, &module)));
        }
        for _ in 0..3 {
            waiting.push(('f', wait(&gate, &few, &module)));
        }
        let mut order = String::new();
        while held.take().is_some() {
            waiting.retain_mut(|(tenant, one)| match one.as_mut().now_or_never() {
                Some(permit) => {
                    order.push(*tenant);
                    held = permit.ok();
                    false
                }
                None => true,
            });
        }
        assert_eq!(order, "mfmfmfmmmmm");
    }

    #[test]
    fn who_has_all_it_may_have_stands_in_nobodys_way() {
        let gate = Gate::new(4, 100);
        let (capped, other) = (Party::new(1), unlimited());
        let (module, rare) = (unlimited(), Party::new(1));
        let first = gate.acquire(&capped, &module).now_or_never().unwrap();
        let mut second = wait(&gate, &capped, &module);
        let of_other = gate.acquire(&other, &rare).now_or_never().unwrap();
        let mut of_rare = wait(&gate, &other, &rare);
        let free = gate.acquire(&other, &module).now_or_never().unwrap();
        assert!(free.is_ok());
        drop(of_other);
        assert!(of_rare.as_mut().now_or_never().unwrap().is_ok());
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert!(second.as_mut().now_or_never().unwrap().is_ok());
        assert_eq!(gate.waiting(), 0);
    }

    #[test]
    fn a_full_queue_has_room_for_who_has_less_in_it() {
        let gate = Gate::new(1, 3);
        let (greedy, modest, module) = (unlimited(), unlimited(), unlimited());
        let _held = gate.acquire(&greedy, &module).now_or_never().unwrap();
        let mut greedy_ones: Vec<_> = (0..3).map(|_| wait(&gate, &greedy, &module)).collect();
        assert!(
            gate.acquire(&greedy, &module)
                .now_or_never()
                .unwrap()
                .is_err()
        );
        let _modest = wait(&gate, &modest, &module);
        let last = greedy_ones.pop().unwrap().now_or_never().unwrap();
        assert!(last.is_err(), "the last one of the longest lane goes");
        assert_eq!(gate.waiting(), 3);
        // Two and one: nobody gives way any more.
        let more = gate.acquire(&modest, &module).now_or_never().unwrap();
        assert!(more.is_err());
    }

    /// Whatever is taken, waited for, given up and given back, in whatever order: no place is lost
    /// and none is made, and nobody waits while there is a place that it may have.
    #[test]
    fn nothing_is_lost_whoever_leaves_when() {
        const PLACES: usize = 3;
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 33) as usize % below
        };
        for _ in 0..200 {
            let gate = Gate::new(PLACES, 6);
            let tenants = [Party::new(2), unlimited(), unlimited()];
            let modules = [Party::new(1), unlimited()];
            let mut waiting: Vec<Waiting> = Vec::new();
            let mut held: Vec<Permit> = Vec::new();
            for _ in 0..100 {
                match random(4) {
                    0 | 1 => {
                        let (gate, tenant) = (gate.clone(), tenants[random(3)].clone());
                        let module = modules[random(2)].clone();
                        let one = async move { gate.acquire(&tenant, &module).await };
                        waiting.push(Box::pin(one));
                    }
                    2 if !waiting.is_empty() => drop(waiting.swap_remove(random(waiting.len()))),
                    3 if !held.is_empty() => drop(held.swap_remove(random(held.len()))),
                    _ => {}
                }
                // Some look whether their turn has come; some will leave without having looked.
                waiting.retain_mut(|one| {
                    if random(2) == 0 {
                        return true;
                    }
                    match one.as_mut().now_or_never() {
                        Some(permit) => {
                            held.extend(permit.ok());
                            false
                        }
                        None => true,
                    }
                });
                assert!(held.len() <= PLACES);
                assert!(tenants[0].held() <= 2 && modules[0].held() <= 1);
            }
            drop(waiting);
            assert_eq!(gate.waiting(), 0);
            assert_eq!(gate.state.lock().taken, held.len());
            drop(held);
            assert_eq!(gate.state.lock().taken, 0);
            assert!(gate.state.lock().lanes.is_empty());
            assert!(tenants.iter().chain(&modules).all(|one| one.held() == 0));
        }
    }

    #[tokio::test]
    async fn places_come_and_go() {
        let gate = Gate::new(2, 1);
        let (tenant, module) = (Party::new(9), Party::new(9));
        let take = || gate.acquire(&tenant, &module);
        let mut held = vec![take().await.unwrap(), take().await.unwrap()];
        let mut third = Box::pin(take());
        assert!(third.as_mut().now_or_never().is_none());
        gate.resize(3, 1);
        held.push(third.await.unwrap());
        // Fewer: who has one keeps it, and the next comes when enough have gone.
        gate.resize(1, 1);
        let mut next = Box::pin(take());
        for _ in 0..2 {
            held.pop();
            assert!(next.as_mut().now_or_never().is_none());
        }
        held.pop();
        assert!(next.await.is_ok());
    }
}
