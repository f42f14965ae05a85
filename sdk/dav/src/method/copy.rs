//! COPY, and what MOVE shares with it. RFC 4918 §9.8.

use crate::header::conditions::{self, Guard};
use crate::header::depth::{self, Depth};
use crate::header::{destination, overwrite};
use crate::locks::{self, Change};
use crate::method::{delete, mkcol, put};
use crate::profile::{Accepted, Incoming, Origin, RefusedRule};
use crate::request::{Response, Status};
use crate::resource::{Collection, Fields, Member, Resource, Stored, Want};
use crate::store::{self, Batch, Content, Expect, Operation};
use crate::{Context, Error, Path, Rights};

/// Answers COPY.
pub fn run(ctx: &Context<'_>) -> Result<Response, Error> {
    let transfer = Transfer::new(ctx)?;
    let deep = match (depth::parse(ctx)?, transfer.source.is_collection()) {
        (_, false) | (None | Some(Depth::Infinity), true) => true,
        (Some(Depth::Zero), true) => false,
        (Some(Depth::One), true) => {
            return Err(Error::BadRequest(
                "COPY has Depth: 0 or infinity".to_owned(),
            ));
        }
    };
    if deep || transfer.from.is_within(&transfer.to) {
        transfer.check_disjoint()?;
    }
    let Transfer {
        source,
        from,
        to,
        existing,
        ..
    } = &transfer;
    ctx.require(from, source.rights(), Rights::READ, "read")?;
    let mut batch = transfer.begin(ctx)?;
    let mut told = Told::default();
    match source {
        Resource::Member(_, member) => {
            told = transfer.add_member(ctx, member, Origin::Copy, &mut batch)?;
        }
        Resource::Collection(_) => {
            batch.push(Operation::CopyTree {
                from: from.clone(),
                to: to.clone(),
                deep,
            });
        }
        Resource::Principal(_) => return Err(Error::MethodNotAllowed),
    }
    put::commit(ctx, batch, told.refused)?;
    Ok(answer(existing.is_some(), told.headers))
}

/// What COPY and MOVE have found out before they do anything.
pub(crate) struct Transfer {
    pub guard: Guard,
    pub source: Resource,
    pub from: Path,
    pub to: Path,
    pub existing: Option<Resource>,
    pub parent: Collection,
}

impl Transfer {
    pub(crate) fn new(ctx: &Context<'_>) -> Result<Self, Error> {
        let from = ctx.target.path.clone();
        let source = ctx.target_resource()?;
        let to = destination::parse(ctx)?;
        let overwrite = overwrite::parse(ctx)?;
        let guard = conditions::check(ctx, Some(&source))?;
        if from == to {
            return Err(Error::Forbidden(
                "source and destination are the same".to_owned(),
            ));
        }
        if from.parts().is_empty() || matches!(source, Resource::Principal(_)) {
            return Err(Error::MethodNotAllowed);
        }
        let parent = ctx.find_parent(&to)?;
        let existing = ctx.find(
            &to,
            &Want {
                fields: Fields::ENTITY,
                stored: Stored::None,
            },
        )?;
        if existing.is_some() && !overwrite {
            return Err(Error::PreconditionFailed(
                "something is at the destination".to_owned(),
            ));
        }
        Ok(Self {
            guard,
            source,
            from,
            to,
            existing,
            parent,
        })
    }

    /// Which member at the destination the one that comes takes the place of.
    pub(crate) fn over(&self) -> Expect {
        match self.existing.as_ref().and_then(Resource::member) {
            Some(member) => Expect::Version(member.version),
            None => Expect::Missing,
        }
    }

