//! The functions and resources of the contract under the names that generated code gives them, so
//! that the rest of the crate is written once for both.

pub(crate) mod exchange {
    use crate::{Error, Header, Result};
    use std::cell::RefCell;
    use std::rc::Rc;

    const READ_ALL_MAX: u32 = 8 << 20;

    #[derive(Debug)]
    pub(crate) struct Body {
        left: RefCell<Vec<u8>>,
        length: u64,
    }

    impl Body {
        pub(crate) fn new(bytes: Vec<u8>) -> Self {
            Self {
                length: bytes.len() as u64,
                left: RefCell::new(bytes),
            }
        }

        pub(crate) fn length(&self) -> Option<u64> {
            Some(self.length)
        }

        pub(crate) fn read(&self, len: u32) -> Result<Vec<u8>> {
            let mut left = self.left.borrow_mut();
            let len = left.len().min(len as usize);
            Ok(left.drain(..len).collect())
        }

        pub(crate) fn read_all(&self, size_max: u32) -> Result<Vec<u8>> {
            let size_max = size_max.min(READ_ALL_MAX);
            if self.left.borrow().len() > size_max as usize {
                return Err(Error::TooLarge(u64::from(size_max)));
            }
            Ok(self.take())
        }

        pub(crate) fn take(&self) -> Vec<u8> {
            std::mem::take(&mut *self.left.borrow_mut())
        }
    }

    #[derive(Debug)]
    pub(crate) struct Writer {
        status: u16,
        headers: Vec<Header>,
        body: Rc<RefCell<Vec<u8>>>,
    }

    impl Writer {
        pub(crate) fn write(&self, bytes: &[u8]) -> Result<()> {
            self.body.borrow_mut().extend_from_slice(bytes);
            Ok(())
        }

        pub(crate) fn finish(self) -> (u16, Vec<Header>, Vec<u8>) {
            (self.status, self.headers, self.body.take())
        }
    }

    pub(crate) fn begin(status: u16, headers: &[Header]) -> Result<Writer> {
        if !(200..600).contains(&status) {
            return Err(Error::Invalid(
                "the status is not one of an answer".to_owned(),
            ));
        }
        Ok(Writer {
            status,
            headers: headers.to_vec(),
            body: Rc::default(),
        })
    }
}

pub(crate) mod identity {
    use crate::Identity;
    use crate::native::state::with_state;

    pub(crate) fn current() -> Identity {
        with_state(|state| state.identity.clone())
    }
}

pub(crate) mod directory {
    use crate::native::state::{State, with_state};
    use crate::{Error, Kind, Principal, Result, Scope};

    /// Anonymous sees nothing in the directory.
    fn read<T>(run: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        with_state(|state| match state.identity.principal {
            Some(_) => run(state),
            None => Err(Error::NotFound),
        })
    }

    pub(crate) fn find(id: &str) -> Result<Principal> {
        read(|state| state.principals.get(id).cloned().ok_or(Error::NotFound))
    }

    pub(crate) fn find_by_address(address: &str) -> Result<Principal> {
        read(|state| {
            let has = |known: &String| known.eq_ignore_ascii_case(address);
            let mut principals = state.principals.values();
            let found = principals.find(|principal| principal.addresses.iter().any(has));
            found.cloned().ok_or(Error::NotFound)
        })
    }

