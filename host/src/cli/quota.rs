//! `chapar quota`: what users use, what they may, and counting it anew. RFC 9208.

use super::{CliError, name};
use crate::config::{Config, options};
use crate::state;
use clap::Subcommand;
use storage::{Store, Usage};

#[derive(Debug, Subcommand)]
pub enum Quota {
    /// List what users use and may use: bytes, limit, messages, limit
    List {
        /// One user alone
        user: Option<String>,
    },
    /// Set a user's limits, instead of `autocreate_quota` and `autocreate_quota_messages`
    Set {
        /// The user's name
        user: String,
        /// Bytes, like `10G`; `none` for no limit. Without this option the limit stays as it is
        #[arg(long, value_name = "SIZE", value_parser = bytes)]
        bytes: Option<Limit>,
        /// Messages; `none` for no limit. Without this option the limit stays as it is
        #[arg(long, value_name = "NUMBER", value_parser = messages)]
        messages: Option<Limit>,
    },
    /// Count what users use anew
    Fix {
        /// One user alone
        user: Option<String>,
    },
}

/// A limit, or that there is none.
#[derive(Clone, Copy, Debug)]
pub struct Limit(Option<u64>);

impl Quota {
    /// Whom it is about.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::List { user } | Self::Fix { user } => user.as_deref(),
            Self::Set { user, .. } => Some(user),
        }
    }

    pub async fn run(self, config: &Config, tenant: &str) -> Result<(), CliError> {
        let store = state::open_store(config, tenant)?;
        let result = self.run_with(config, &*store).await;
        store.close().await;
        result
    }

    async fn run_with(self, config: &Config, store: &dyn Store) -> Result<(), CliError> {
        match self {
            Self::List { user } => {
                for (owner, usage) in owners(config, store, user).await? {
                    let limit = |limit: Option<u64>| {
                        limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string())
                    };
                    println!(
                        "{owner}\t{}\t{}\t{}\t{}",
                        usage.bytes,
                        limit(usage.bytes_limit),
                        usage.messages,
                        limit(usage.messages_limit)
                    );
                }
            }
            Self::Set {
                user,
                bytes,
                messages,
            } => {
                let id = name(config, &user)?;
                store.principal(&id).await?;
                let now = usage(store, &id).await?.unwrap_or(Usage {
                    bytes_limit: config.quota_bytes,
                    messages_limit: config.quota_messages,
                    ..Usage::default()
                });
                let bytes = bytes.map_or(now.bytes_limit, |limit| limit.0);
                let messages = messages.map_or(now.messages_limit, |limit| limit.0);
                store.set_quota(&id, bytes, messages).await?;
                println!("set the limits of {id}");
            }
            Self::Fix { user } => {
                for (owner, _) in owners(config, store, user).await? {
                    let (before, after) = store.recount(&owner).await?;
                    if before != after {
                        println!(
                            "{owner}: {} bytes in {} messages, was {} in {}",
                            after.bytes, after.messages, before.bytes, before.messages
                        );
                    }
                }
            }
        }
        Ok(())
    }
}

/// One owner, or all of them.
async fn owners(
    config: &Config,
    store: &dyn Store,
    user: Option<String>,
) -> Result<Vec<(String, Usage)>, CliError> {
    if let Some(user) = user {
        let id = name(config, &user)?;
        let Some(usage) = usage(store, &id).await? else {
            let text = format!("`{id}` has nothing here: `chapar quota list` shows who has");
            return Err(CliError::Refused(text));
        };
        return Ok(vec![(id, usage)]);
    }
    let mut all: Vec<(String, Usage)> = Vec::new();
    loop {
        let after = all.last().map(|(owner, _)| owner.as_str());
        let page = store.usages(after, 500).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// What one owner uses; none if there is nothing to remember of it.
async fn usage(store: &dyn Store, id: &str) -> Result<Option<Usage>, CliError> {
    let mut after: Option<String> = None;
    loop {
        let page = store.usages(after.as_deref(), 500).await?;
        if let Some((_, usage)) = page.iter().find(|(owner, _)| owner == id) {
            return Ok(Some(*usage));
        }
        match page.last() {
            Some((last, _)) if last.as_str() < id => after = Some(last.clone()),
            _ => return Ok(None),
        }
    }
}

fn bytes(text: &str) -> Result<Limit, String> {
    limit(text, |text| options::parse_bytes(text, 'B')).ok_or_else(|| {
        format!(
            "expected {}, or `none`",
            options::Kind::Bytes('B').expected()
        )
    })
}

fn messages(text: &str) -> Result<Limit, String> {
    limit(text, |text| text.parse().ok())
        .ok_or_else(|| "expected a whole number, or `none`".to_owned())
}

fn limit(text: &str, parse: impl Fn(&str) -> Option<i64>) -> Option<Limit> {
    match text {
        "none" => Some(Limit(None)),
        text => u64::try_from(parse(text)?)
            .ok()
            .map(|limit| Limit(Some(limit))),
    }
}
