//! `DAV:multistatus`, written resource by resource and sent in pieces once it is long.
//! RFC 4918 §13, §14.16.

use xml::{Name, Writer};

use super::plan::{Plan, PlanKind, write_property};
use crate::property::{self, Reading, Subject, Value};
use crate::request::{Response, ResponseBody, Status};
use crate::store::Lock;
use crate::{Context, Error};

/// Answers up to this length are sent at once, longer ones in pieces of about this length.
const PIECE_LEN: usize = 64 << 10;

/// A multistatus being written.
pub struct Multistatus<'m, 'c> {
    ctx: &'m Context<'c>,
    writer: Writer,
    missing: Vec<usize>,
    forbidden: Vec<usize>,
}

impl<'m, 'c> Multistatus<'m, 'c> {
    /// An empty one.
    pub fn new(ctx: &'m Context<'c>) -> Self {
        let mut writer = Writer::new(ctx.profile.prefixes);
        writer.start_root(&ROOT);
        Self {
            ctx,
            writer,
            missing: Vec::new(),
            forbidden: Vec::new(),
        }
    }

    /// Adds a resource with its properties. `href` is encoded, `locks` those that may cover it.
    pub fn resource(
        &mut self,
        plan: &Plan,
        subject: Subject<'_>,
        href: &str,
        locks: &[Lock],
    ) -> Result<(), Error> {
        self.missing.clear();
        self.forbidden.clear();
        self.writer.raw(b"<D:response><D:href>");
        self.writer.raw(href.as_bytes());
        self.writer.raw(b"</D:href>");
        let before = self.writer.mark();
        self.writer.raw(b"<D:propstat><D:prop>");
        let first = self.writer.mark();
        let mut reading = Reading {
            ctx: self.ctx,
            subject,
            href,
            request: None,
            locks,
        };
        for (index, item) in plan.items.iter().enumerate() {
            reading.request = item.request.as_ref();
            let mark = self.writer.mark();
            let value = write_property(&mut self.writer, &reading, item)?;
            match value {
                Value::Written if matches!(plan.kind, PlanKind::PropName) => {
                    self.writer.rewind(mark);
                    self.writer.empty(&item.name);
                }
                Value::Written => {}
                Value::Missing => {
                    self.writer.rewind(mark);
                    self.missing.push(index);
                }
                Value::Forbidden => {
                    self.writer.rewind(mark);
                    self.forbidden.push(index);
                }
            }
        }
        if !matches!(plan.kind, PlanKind::Prop) {
            self.stored_besides(plan, subject);
        }
        let any = self.writer.mark() > first;
        self.finish_resource(plan, before, any)
    }

    /// Adds the stored properties that no live one speaks for.
    fn stored_besides(&mut self, plan: &Plan, subject: Subject<'_>) {
        for stored in subject.stored() {
            if plan.items.iter().any(|item| item.name == stored.name)
                || property::find(self.ctx.profile, &stored.name).is_some()
            {
                continue;
            }
            match plan.kind {
                PlanKind::PropName => self.writer.empty(&stored.name),
                PlanKind::Prop | PlanKind::AllProp => self.writer.raw(&stored.xml),
            }
        }
    }

    fn finish_resource(&mut self, plan: &Plan, before: usize, any: bool) -> Result<(), Error> {
        let asked = matches!(plan.kind, PlanKind::Prop);
        let minimal = self.ctx.prefer.minimal;
        let missing = asked && !minimal && !self.missing.is_empty();
        let forbidden = asked && !minimal && !self.forbidden.is_empty();
        // A response has at least one propstat, be it an empty one.
        if any || !(missing || forbidden) {
            self.writer
                .raw(b"</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>");
        } else {
            self.writer.rewind(before);
        }
        for (there, indexes, end) in [
            (
                missing,
                &self.missing,
                &b"</D:prop><D:status>HTTP/1.1 404 Not Found"[..],
            ),
            (
                forbidden,
                &self.forbidden,
                &b"</D:prop><D:status>HTTP/1.1 403 Forbidden"[..],
            ),
        ] {
            if !there {
                continue;
            }
            self.writer.raw(b"<D:propstat><D:prop>");
            for item in indexes.iter().filter_map(|index| plan.items.get(*index)) {
                self.writer.start_tag(&item.tag);
                self.writer.end_tag(&item.tag);
            }
            self.writer.raw(end);
            self.writer.raw(b"</D:status></D:propstat>");
        }
        self.writer.raw(b"</D:response>");
        self.flush()
    }

