//! `CALDAV:free-busy-query` by those who may know when somebody is busy and nothing else: the right
//! `read-free-busy` alone opens no calendar. Their question goes to an instance of this module that
//! acts for the owner, which answers with the times of the calendars that the owner lets them ask
//! about. RFC 4791 §6.1.1, §7.10.

use std::cell::RefCell;
use std::rc::Rc;

use dav::header::depth::{self, Depth};
use dav::request::{Closed, ResponseBody, Sink, Status};
use dav::store::mailbox::MailboxStore;
use dav::{Context, Error, Path, Request, Resource, Response};
use icalendar::{Calendar, Limits};
use module::{
    DeliveryOutcome, Headers, Identity, Mailbox, MailboxScope, Parcel, Purpose, Receiver, Refusal,
    Report, Sender,
};
use xml::Element;

use crate::namespace::CALDAV;
use crate::profile::{ASKED, CALENDAR, HOME_NAME, LAYOUT};
use crate::{CalDav, MOUNT, free_busy_query, media_type};

/// How long an owner's instance may take, in milliseconds.
const WAIT_MS: u32 = 10_000;

/// Most calendars that are looked at.
const CALENDARS_MAX: u32 = 2000;

/// Why a question is not answered that is about none of the calendars that may be asked about.
const NOTHING: &str = "there is nothing to ask about";

/// What separates the fields of a question; neither names of mailboxes nor XML have it.
const SEPARATOR: u8 = 0;

/// The header field in which the calendars stand that a question may be about.
const CALENDARS: &str = "Calendars";

/// Answers REPORT where nothing is that whoever asks may see.
pub(crate) fn run(ctx: &Context<'_>, _: Option<&Resource>) -> Result<Response, Error> {
    match ctx.read_xml()? {
        Some(root) if root.is(CALDAV, "free-busy-query") => ask(ctx, &root),
        _ => Err(Error::NotFound),
    }
}

/// Asks the owner of what the request is for.
///
/// Fails with [`Error::NotFound`] if they do not let it be asked.
pub(crate) fn ask(ctx: &Context<'_>, root: &Element) -> Result<Response, Error> {
    // Anonymous is to sign in first.
    if ctx.user.is_none() {
        return Err(Error::NotFound);
    }
    match put(ctx, root)? {
        Asked::Answered(response) => Ok(response),
        // Whoever may not know that something is there learns nothing of what it does.
        Asked::Refused | Asked::Unanswered => Err(Error::NotFound),
    }
}

/// What became of a question.
pub(crate) enum Asked {
    Answered(Response),
    /// The owner lets nothing be asked, or there is nobody to ask.
    Refused,
    /// They do, but there was no answer in time.
    Unanswered,
}

/// Puts the question to the owner of what the request is for.
pub(crate) fn put(ctx: &Context<'_>, root: &Element) -> Result<Asked, Error> {
    let (owner, calendar) = match ctx.target.path.parts() {
        [user, owner] if user == "user" => (owner, ""),
        [user, owner, calendar] if user == "user" => (owner, calendar.as_str()),
        _ => return Ok(Asked::Refused),
    };
    if ctx.user_id() == Some(owner) {
        return Ok(Asked::Refused);
    }
    // What is wrong with it, whoever asks shall hear.
    free_busy_query::range_of(root)?;
    let depth = match depth::parse(ctx)? {
        Some(Depth::Zero) => "0",
        _ => "1",
    };
    let now = ctx.store.now().0.to_string();
    let mut body = Vec::new();
    root.write_standalone(&mut body, &[]);
    let fields = [now.as_bytes(), depth.as_bytes(), calendar.as_bytes(), &body];
    let question = fields.join(&SEPARATOR);
    let reports = Report::ask(std::slice::from_ref(owner), &question, WAIT_MS);
    let outcome = reports.ok().and_then(|mut reports| reports.pop());
    let answer = match outcome.map(|report| report.outcome) {
        Some(DeliveryOutcome::Received(answer)) => answer,
        Some(DeliveryOutcome::Refused) => return Ok(Asked::Refused),
        Some(DeliveryOutcome::Failed(reason)) if reason == NOTHING => return Ok(Asked::Refused),
        Some(DeliveryOutcome::Pending | DeliveryOutcome::Failed(_)) | None => {
            return Ok(Asked::Unanswered);
        }
    };
    let exceeded = || dav::error::NUMBER_OF_MATCHES_WITHIN_LIMITS.error();
    let answer = Calendar::parse(&answer, &Limits::default()).map_err(|_| exceeded())?;
    let mut response = Response::new(Status::OK);
    media_type::set_calendar(ctx, &mut response, &answer)?;
    Ok(Asked::Answered(response))
}

