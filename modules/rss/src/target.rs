//! What an URL below `/rss` is about.

use crate::MOUNT;
use crate::problem::Problem;
use module::query::{Parameters, percent_decode, percent_encode};
use module::{Request, Uid};

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The page of all feeds.
    List,
    /// The feed of a mailbox: of messages before a uid, if one is given.
    Feed {
        path: Vec<String>,
        before: Option<Uid>,
    },
    /// A message as a page.
    Message { path: Vec<String>, uid: Uid },
    /// A part of a message, or all of it.
    Part {
        path: Vec<String>,
        uid: Uid,
        section: String,
    },
}

impl Target {
    pub(crate) fn of(request: &Request) -> Result<Self, Problem> {
        let parameters = Parameters::of(request).map_err(|_| Problem::Parameters)?;
        let one = |name| parameters.one(name).map_err(|_| Problem::Parameters);
        let rest = request.path.strip_prefix(MOUNT).unwrap_or_default();
        let parts = rest.split('/').filter(|part| !part.is_empty());
        let path: Option<Vec<String>> = parts.map(percent_decode).collect();
        let mut path = path.ok_or(Problem::NotFound)?;
        let Some(last) = path.last() else {
            return Ok(Self::List);
        };
        // Cyrus's way to tell messages from mailboxes: their dot, which no name of a mailbox ends in.
        let uid = last.strip_suffix('.').and_then(|uid| uid.parse().ok());
        if let Some(uid) = uid {
            path.pop();
            return Ok(match one("section")? {
                Some(section) => Self::Part {
                    path,
                    uid,
                    section: section.to_owned(),
                },
                None => Self::Message { path, uid },
            });
        }
        let before = one("before")?.map(str::parse).transpose();
        let before = before.map_err(|_| Problem::Parameters)?;
        Ok(Self::Feed { path, before })
    }
}

/// The path of a mailbox's feed.
pub(crate) fn feed_path(path: &[String]) -> String {
    let mut url = MOUNT.to_owned();
    for part in path {
        url.push('/');
        percent_encode(&mut url, part);
    }
    url
}

/// The path of a message.
pub(crate) fn message_path(path: &[String], uid: Uid) -> String {
    format!("{}/{uid}.", feed_path(path))
}