    /// Neither may be inside of the other: RFC 4918 §9.8.5, §9.9.4.
    pub(crate) fn check_disjoint(&self) -> Result<(), Error> {
        match self.to.is_within(&self.from) || self.from.is_within(&self.to) {
            true => Err(Error::Forbidden(
                "source and destination overlap".to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// Checks the destination, and starts the batch with making room there.
    pub(crate) fn begin(&self, ctx: &Context<'_>) -> Result<Batch, Error> {
        let mut batch = Batch {
            operations: Vec::new(),
            lock_tokens: self.guard.tokens.clone(),
        };
        let parent = &self.parent;
        match &self.source {
            Resource::Member(..) if !ctx.profile.kind(&parent.kind).holds_members => {
                return Err(Error::Forbidden(
                    "this collection holds no members".to_owned(),
                ));
            }
            Resource::Member(..) => {
                ctx.require(&parent.path, parent.rights, Rights::INSERT, "bind")?;
            }
            Resource::Collection(collection) => {
                let kind = ctx.profile.kind(&collection.kind);
                mkcol::check_place(ctx, parent, kind, &self.to)?;
            }
            Resource::Principal(_) => return Err(Error::MethodNotAllowed),
        }
        match &self.existing {
            Some(existing) => {
                locks::require(ctx, &self.guard, &[Change::Tree(&self.to)])?;
                match (&self.source, existing) {
                    (Resource::Member(..), Resource::Member(collection, member)) => {
                        delete::check_member(ctx, collection, member, &mut batch)?;
                    }
                    _ => delete::remove(ctx, &self.to, existing, &mut batch)?,
                }
            }
            None => {
                let changes = [Change::Resource(&parent.path), Change::Resource(&self.to)];
                locks::require(ctx, &self.guard, &changes)?;
                batch.push(Operation::Check {
                    path: self.to.clone(),
                    expect: Expect::Missing,
                });
            }
        }
        Ok(batch)
    }

    /// Asks the rules of the destination about the body.
    pub(crate) fn accept(
        &self,
        ctx: &Context<'_>,
        member: &Member,
        origin: Origin,
    ) -> Result<Option<Accepted>, Error> {
        let Some(rule) = ctx.profile.kind(&self.parent.kind).put else {
            return Ok(None);
        };
        let Some(collection) = self.source.collection() else {
            return Ok(None);
        };
        if member.length > ctx.profile.limits.member_len_max {
            return Err(Error::TooLarge(ctx.profile.limits.member_len_max));
        }
        let body = ctx.store.read(collection, member)?;
        let incoming = Incoming {
            origin,
            path: &self.to,
            collection: &self.parent,
            existing: self.existing.as_ref().and_then(Resource::member),
            source: Some((&self.from, member)),
            content_type: member.content_type.as_deref(),
            body,
        };
        rule(ctx, incoming).map(Some)
    }

    /// Adds what brings a member to the destination, and what the rules want done with it.
    pub(crate) fn add_member(
        &self,
        ctx: &Context<'_>,
        member: &Member,
        origin: Origin,
        batch: &mut Batch,
    ) -> Result<Told, Error> {
        let (from, to, over) = (self.from.clone(), self.to.clone(), self.over());
        let expect = Expect::Version(member.version);
        let (accept, more, told) = match self.accept(ctx, member, origin)? {
            None => (None, Vec::new(), Told::default()),
            Some(accepted) => {
                let told = Told {
                    headers: accepted.headers,
                    refused: accepted.refused,
                };
                (Some(accepted.accept), accepted.more.operations, told)
            }
        };
        match accept {
            // Not the bytes that are there, but what the principal sees of them.
            Some(mut accept) if matches!(accept.content, Content::Bytes(_)) => {
                // RFC 4918 §9.8.2: its dead properties go along.
                let want = Want {
                    fields: Fields::NONE,
                    stored: Stored::All,
                };
                let found = ctx.find(&from, &want)?;
                let stored = found.as_ref().map_or(&[][..], Resource::stored).iter();
                let stored = stored.map(|known| (known.name.clone(), Some(known.xml.clone())));
                accept.properties.extend(stored);
                batch.push(Operation::Check {
                    path: from.clone(),
                    expect,
                });
                if origin == Origin::Move {
                    batch.push(Operation::Remove { path: from, expect });
                }
                batch.push(Operation::Put {
                    path: to,
                    accept,
                    expect: over,
                });
            }
            accept => {
                let transfer = store::Transfer {
                    from,
                    to,
                    over,
                    expect,
                    accept,
                };
                batch.push(match origin {
                    Origin::Move => Operation::Move(transfer),
                    _ => Operation::Copy(transfer),
                });
            }
        }
        batch.operations.extend(more);
        Ok(told)
    }
}

/// What the rules of the destination say to the answer.
#[derive(Default)]
pub(crate) struct Told {
    pub headers: Vec<(&'static str, String)>,
    pub refused: Option<RefusedRule>,
}

/// RFC 4918 §9.8.5: 201 if the destination is new, 204 if it was there.
pub(crate) fn answer(existed: bool, headers: Vec<(&'static str, String)>) -> Response {
    let status = if existed {
        Status::NO_CONTENT
    } else {
        Status::CREATED
    };
    let mut response = Response::new(status);
    for (name, value) in headers {
        response.set(name, value);
    }
    response
}