/// Whether a question that came to the owner may be about a calendar.
pub(crate) fn is_asked(ctx: &Context<'_>, calendar: &Path) -> bool {
    // Only questions are answered with this profile: nothing that a client sends is.
    if !std::ptr::eq(ctx.profile, &ASKED) {
        return true;
    }
    let names = ctx.header(CALENDARS).unwrap_or_default();
    calendar
        .name()
        .is_some_and(|name| names.split('\0').any(|asked| asked == name))
}

impl Receiver for CalDav {
    fn receive(parcel: Parcel) -> Result<Option<Vec<u8>>, Refusal> {
        let never = |reason: &str| Refusal::Never(reason.to_owned());
        if parcel.purpose != Purpose::Question {
            return Err(never("only questions are answered"));
        }
        let question = Question::read(&parcel.message);
        let question = question.ok_or_else(|| never("this is no question about free time"))?;
        let owner = Identity::current().principal;
        let owner = owner.ok_or_else(|| never("nobody is asked"))?;
        let home = ["user", &owner, HOME_NAME].map(str::to_owned);
        let calendars = calendars(&home, question.calendar, &Sender::new(parcel.sender));
        let calendars = calendars.map_err(|_| Refusal::Later("try again".to_owned()))?;
        if calendars.is_empty() {
            return Err(never(NOTHING));
        }
        // More than may be known is no reason to refuse the question: it is answered with nothing.
        Ok(Some(question.answer(&owner, &calendars)))
    }
}

/// What the other instance wants to know.
struct Question<'q> {
    /// When it was asked, in UTC seconds.
    asked: i64,
    depth: &'q str,
    /// The name of the calendar; of none for all of them.
    calendar: &'q str,
    /// The report.
    body: &'q [u8],
}

impl<'q> Question<'q> {
    fn read(message: &'q [u8]) -> Option<Self> {
        let mut fields = message.splitn(4, |&byte| byte == SEPARATOR);
        let mut text = || std::str::from_utf8(fields.next()?).ok();
        let (asked, depth, calendar) = (text()?, text()?, text()?);
        Some(Self {
            asked: asked.parse().ok()?,
            depth,
            calendar,
            body: fields.next()?,
        })
    }

    /// The times, or nothing if there are too many.
    fn answer(&self, owner: &str, calendars: &[String]) -> Vec<u8> {
        let mut path = MOUNT.to_owned();
        let parts = ["user", owner, self.calendar].into_iter();
        Path::new(parts.filter(|part| !part.is_empty())).write(&mut path);
        path.push('/');
        let headers = vec![
            ("Depth".to_owned(), self.depth.to_owned()),
            (CALENDARS.to_owned(), calendars.join("\0")),
        ];
        let request = module::Request {
            method: "REPORT".to_owned(),
            scheme: "https".to_owned(),
            authority: "localhost".to_owned(),
            path,
            query: None,
            mount: MOUNT.to_owned(),
            headers: Headers::default(),
            body: None,
            received: self.asked.saturating_mul(1000),
        };
        let store = MailboxStore::new(&LAYOUT, &request, Rc::new(RefCell::new(None)));
        let mut body = self.body;
        let asked = Request {
            method: &request.method,
            scheme: &request.scheme,
            authority: &request.authority,
            mount: MOUNT,
            path: &request.path,
            query: None,
            headers: &headers,
            body: &mut body,
        };
        let response = dav::handle(&ASKED, &store, asked, &mut Nobody);
        match response.body {
            ResponseBody::Bytes(answer) if response.status == Status::OK => answer,
            _ => Vec::new(),
        }
    }
}

/// Where no answer is streamed to.
struct Nobody;

impl Sink for Nobody {
    fn start(&mut self, _: Status, _: &[(&'static str, String)]) -> Result<(), Closed> {
        Err(Closed)
    }

    fn write(&mut self, _: &[u8]) -> Result<(), Closed> {
        Err(Closed)
    }
}

/// The names of the calendars that whoever asks may ask about: of the one that they name, or of all.
fn calendars(home: &[String], named: &str, sender: &Sender) -> Result<Vec<String>, module::Error> {
    let scope = MailboxScope::Children(home.to_vec());
    let mut names = Vec::new();
    for status in Mailbox::list_all(&scope, Some(CALENDAR), None, CALENDARS_MAX)? {
        let Some(name) = status.path.last() else {
            continue;
        };
        if !named.is_empty() && name != named {
            continue;
        }
        // One that was deleted since is not there.
        let Ok(mailbox) = Mailbox::open(&status.path) else {
            continue;
        };
        if sender.may_ask(&mailbox)? {
            names.push(name.clone());
        }
    }
    Ok(names)
}
