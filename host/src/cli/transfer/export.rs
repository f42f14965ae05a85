//! `chapar export`: a user's mailboxes as files. What is not mail is written as the files that it is
//! made of: calendar objects, cards, files.

use super::{Format, maildir, mbox, newlines, shown};
use crate::cli::{CliError, name};
use crate::config::Config;
use crate::lmtp::{MAIL, inbox};
use crate::state;
use clap::Args;
use futures_util::StreamExt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path as FilePath, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};
use storage::{Actor, Error, Fields, ListScope, Message, Part, Status, Store};

const PAGE: u32 = 500;

#[derive(Debug, Args)]
pub struct Export {
    /// Whose mailboxes
    #[arg(long, value_name = "NAME")]
    user: String,
    /// How files of mail are made
    #[arg(long, value_enum, default_value = "maildir")]
    format: Format,
    /// A folder for them, which is made if it isn't there
    to: PathBuf,
}

impl Export {
    /// Whom it is about.
    pub fn user(&self) -> &str {
        &self.user
    }

    pub async fn run(self, config: &Config, tenant: &str) -> Result<ExitCode, CliError> {
        let store = state::open_store(config, tenant)?;
        let result = self.run_with(config, &*store).await;
        store.close().await;
        result
    }

    async fn run_with(self, config: &Config, store: &dyn Store) -> Result<ExitCode, CliError> {
        let user = name(config, &self.user)?;
        let actor = Actor {
            principal: Some(user.clone()),
            ..Actor::default()
        };
        let mut mailboxes = Vec::new();
        match store.open(&actor, &inbox(&user)).await {
            Ok(status) => mailboxes.push(status),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        let scope = ListScope::Tree(inbox(&user));
        loop {
            let after = mailboxes.last().map(|status: &Status| status.path.clone());
            let page = store.list_mailboxes(&actor, &scope, None, after.as_ref(), PAGE);
            let page = page.await?;
            if page.is_empty() {
                break;
            }
            mailboxes.extend(page);
        }
        let all: u64 = mailboxes.iter().map(|status| status.messages).sum();
        let bar = shown::bar("exporting", usize::try_from(all).unwrap_or(usize::MAX));
        let mut written = 0;
        for status in &mailboxes {
            let parts = status.path.0.get(2..).unwrap_or_default();
            let mailbox = Mailbox::new(&self.to, self.format, status, parts);
            let failed = |error: io::Error| {
                let place = mailbox.folder.display();
                CliError::Refused(format!("can't write to {place}: {error}"))
            };
            mailbox.prepare().map_err(failed)?;
            let mut after = 0;
            loop {
                let page = store.list(&actor, status.mailbox, after, PAGE, Fields::default());
                let uids: Vec<_> = page.await?.entries.iter().map(|entry| entry.uid).collect();
                let Some(last) = uids.last() else { break };
                after = *last;
                for message in store.get(&actor, status.mailbox, &uids).await? {
                    let part = mailbox.part();
                    let opened = store.open_message(&actor, status.mailbox, message.uid, part);
                    let blob = match opened.await {
                        Ok(blob) => blob,
                        // It was removed meanwhile.
                        Err(Error::NotFound) => continue,
                        Err(error) => return Err(error.into()),
                    };
                    let mut bytes = Vec::new();
                    let mut pieces = blob.source.stream(0, blob.size);
                    while let Some(piece) = pieces.next().await {
                        bytes.extend_from_slice(&piece?);
                    }
                    mailbox.write(&message, &bytes).map_err(failed)?;
                    written += 1;
                    bar.inc(1);
                }
            }
        }
        bar.finish_and_clear();
        println!(
            "{written} messages of {} mailboxes exported",
            mailboxes.len()
        );
        Ok(ExitCode::SUCCESS)
    }
}

/// Where the messages of a mailbox go.
struct Mailbox {
    folder: PathBuf,
    /// None for what is not mail.
    format: Option<Format>,
}

impl Mailbox {
    fn new(to: &FilePath, format: Format, status: &Status, parts: &[String]) -> Self {
        let is_mail = status.mailbox_type == MAIL;
        let safe: Vec<String> = parts.iter().map(|part| file_name(part)).collect();
        let folder = match (is_mail, format) {
            (true, Format::Maildir) if !safe.is_empty() => {
                let safe: Vec<String> = safe.iter().map(|part| part.replace('.', "_")).collect();
                to.join(format!(".{}", safe.join(".")))
            }
            (true, Format::Mbox) if safe.is_empty() => to.join("INBOX"),
            _ => safe.iter().fold(to.to_owned(), |to, part| to.join(part)),
        };
        Self {
            folder,
            format: is_mail.then_some(format),
        }
    }

    /// What of a message is written.
    fn part(&self) -> Part {
        match self.format {
            Some(_) => Part::Whole,
            None => Part::Body,
        }
    }

    fn prepare(&self) -> io::Result<()> {
        match self.format {
            Some(Format::Maildir) => ["cur", "new", "tmp"]
                .iter()
                .try_for_each(|part| fs::create_dir_all(self.folder.join(part))),
            Some(Format::Mbox) => {
                fs::create_dir_all(&self.folder)?;
                // What was there is written anew.
                File::create(self.folder.join("mbox")).map(|_| ())
            }
            _ => fs::create_dir_all(&self.folder),
        }
    }

    fn write(&self, message: &Message, bytes: &[u8]) -> io::Result<()> {
        let (uid, millis) = (message.uid, u64::try_from(message.created).unwrap_or(0));
        let time = UNIX_EPOCH + Duration::from_millis(millis);
        let (path, bytes) = match self.format {
            Some(Format::Maildir) => {
                let info = maildir::info(&message.flags);
                let name = format!("{}.{uid}.chapar{info}", millis / 1000);
                (self.folder.join("cur").join(name), newlines::to_file(bytes))
            }
            Some(Format::Mbox) => {
                let date = httpdate::fmt_http_date(time);
                let bytes = mbox::write(&newlines::to_file(bytes), &date);
                let file = OpenOptions::new()
                    .append(true)
                    .open(self.folder.join("mbox"));
                return file?.write_all(&bytes);
            }
            Some(Format::Eml) => (self.folder.join(format!("{uid}.eml")), bytes.to_vec()),
            Some(Format::Cyrus) => (self.folder.join(format!("{uid}.")), bytes.to_vec()),
            None => {
                let name = message.name.as_deref().map(file_name);
                let name = name.unwrap_or_else(|| uid.to_string());
                (self.folder.join(name), bytes.to_vec())
            }
        };
        let mut file = File::create(path)?;
        file.write_all(&bytes)?;
        file.set_modified(time)
    }
}

/// A name that can be one of a file, and leads nowhere else.
fn file_name(name: &str) -> String {
    let plain = |c: char| match c {
        '/' | '\0' => '_',
        c if c.is_control() => '_',
        c => c,
    };
    let mut name: String = name.chars().map(plain).collect();
    if name.starts_with('.') {
        name.insert(0, '_');
    }
    // As much as file systems take.
    let end = (0..=name.len().min(200))
        .rev()
        .find(|&end| name.is_char_boundary(end));
    name.truncate(end.unwrap_or(0));
    name
}
