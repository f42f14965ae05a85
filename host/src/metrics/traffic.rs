//! Requests, counted by tenant, module, method and status.
//!
//! A client's words never become labels: methods that are registered nowhere are `other`, statuses
//! that no standard has are counted by their class, modules and tenants are the operator's.

use super::histogram::Histogram;
use crate::auth::Refusal;
use crate::http::known_methods::{self, COUNTED as METHODS};
use arc_swap::ArcSwap;
use http::{Method, StatusCode};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What is counted for requests that no module answered.
pub const NO_MODULE: &str = "-";

/// The statuses that are counted singly: what HTTP, WebDAV and their kin answer with.
const STATUSES: [u16; 45] = [
    200, 201, 202, 204, 205, 206, 207, 208, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405,
    406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 426, 428, 429, 431,
    500, 501, 502, 503, 504, 505, 507,
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const COUNTED: usize = STATUSES.len() + CLASSES.len();

/// The requests of one tenant.
#[derive(Default)]
pub struct Traffic {
    /// Sign-ins that failed.
    pub failed_sign_ins: FailedSignIns,
    /// Mail that came in.
    pub deliveries: Deliveries,
    /// Messages that the host had indexed.
    pub indexed: Indexed,
    /// Mail that was sent.
    pub submissions: Submissions,
    /// What was posted to push services.
    pub pushes: Pushes,
    /// Grows when a module answers its first request; never shrinks, and modules are few.
    modules: ArcSwap<Vec<Arc<ModuleTraffic>>>,
    growing: Mutex<()>,
}

/// Why sign-ins failed.
#[derive(Default)]
pub struct FailedSignIns {
    /// No such user, a wrong password, or a scheme that is not offered.
    pub credentials: AtomicU64,
    /// Too many wrong ones before.
    pub throttled: AtomicU64,
    /// Too many at once, or a store that does not answer.
    pub unavailable: AtomicU64,
}

impl FailedSignIns {
    /// Counts one.
    pub fn count(&self, refusal: &Refusal) {
        let count = match refusal {
            Refusal::Scheme | Refusal::Credentials => &self.credentials,
            Refusal::TooMany(_) => &self.throttled,
            Refusal::Busy | Refusal::Unavailable(_) => &self.unavailable,
        };
        count.fetch_add(1, Relaxed);
    }
}

/// Mail that came in, counted by recipients.
#[derive(Default)]
pub struct Deliveries {
    /// Delivered.
    pub delivered: AtomicU64,
    /// Put off: whoever handed it over tries again.
    pub deferred: AtomicU64,
    /// Refused for good.
    pub refused: AtomicU64,
    /// Bytes of what was delivered.
    pub bytes: AtomicU64,
}

/// Mail that was sent, counted by recipients.
#[derive(Default)]
pub struct Submissions {
    /// The mail system has it.
    pub sent: AtomicU64,
    /// Tried in vain, and to be tried again.
    pub deferred: AtomicU64,
    /// Given up.
    pub failed: AtomicU64,
}

/// Messages to push services.
#[derive(Default)]
pub struct Pushes {
    /// The service has it.
    pub sent: AtomicU64,
    /// Tried in vain.
    pub deferred: AtomicU64,
    /// Endpoints that are gone by that.
    pub gone: AtomicU64,
}

/// Messages that came without keys.
#[derive(Default)]
pub struct Indexed {
    /// Their module has made some.
    pub indexed: AtomicU64,
    /// It could not, several times.
    pub failed: AtomicU64,
}

/// The requests of one tenant to one module.
pub struct ModuleTraffic {
    /// The module's name.
    pub module: String,
    methods: [OnceLock<Box<MethodTraffic>>; METHODS],
}

/// The requests with one method.
pub struct MethodTraffic {
    statuses: [AtomicU64; COUNTED],
    /// From the head of a request to the last byte of its answer.
    pub duration: Histogram,
    /// Bytes of the bodies of requests.
    pub bytes_in: AtomicU64,
    /// Bytes of the bodies of answers, as sent.
    pub bytes_out: AtomicU64,
}

/// One request, when its answer has been sent.
pub struct Done<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The answer's status.
    pub status: StatusCode,
    /// How long it took.
    pub duration: Duration,
    /// Bytes of its body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
}

impl Traffic {
    /// Counts a request that this module answered; none for the host itself.
    pub fn count(&self, module: Option<&str>, done: &Done<'_>) {
        let module = module.unwrap_or(NO_MODULE);
        let modules = self.modules.load();
        match modules.iter().find(|one| one.module == module) {
            Some(of_module) => of_module.count(done),
            None => self.first(module).count(done),
        }
    }

