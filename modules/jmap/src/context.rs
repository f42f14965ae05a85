//! What one request knows: who asks, the limits, the accounts it has looked at, the ids that it has
//! created.

use crate::account::Account;
use crate::blob::BlobId;
use crate::call::{Arguments, Result, required};
use crate::error::MethodError;
use crate::json::Object;
use crate::limits::Limits;
use mail::Surroundings;
use module::{Identity, Instant, Scope};
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A request that is being answered.
pub struct Context {
    /// Who asks.
    pub identity: Identity,
    /// What may be asked for.
    pub limits: Limits,
    /// When the request came.
    pub now: Instant,
    /// The capabilities that the client names. RFC 8620 §3.3.
    pub using: Vec<String>,
    /// Creation ids and the ids of what was created. RFC 8620 §3.3.
    pub created_ids: BTreeMap<String, String>,
    /// Calls that a method makes on its own, after its answer: `Email/copy` destroys originals.
    pub implicit: Vec<(&'static str, Object)>,
    accounts: BTreeMap<String, Rc<Account>>,
}

/// What time it is, where no request says it.
pub fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let milliseconds = since.map_or(0, |since| since.as_millis());
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

impl Context {
    /// Begins.
    pub fn new(now: Instant, limits: Limits) -> Self {
        Self {
            identity: Identity::current(),
            limits,
            now,
            using: Vec::new(),
            created_ids: BTreeMap::new(),
            implicit: Vec::new(),
            accounts: BTreeMap::new(),
        }
    }

    /// Whether the sign-in keeps everything as it is.
    pub fn is_read_only(&self) -> bool {
        self.identity.scope.contains(Scope::READ_ONLY)
    }

    /// Whether the client names a capability.
    pub fn uses(&self, capability: &str) -> bool {
        self.using.iter().any(|named| named == capability)
    }

    /// The account that `accountId` names.
    pub fn account(&mut self, arguments: &mut Arguments) -> Result<Rc<Account>> {
        let id = required("accountId", arguments.id("accountId")?)?;
        self.account_of(&id)
    }

    /// The account that `accountId` names, to be written to.
    pub fn writable_account(&mut self, arguments: &mut Arguments) -> Result<Rc<Account>> {
        let account = self.account(arguments)?;
        match account.is_read_only || self.is_read_only() {
            false => Ok(account),
            true => Err(MethodError::new("accountReadOnly")),
        }
    }

    /// The account that `fromAccountId` names, whose objects are to be copied to another one.
    ///
    /// Fails with `fromAccountNotFound` if there is no such account.
    pub fn source_account(&mut self, arguments: &mut Arguments) -> Result<Rc<Account>> {
        let id = required("fromAccountId", arguments.id("fromAccountId")?)?;
        self.account_of(&id).map_err(|error| MethodError {
            kind: match error.kind {
                "accountNotFound" => "fromAccountNotFound",
                kind => kind,
            },
            ..error
        })
    }

    /// The account of this id, as it was when the request first looked at it, or last changed it.
    pub fn account_of(&mut self, id: &str) -> Result<Rc<Account>> {
        if let Some(account) = self.accounts.get(id) {
            return Ok(Rc::clone(account));
        }
        let account = Account::load(&self.identity, id)?;
        let account = account.ok_or_else(|| MethodError::new("accountNotFound"))?;
        let account = Rc::new(account);
        self.accounts.insert(id.to_owned(), Rc::clone(&account));
        Ok(account)
    }

    /// Forgets what is known of an account, because it was written to.
    pub fn forget(&mut self, account: &str) {
        self.accounts.remove(account);
    }

    /// Forgets what is known of the account that an argument names.
    pub fn look_anew(&mut self, arguments: &Arguments, name: &str) {
        if let Some(id) = arguments.peek(name).and_then(Value::as_str) {
            self.accounts.remove(id);
        }
    }

    /// The id that is meant: of what was created, if it begins with `#`.
    pub fn real_id<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        match id.strip_prefix('#') {
            None => Some(id),
            Some(creation) => self.created_ids.get(creation).map(String::as_str),
        }
    }

    /// The blob that is meant; none if no blob has this id.
    pub fn blob_id(&self, id: &str) -> Option<BlobId> {
        self.real_id(id).and_then(BlobId::parse)
    }

    /// What a message needs that is made now, besides what the client says; `unique` is in no other
    /// one.
    pub fn surroundings<'a>(&'a self, unique: &'a str) -> Surroundings<'a> {
        let size_max = self.limits.max_size_attachments_per_email;
        Surroundings {
            now: self.now.div_euclid(1000),
            unique,
            domain: &self.identity.tenant,
            size_max: usize::try_from(size_max).unwrap_or(usize::MAX),
        }
    }
}
