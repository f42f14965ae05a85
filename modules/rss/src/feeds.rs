//! Which feeds there are.

use crate::options::Options;
use crate::problem::Problem;
use module::{Identity, Mailbox, MailboxScope, Rights, Status};

/// The type of mailboxes that hold mail.
const EMAIL: &str = "email";

/// Most mailboxes that are looked at.
const MAILBOXES_MAX: u32 = 2000;

/// Opens the mailbox of a feed.
pub(crate) fn open(path: &[String], options: &Options) -> Result<Mailbox, Problem> {
    let mailbox = Mailbox::open(path)?;
    match is_feed(&mailbox.status()?, options) {
        true => Ok(mailbox),
        false => Err(Problem::NotFound),
    }
}

/// All feeds for who asks, ordered by path: the own ones first.
pub(crate) fn list(options: &Options) -> Result<Vec<Status>, Problem> {
    let principal = Identity::current().principal.unwrap_or_default();
    let root = ["user".to_owned(), principal.clone()];
    // What somebody has not got is no feed: a new user has no mailboxes at all. Cyrus's inbox is what
    // all others lie in.
    let root_status = Mailbox::open(&root).and_then(|mailbox| mailbox.status());
    let mut feeds: Vec<Status> = root_status.into_iter().collect();
    for scope in [MailboxScope::Tree(root.to_vec()), MailboxScope::Shared] {
        match Mailbox::list_all(&scope, Some(EMAIL), None, MAILBOXES_MAX) {
            Ok(found) => feeds.extend(found),
            Err(module::Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    feeds.retain(|status| is_feed(status, options));
    let is_others = |status: &Status| status.owner.as_ref() != Some(&principal);
    feeds.sort_by(|a, b| (is_others(a), &a.path).cmp(&(is_others(b), &b.path)));
    feeds.dedup_by(|a, b| a.path == b.path);
    Ok(feeds)
}

fn is_feed(status: &Status, options: &Options) -> bool {
    let is_readable = status.rights.contains(Rights::READ);
    status.type_ == EMAIL && is_readable && options.feeds.matches(&internal_name(&status.path))
}

/// The name of a mailbox as Cyrus has it inside: dots between parts, and `^` for those in them.
fn internal_name(path: &[String]) -> String {
    let parts: Vec<String> = path.iter().map(|part| part.replace('.', "^")).collect();
    parts.join(".")
}

/// What a feed is called: the path below its owner.
pub(crate) fn title(status: &Status) -> String {
    match status.path.as_slice() {
        [user, owner] if user == "user" => owner.clone(),
        [user, owner, rest @ ..] if user == "user" => {
            format!("{} ({owner})", rest.join(" / "))
        }
        path => path.join(" / "),
    }
}