    /// What was counted, by module.
    pub fn modules(&self) -> Arc<Vec<Arc<ModuleTraffic>>> {
        self.modules.load_full()
    }

    #[cold]
    fn first(&self, module: &str) -> Arc<ModuleTraffic> {
        let _growing = self.growing.lock();
        let modules = self.modules.load_full();
        if let Some(there) = modules.iter().find(|one| one.module == module) {
            return there.clone();
        }
        let new = Arc::new(ModuleTraffic {
            module: module.to_owned(),
            methods: std::array::from_fn(|_| OnceLock::new()),
        });
        let mut grown = Vec::clone(&modules);
        grown.push(new.clone());
        self.modules.store(Arc::new(grown));
        new
    }
}

impl ModuleTraffic {
    fn count(&self, done: &Done<'_>) {
        let Some(of_method) = self.methods.get(known_methods::place(done.method)) else {
            return;
        };
        let of_method = of_method.get_or_init(Box::default);
        if let Some(count) = of_method.statuses.get(place(done.status)) {
            count.fetch_add(1, Relaxed);
        }
        of_method.duration.add(done.duration);
        // Most requests have no body, and an addition costs even if it adds nothing.
        if done.bytes_in > 0 {
            of_method.bytes_in.fetch_add(done.bytes_in, Relaxed);
        }
        if done.bytes_out > 0 {
            of_method.bytes_out.fetch_add(done.bytes_out, Relaxed);
        }
    }

    /// The methods that were used.
    pub fn methods(&self) -> impl Iterator<Item = (&'static str, &MethodTraffic)> {
        self.methods
            .iter()
            .enumerate()
            .filter_map(|(place, one)| Some((known_methods::label(place), &**one.get()?)))
    }
}

impl Default for MethodTraffic {
    fn default() -> Self {
        Self {
            statuses: [const { AtomicU64::new(0) }; COUNTED],
            duration: Histogram::default(),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
        }
    }
}

impl MethodTraffic {
    /// The statuses that were answered, and how often.
    pub fn statuses(&self) -> impl Iterator<Item = (String, u64)> {
        let singly = STATUSES.iter().map(ToString::to_string);
        let labels = singly.chain(CLASSES.iter().map(|class| (*class).to_owned()));
        labels
            .zip(&self.statuses)
            .map(|(label, count)| (label, count.load(Relaxed)))
            .filter(|(_, count)| *count > 0)
    }
}

/// Where a status is counted.
fn place(status: StatusCode) -> usize {
    let number = status.as_u16();
    STATUSES.binary_search(&number).unwrap_or_else(|_| {
        let class = usize::from(number / 100).clamp(1, CLASSES.len());
        STATUSES.len() + class - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(method: &Method, status: u16) -> Done<'_> {
        Done {
            method,
            status: StatusCode::from_u16(status).unwrap(),
            duration: Duration::from_millis(1),
            bytes_in: 2,
            bytes_out: 3,
        }
    }

    #[test]
    fn requests_are_counted_by_module_method_and_status() {
        let traffic = Traffic::default();
        let brew = Method::from_bytes(b"BREW").unwrap();
        traffic.count(Some("m"), &done(&Method::GET, 200));
        traffic.count(Some("m"), &done(&Method::GET, 200));
        traffic.count(Some("m"), &done(&Method::GET, 299));
        traffic.count(Some("m"), &done(&brew, 999));
        traffic.count(None, &done(&brew, 501));
        let modules = traffic.modules();
        let names: Vec<&str> = modules.iter().map(|one| one.module.as_str()).collect();
        assert_eq!(names, ["m", "-"]);
        let mut all = Vec::new();
        for (method, of_method) in modules[0].methods() {
            for (status, count) in of_method.statuses() {
                all.push(format!("{method} {status} {count}"));
            }
        }
        all.sort();
        assert_eq!(all, ["GET 200 2", "GET 2xx 1", "other 5xx 1"]);
        let (_, get) = modules[0]
            .methods()
            .find(|(name, _)| *name == "GET")
            .unwrap();
        assert_eq!(get.bytes_in.load(Relaxed), 6);
        assert_eq!(get.bytes_out.load(Relaxed), 9);
    }

    #[test]
    fn statuses_are_sorted() {
        assert!(STATUSES.is_sorted());
    }
}
