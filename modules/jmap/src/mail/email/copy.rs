//! `Email/copy`. RFC 8621 §4.7.

use super::put::New;
use super::{Emails, wish};
use crate::account::Account;
use crate::blob::{self, BlobId, Whole};
use crate::context::Context;
use crate::error::{SetError, SetResult, check_properties};
use crate::id::EmailId;
use crate::json::Object;
use crate::mail::world::{World, keywords};
use crate::standard::{Copy, Done};
use module::Batch;
use std::rc::Rc;

impl Copy for Emails {
    const SET: &'static str = "Email/set";

    fn copy(
        context: &mut Context,
        [from, to]: [&Rc<Account>; 2],
        id: &str,
        with: Object,
        batch: Batch,
    ) -> SetResult<Done> {
        let known = ["mailboxIds", "keywords", "receivedAt"];
        check_properties(&with, |name, _| known.contains(&name), "these can't be set")?;
        let id = EmailId::parse(id).ok_or_else(|| SetError::new("notFound"))?;
        let source = World::load(from)?;
        let places = source.places(id);
        let Some(first) = places.first() else {
            return Err(SetError::new("notFound"));
        };
        let target = World::outline(to);
        let message = blob::bytes(from, &BlobId::whole(Whole::Email(id)))?;
        let new = New {
            message: &message,
            shelves: wish::mailboxes(context, &target, with.get("mailboxIds"))?,
            keywords: match with.get("keywords") {
                None => keywords(&places).names().to_vec(),
                given => wish::keywords(given)?,
            },
            received: wish::received(with.get("receivedAt"))?.unwrap_or(first.row.received),
        };
        let done = new.stage(to, &batch)?;
        batch.commit().map_err(|failure| failure.error)?;
        Ok(done)
    }
}