    /// Adds a resource with a status of its own, and why if there is more to say.
    pub fn status(&mut self, href: &str, status: Status, why: Option<&Error>) -> Result<(), Error> {
        self.writer.raw(b"<D:response><D:href>");
        self.writer.text(href);
        self.writer.raw(b"</D:href>");
        write_status(&mut self.writer, status);
        if let Some(why) = why {
            why.write_element(&mut self.writer);
            if let Error::BadRequest(text) | Error::Forbidden(text) | Error::Conflict(text) = why {
                self.writer.leaf(&Name::dav("responsedescription"), text);
            }
        }
        self.writer.raw(b"</D:response>");
        self.flush()
    }

    /// Adds a resource with its properties grouped by status, for answers to PROPPATCH and MKCOL.
    pub fn propstats(
        &mut self,
        href: &str,
        outcomes: &[(Name, Status, Option<Error>)],
    ) -> Result<(), Error> {
        self.writer.raw(b"<D:response><D:href>");
        self.writer.text(href);
        self.writer.raw(b"</D:href>");
        write_propstats(&mut self.writer, outcomes);
        self.writer.raw(b"</D:response>");
        self.flush()
    }

    /// The writer itself, for what stands beside the responses, or for responses of one's own:
    /// whole elements inside of `DAV:multistatus`.
    pub fn writer(&mut self) -> &mut Writer {
        &mut self.writer
    }

    /// Sends what has come together, if it is long enough.
    pub fn flush(&mut self) -> Result<(), Error> {
        if self.writer.len() < PIECE_LEN {
            return Ok(());
        }
        if !self.ctx.is_streaming() {
            self.ctx
                .send_head(Status::MULTI_STATUS, &self.head().headers)?;
        }
        let buffer = self.writer.buffer();
        self.ctx.send(buffer)?;
        buffer.clear();
        Ok(())
    }

    /// The finished answer.
    pub fn finish(mut self) -> Result<Response, Error> {
        self.writer.end(&ROOT);
        let mut response = self.head();
        let bytes = self.writer.into_bytes();
        response.body = if self.ctx.is_streaming() {
            self.ctx.send(&bytes)?;
            ResponseBody::Streamed
        } else {
            ResponseBody::Bytes(bytes)
        };
        Ok(response)
    }

    fn head(&self) -> Response {
        let mut response = Response::new(Status::MULTI_STATUS);
        response.set("Content-Type", "application/xml; charset=utf-8");
        if let Some(applied) = self.ctx.prefer.applied() {
            response.set("Preference-Applied", applied);
        }
        response.set("Vary", "Brief, Prefer");
        response
    }
}

const ROOT: Name = Name::dav("multistatus");

/// Writes one `DAV:propstat` for each outcome that occurs.
pub fn write_propstats(writer: &mut Writer, outcomes: &[(Name, Status, Option<Error>)]) {
    for (index, (_, status, why)) in outcomes.iter().enumerate() {
        let is_same = |other: &(Name, Status, Option<Error>)| other.1 == *status && other.2 == *why;
        if outcomes.iter().take(index).any(is_same) {
            continue;
        }
        writer.raw(b"<D:propstat><D:prop>");
        for (name, _, _) in outcomes.iter().filter(|other| is_same(other)) {
            writer.empty(name);
        }
        writer.raw(b"</D:prop>");
        write_status(writer, *status);
        if let Some(why) = why {
            why.write_element(writer);
            if !matches!(why, Error::Violated(..)) {
                writer.leaf(&Name::dav("responsedescription"), &why.to_string());
            }
        }
        writer.raw(b"</D:propstat>");
    }
}

fn write_status(writer: &mut Writer, status: Status) {
    writer.raw(b"<D:status>HTTP/1.1 ");
    writer.number(u64::from(status.0));
    writer.raw(b" ");
    writer.text(status.reason());
    writer.raw(b"</D:status>");
}
