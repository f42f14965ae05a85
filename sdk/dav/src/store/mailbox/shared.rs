//! Collections of others in one's own home: those that the principal has subscribed to appear there
//! as `<owner>.<name>`, so that clients that look into their home alone find them.
//!
//! Names of one's own may have dots, too, as may those of owners: vdirsyncer makes collections under
//! the names that they have elsewhere, such as addresses. Of all that would have one name, what is
//! one's own has it, then what comes first in the order of its path; what is left over is found where
//! its owner has it, and nothing new can be subscribed to under a name that is taken.

use module::{Mailbox, MailboxScope, Status};

use super::MailboxStore;
use super::convert::store_error;
use super::tree::HOME_LEN;
use crate::Path;
use crate::store::StoreError;

/// The name in other homes of what an owner calls this.
pub(super) fn name_in_home(owner: &str, name: &str) -> String {
    format!("{owner}.{name}")
}

/// A collection of somebody else's, as it appears in the own home.
#[derive(Debug)]
pub(super) struct Shared {
    /// Its name there.
    pub(super) name: String,
    /// Where it really is.
    pub(super) status: Status,
}

impl MailboxStore {
    /// What is shared in the own home.
    pub(super) fn shared(&self) -> Result<&[Shared], StoreError> {
        if let Some(shared) = self.shared.get() {
            return Ok(shared);
        }
        let mut found: Vec<Shared> = Vec::new();
        if self.layout.shared_in_home && self.identity.principal.is_some() {
            self.each_status(&MailboxScope::Subscribed, |status| {
                if let Some(name) = self.shared_name(&status.path)
                    && found.iter().all(|shared| shared.name != name)
                {
                    found.push(Shared {
                        name,
                        status: status.clone(),
                    });
                }
            })?;
            found.retain(|shared| !self.has_own(&shared.name));
        }
        Ok(self.shared.get_or_init(|| found))
    }

    /// Whether a collection of one's own in one's home has this name.
    fn has_own(&self, name: &str) -> bool {
        let Some(me) = &self.identity.principal else {
            return false;
        };
        let mailbox = ["user", me, self.layout.home, name].map(str::to_owned);
        Mailbox::open(&mailbox).is_ok()
    }

    /// The names and states of what is shared in a mailbox, if that is the own home.
    pub(super) fn elsewhere(&self, status: &Status) -> Result<Vec<(String, u64)>, StoreError> {
        let is_own = status.owner == self.identity.principal;
        if !is_own || status.type_ != self.layout.home_kind {
            return Ok(Vec::new());
        }
        let shared = self.shared()?.iter();
        let mut elsewhere: Vec<(String, u64)> = shared
            .map(|shared| (shared.name.clone(), self.state(&shared.status)))
            .collect();
        elsewhere.sort_unstable();
        Ok(elsewhere)
    }

    /// The name that the collection of this mailbox would have in the own home.
    fn shared_name(&self, mailbox: &[String]) -> Option<String> {
        let [_, owner, home, name] = mailbox else {
            return None;
        };
        let foreign = home == self.layout.home && Some(owner) != self.identity.principal.as_ref();
        foreign.then(|| name_in_home(owner, name))
    }

    /// The mailbox that a path in the own home leads to, if something shared is there.
    pub(super) fn shared_mailbox(&self, path: &Path) -> Option<Vec<String>> {
        let [_, owner, name, rest @ ..] = path.parts() else {
            return None;
        };
        // Most names have no dot, and cost no look.
        if !self.layout.shared_in_home
            || !name.contains('.')
            || Some(owner) != self.identity.principal.as_ref()
        {
            return None;
        }
        let shared = self.shared().ok()?;
        let found = shared.iter().find(|shared| shared.name == *name)?;
        let parts = found.status.path.iter().chain(rest).cloned();
        Some(parts.collect())
    }

    /// The path of a mailbox of somebody else's, for who asks about the own home.
    pub(super) fn shared_path(&self, mailbox: &[String]) -> Option<Path> {
        if !self.in_own_home {
            return None;
        }
        let (head, rest) = mailbox.split_at_checked(HOME_LEN + 1)?;
        self.shared_name(head)?;
        let mut shared = self.shared().ok()?.iter();
        let name = shared
            .find(|shared| shared.status.path == head)?
            .name
            .clone();
        let user = head.first()?.clone();
        let me = self.identity.principal.clone()?;
        Some(Path::new(
            [user, me, name].into_iter().chain(rest.iter().cloned()),
        ))
    }

    /// The mailbox that a path names, if that path is where it is shared: parting with it there ends
    /// the subscription.
    pub(super) fn shared_root(&self, path: &Path) -> Result<Option<Mailbox>, StoreError> {
        if path.parts().len() != HOME_LEN {
            return Ok(None);
        }
        match self.shared_mailbox(path) {
            Some(mailbox) => Mailbox::open(&mailbox).map(Some).map_err(store_error),
            None => Ok(None),
        }
    }
}
