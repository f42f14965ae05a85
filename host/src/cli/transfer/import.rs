//! `chapar import`. A message that is there already, byte for byte, is not put again: what was broken
//! off is run again, and goes on where it was.

use super::source::{self, Found};
use super::{Format, shown, through};
use crate::cli::{CliError, name};
use crate::config::Config;
use crate::lmtp::{MAIL, inbox, split_header};
use crate::state;
use bytes::Bytes;
use clap::Args;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use storage::{
    Actor, Batch, Change, Condition, Content, Digest, Error, Fields, MailboxId, Part, Path, Put,
    Store, Uid,
};

/// What is committed together.
const BATCH_MESSAGES: usize = 64;
const BATCH_BYTES: usize = 4 << 20;
const PAGE: u32 = 2000;

#[derive(Debug, Args)]
pub struct Import {
    /// Whose mail it becomes
    #[arg(long, value_name = "NAME")]
    user: String,
    /// The folder of theirs that it comes to, `A/B` for one in another; their inbox without it
    #[arg(long, value_name = "FOLDER")]
    into: Option<String>,
    /// How the files are made; without it that is seen by what is there
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The files are no mail: each is put at this path of a module, like
    /// `/dav/calendars/user/NAME/Default`, as a client of the user would
    #[arg(long, value_name = "PATH", conflicts_with_all = ["into", "format"])]
    at: Option<String>,
    /// Files and folders
    #[arg(required = true)]
    from: Vec<PathBuf>,
}

/// What an import has come to.
#[derive(Default)]
pub struct Tally {
    /// Put.
    pub imported: u64,
    /// There already.
    pub there: u64,
    /// Not put; why is said.
    pub failed: u64,
}

impl Import {
    /// Whom it is about.
    pub fn user(&self) -> &str {
        &self.user
    }

    pub async fn run(self, config: &Config, tenant: &str) -> Result<ExitCode, CliError> {
        let store = state::open_store(config, tenant)?;
        let result = self.run_with(config, tenant, &store).await;
        store.close().await;
        result
    }