    pub(crate) fn search(
        text: &str,
        kind: Option<Kind>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Principal>> {
        if limit > 1000 {
            return Err(Error::TooMany(1000));
        }
        let text = text.to_lowercase();
        let matches = |principal: &&Principal| {
            let named = [&principal.id, &principal.display_name];
            let mut texts = named.into_iter().chain(&principal.addresses);
            kind.is_none_or(|kind| kind == principal.kind)
                && after.is_none_or(|after| principal.id.as_str() > after)
                && texts.any(|known| known.to_lowercase().contains(&text))
        };
        let found = read(|state| {
            let found = state.principals.values().filter(matches);
            Ok(found.take(limit as usize).cloned().collect())
        });
        // To anonymous the directory is empty rather than missing.
        found.or(Ok(Vec::new()))
    }

    pub(crate) fn members(group: &str) -> Result<Vec<String>> {
        find(group)?;
        read(|state| Ok(state.members.get(group).cloned().unwrap_or_default()))
    }

    pub(crate) fn groups(id: &str) -> Result<Vec<String>> {
        find(id)?;
        read(|state| Ok(state.groups_of(id)))
    }

    pub(crate) fn set_display_name(display_name: &str) -> Result<()> {
        if display_name.len() > 255 || display_name.chars().any(char::is_control) {
            return Err(Error::Invalid(
                "a display name has at most 255 bytes".to_owned(),
            ));
        }
        with_state(|state| {
            let me = state.identity.principal.clone();
            let read_only = state.identity.scope.contains(Scope::READ_ONLY);
            let principal = me.and_then(|me| state.principals.get_mut(&me));
            match principal {
                Some(principal) if !read_only => {
                    display_name.clone_into(&mut principal.display_name);
                    Ok(())
                }
                _ => Err(Error::Forbidden(crate::Rights::empty())),
            }
        })
    }
}

pub(crate) mod blob {
    use super::exchange::Body;
    use crate::native::state::{digest, with_state};
    use crate::{Digest, Error, Result, Rights};
    use std::rc::Rc;

    #[derive(Debug)]
    pub(crate) struct Blob {
        bytes: Rc<[u8]>,
        digest: Digest,
    }

    impl Blob {
        pub(crate) fn new(bytes: Rc<[u8]>, digest: Digest) -> Self {
            Self { bytes, digest }
        }

        pub(crate) fn bytes(&self) -> &Rc<[u8]> {
            &self.bytes
        }

        pub(crate) fn size(&self) -> u64 {
            self.bytes.len() as u64
        }

        pub(crate) fn digest(&self) -> Digest {
            self.digest
        }

        pub(crate) fn read(&self, offset: u64, len: u32) -> Result<Vec<u8>> {
            const LEN_MAX: u32 = 8 << 20;
            if len > LEN_MAX {
                return Err(Error::TooLarge(u64::from(LEN_MAX)));
            }
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            let end = offset.saturating_add(len as usize).min(self.bytes.len());
            Ok(self.bytes.get(offset..end).unwrap_or_default().to_vec())
        }

        pub(crate) fn keep(&self) -> Result<()> {
            with_state(|state| {
                let key = (state.identity.principal.clone(), self.digest);
                state.blobs.insert(key, self.bytes.clone());
            });
            Ok(())
        }
    }

    pub(crate) fn ingest(body: Body, size_max: Option<u64>) -> Result<Blob> {
        let bytes = body.take();
        match size_max {
            Some(size_max) if bytes.len() as u64 > size_max => Err(Error::TooLarge(size_max)),
            _ => create(&bytes),
        }
    }

    pub(crate) fn create(bytes: &[u8]) -> Result<Blob> {
        Ok(Blob {
            digest: digest(bytes),
            bytes: bytes.into(),
        })
    }

    pub(crate) fn open(digest: Digest) -> Result<Blob> {
        with_state(|state| {
            let kept = state.blobs.get(&(state.identity.principal.clone(), digest));
            let readable = || {
                let mailboxes = state.mailboxes.values();
                mailboxes
                    .filter(|mailbox| state.rights(mailbox).contains(Rights::READ))
                    .flat_map(|mailbox| mailbox.messages.values())
                    .find(|message| message.digest == digest)
                    .map(|message| &message.body)
            };
            let bytes = kept.or_else(readable).ok_or(Error::NotFound)?;
            Ok(Blob {
                bytes: bytes.clone(),
                digest,
            })
        })
    }
}

pub(crate) mod mailbox {
    pub(crate) use crate::native::read::{Mailbox, list, open};
}

pub(crate) mod batch {
    pub(crate) use crate::native::change::{Batch, Content, Put};
}

pub(crate) mod index {
    pub(crate) use crate::native::search::{Scope, extend_keys, search};
}

pub(crate) mod annotation {
    pub(crate) use crate::native::read::{of_mailbox, of_messages};
}

pub(crate) mod rights {
    use super::mailbox::Mailbox;
    use crate::native::state::with_state;
    use crate::{Grant, Result, Rights};