    async fn run_with(
        self,
        config: &Config,
        tenant: &str,
        store: &Arc<dyn Store>,
    ) -> Result<ExitCode, CliError> {
        let user = name(config, &self.user)?;
        store.principal(&user).await.map_err(|error| match error {
            Error::NotFound => CliError::Refused(format!("there is no user `{user}`")),
            error => error.into(),
        })?;
        let tally = match &self.at {
            Some(at) => through::put(config, tenant, store.clone(), &user, at, &self.from).await?,
            None => self.mail(&**store, &user).await?,
        };
        let Tally {
            imported,
            there,
            failed,
        } = tally;
        println!("{imported} messages imported, {there} were there already, {failed} failed");
        Ok(match failed {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }

    async fn mail(&self, store: &dyn Store, user: &str) -> Result<Tally, CliError> {
        let mut found = Vec::new();
        for path in &self.from {
            let here = source::find(path, self.format);
            found.extend(here.map_err(|error| {
                CliError::Refused(format!("can't read {}: {error}", path.display()))
            })?);
        }
        let bar = shown::bar("importing", found.len());
        let mut import = Importing {
            store,
            actor: Actor {
                principal: Some(user.to_owned()),
                ..Actor::default()
            },
            tally: Tally::default(),
            opened: None,
            waiting: Vec::new(),
            bytes: 0,
        };
        let mut root = inbox(user);
        let into = self.into.iter().flat_map(|into| into.split('/'));
        root.0
            .extend(into.filter(|part| !part.is_empty()).map(str::to_owned));
        for message in &found {
            import.take(&root, message).await?;
            bar.inc(1);
        }
        import.commit().await?;
        bar.finish_and_clear();
        Ok(import.tally)
    }
}

/// An import at work.
struct Importing<'a> {
    store: &'a dyn Store,
    actor: Actor,
    tally: Tally,
    opened: Option<Opened>,
    /// What is to be committed.
    waiting: Vec<Change>,
    bytes: usize,
}

/// The mailbox that messages are put into.
struct Opened {
    path: Path,
    mailbox: MailboxId,
    /// What is there: by the digest of the body, the size of the header section, and of the body.
    there: HashMap<(Digest, u32, u64), Vec<Known>>,
}

/// A message that has the same sizes and the same body as another.
enum Known {
    /// It was there.
    Stored(Uid),
    /// It was imported just now; its header section.
    New(Bytes),
}

impl Importing<'_> {
    async fn take(&mut self, root: &Path, message: &Found) -> Result<(), CliError> {
        let bytes = match message.read() {
            Ok(bytes) => bytes,
            Err(error) => {
                println!("{}: {error}", message.place());
                self.tally.failed += 1;
                return Ok(());
            }
        };
        let mut path = root.clone();
        path.0.extend(message.folder.iter().cloned());
        if self
            .opened
            .as_ref()
            .is_none_or(|opened| opened.path != path)
        {
            self.commit().await?;
            self.opened = Some(self.open(path).await?);
        }
        let (header, body) = split_header(bytes);
        let (header, body) = (Bytes::from(header), Bytes::from(body));
        if self.is_there(&header, &body).await? {
            self.tally.there += 1;
            return Ok(());
        }
        let Some(opened) = &self.opened else {
            return Ok(());
        };
        self.bytes += header.len() + body.len();
        self.waiting.push(Change::PutAsOf {
            mailbox: opened.mailbox,
            put: Put {
                name: None,
                condition: Condition::None,
                header,
                content: Content::Bytes(body),
                content_type: "message/rfc822".to_owned(),
                flags: message.flags.clone(),
                keys: Vec::new(),
                keys_version: 0,
            },
            created: message.received,
        });
        if self.waiting.len() >= BATCH_MESSAGES || self.bytes >= BATCH_BYTES {
            self.commit().await?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), CliError> {
        let changes = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        if changes.is_empty() {
            return Ok(());
        }
        let count = changes.len() as u64;
        let batch = Batch {
            tokens: Vec::new(),
            changes,
        };
        match self.store.commit(&self.actor, batch).await {
            Ok(_) => self.tally.imported += count,
            Err(failure) => {
                let imported = self.tally.imported;
                let why = failure.error;
                let text = format!(
                    "{imported} messages were imported, then the store said: {why}; run it again to go on"
                );
                return Err(CliError::Refused(text));
            }
        }
        Ok(())
    }

    /// Opens a mailbox, made with those above it if it isn't there.
    async fn open(&self, path: Path) -> Result<Opened, CliError> {
        for len in 2..=path.0.len() {
            let above = Path(path.0.get(..len).unwrap_or_default().to_vec());
            match self.store.open(&self.actor, &above).await {
                Ok(_) => continue,
                Err(Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
            let create = Change::CreateMailbox {
                path: above,
                mailbox_type: MAIL.to_owned(),
                grants: None,
            };
            let batch = Batch {
                tokens: Vec::new(),
                changes: vec![create],
            };
            let created = self.store.commit(&self.actor, batch).await;
            created.map_err(|failure| failure.error)?;
        }
        let status = self.store.open(&self.actor, &path).await?;
        let mut there: HashMap<_, Vec<Known>> = HashMap::new();
        let mut after = 0;
        loop {
            let (mailbox, fields) = (status.mailbox, Fields::default());
            let page = self.store.list(&self.actor, mailbox, after, PAGE, fields);
            let page = page.await?;
            let Some(last) = page.entries.last() else {
                break;
            };
            after = last.uid;
            for entry in &page.entries {
                let key = (entry.digest, entry.header_size, entry.size);
                there.entry(key).or_default().push(Known::Stored(entry.uid));
            }
        }
        Ok(Opened {
            path,
            mailbox: status.mailbox,
            there,
        })
    }

    /// Whether a message is in the mailbox, byte for byte; from now on it is.
    async fn is_there(&mut self, header: &Bytes, body: &Bytes) -> Result<bool, CliError> {
        let Some(opened) = &mut self.opened else {
            return Ok(false);
        };
        let header_size = u32::try_from(header.len()).unwrap_or(u32::MAX);
        let key = (Digest::of(body), header_size, body.len() as u64);
        let known = opened.there.entry(key).or_default();
        for one in known.iter() {
            let same = match one {
                Known::New(other) => other == header,
                Known::Stored(uid) => {
                    let uids = [*uid];
                    let read = self
                        .store
                        .read(&self.actor, opened.mailbox, &uids, Part::Header);
                    read.await?.first() == Some(header)
                }
            };
            if same {
                return Ok(true);
            }
        }
        known.push(Known::New(header.clone()));
        Ok(false)
    }
}