    pub(crate) fn grants(mailbox: &Mailbox) -> Result<Vec<Grant>> {
        with_state(|state| {
            state.check(mailbox.row, Rights::ADMINISTER)?;
            Ok(state.mailbox(mailbox.row)?.grants.clone())
        })
    }
}

pub(crate) mod lock {
    pub(crate) use crate::native::locks::list;
}

pub(crate) mod quota {
    use super::mailbox::Mailbox;
    use crate::native::state::{owner_of, with_state};
    use crate::{Result, Usage};

    pub(crate) fn of(mailbox: &Mailbox) -> Result<Usage> {
        with_state(|state| {
            let owner = owner_of(&state.mailbox(mailbox.row)?.path);
            let (bytes, messages) = state.used(owner.as_ref());
            let limits = owner.and_then(|owner| state.quotas.get(&owner).copied());
            let (bytes_limit, messages_limit) = limits.unwrap_or_default();
            Ok(Usage {
                bytes,
                bytes_limit,
                messages,
                messages_limit,
            })
        })
    }
}

pub(crate) mod delivery {
    pub(crate) use crate::native::question::ask;
    use crate::{Report, Result};

    pub(crate) fn results(_wait_ms: u32) -> Result<Vec<Report>> {
        Ok(Vec::new())
    }
}

pub(crate) mod submission {
    use super::blob::Blob;
    use crate::native::state::with_state;
    use crate::{Envelope, Result};

    pub(crate) fn submit(envelope: &Envelope, message: &Blob) -> Result<String> {
        with_state(|state| {
            state
                .submissions
                .push((envelope.clone(), message.bytes().to_vec()));
            Ok(format!("{}", state.submissions.len()))
        })
    }

    pub(crate) fn cancel(_name: &str) -> Result<bool> {
        Ok(false)
    }
}

pub(crate) mod timer {
    use crate::native::state::with_state;
    use crate::{Error, Result, Timer};

    pub(crate) fn list(limit: u32) -> Result<Vec<Timer>> {
        if limit > 1000 {
            return Err(Error::TooMany(1000));
        }
        with_state(|state| {
            let me = state.identity.principal.clone().unwrap_or_default();
            let mine = state
                .timers
                .iter()
                .filter(|((principal, _), _)| *principal == me);
            let mut timers: Vec<Timer> = mine.map(|(_, timer)| timer.clone()).collect();
            timers.sort_by_key(|timer| timer.due);
            timers.truncate(limit as usize);
            Ok(timers)
        })
    }
}

pub(crate) mod endpoint {
    pub(crate) use crate::native::endpoints::{create, list, remove, server_key, update};
}

pub(crate) mod config {
    use crate::native::state::with_state;

    pub(crate) fn get(name: &str) -> Option<String> {
        with_state(|state| state.options.get(name).cloned())
    }
}

pub(crate) mod memory {
    use crate::native::state::with_state;

    pub(crate) fn recall(name: &str) -> Option<Vec<u8>> {
        with_state(|state| {
            let key = (state.identity.principal.clone(), name.to_owned());
            state.memories.get(&key).cloned()
        })
    }

    pub(crate) fn remember(name: &str, bytes: &[u8]) {
        with_state(|state| {
            let key = (state.identity.principal.clone(), name.to_owned());
            match bytes {
                [] => state.memories.remove(&key),
                bytes => state.memories.insert(key, bytes.to_vec()),
            };
        });
    }
}

pub(crate) mod modules {
    use crate::Descriptor;
    use crate::native::state::with_state;

    pub(crate) fn list() -> Vec<Descriptor> {
        with_state(|state| state.modules.clone())
    }
}
