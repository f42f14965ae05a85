//! Free and busy times at an URL: `/freebusy/user/alice`, `/freebusy/user/alice/Default`. CalConnect's
//! "Freebusy Read URL", as Cyrus has it.
//!
//! What is busy is all that anyone learns here, and who may learn it has the right `free-busy` (or
//! `read`) on a calendar. That right alone opens no calendar: the question goes to an instance of
//! this module that acts for the owner, which answers with the times of the calendars on which whoever
//! asks has it. Where the host asks nobody, only those calendars count that whoever asks may read.
//!
//! # Not supported
//! The parameters `token` and `user` of CalConnect's text.

mod calendars;
mod problem;
mod query;
mod times;

use module::{
    Access, Answer, DeliveryOutcome, Descriptor, Error, Extent, Identity, Module, Parcel, Purpose,
    Receiver, Refusal, Report, Request, Response, Rights, Sender,
};
use problem::Problem;
use query::Question;
use serde::{Deserialize, Serialize};

/// The module.
pub struct FreeBusy;

module::export!(FreeBusy: receiver);

/// Where the URLs are.
const MOUNT: &str = "/freebusy";

const METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// The same as those of calendars.
const OPTIONS: [(&str, &str); 2] = [
    (
        "caldav_max_instances",
        "How many instances of recurrences one request may make; 20000 if it is not set.",
    ),
    (
        "caldav_max_recurrence_work",
        "How many steps of work recurrences may take in one request; 2000000 if it is not set.",
    ),
];

const CAPABILITIES: [&str; 9] = [
    "annotation",
    "config",
    "delivery",
    "directory",
    "exchange",
    "identity",
    "index",
    "mailbox",
    "rights",
];

/// How long an owner's instance may take, in milliseconds.
const WAIT_MS: u32 = 10_000;

impl Module for FreeBusy {
    fn describe() -> Descriptor {
        let version = env!("CARGO_PKG_VERSION");
        Descriptor::new("freebusy", version, "Free and busy times at an URL.")
            .mount(MOUNT, Extent::Prefix, &METHODS, Access::Anonymous)
            .options(&OPTIONS)
            .capabilities(&CAPABILITIES)
    }

    fn handle(request: Request) -> Answer {
        if request.method == "OPTIONS" {
            return Response::options(&METHODS).into();
        }
        let response = Question::read(&request, MOUNT)
            .and_then(|question| answer(&question))
            .unwrap_or_else(Problem::into_response);
        response.into()
    }
}

fn answer(question: &Question) -> Result<Response, Problem> {
    let identity = Identity::current();
    let is_owner = identity.principal.as_ref() == Some(&question.owner);
    let asked = match is_owner {
        true => None,
        false => ask(question)?,
    };
    let written = match asked {
        Some(written) => Ok(written),
        None => times::answer(question, |mailbox| {
            Ok(is_owner || mailbox.status()?.rights.contains(Rights::READ))
        }),
    };
    // Somebody else might be told.
    let written = written.map_err(|problem| match (problem, &identity.principal) {
        (Problem::NotFound, None) => Problem::SignIn,
        (problem, _) => problem,
    })?;
    let extension = question.format.extension();
    let name: String = question
        .owner
        .chars()
        .filter(|letter| is_plain(*letter))
        .collect();
    let response = Response::new(200)
        .header("cache-control", "private, no-cache")
        .header("vary", "accept, authorization")
        .header(
            "content-disposition",
            format!("inline; filename=\"{name}.{extension}\""),
        )
        .body(question.format.content_type(), written);
    Ok(response)
}

/// What may stand in the name of a file, in quotes.
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@' | '+')
}

/// What an instance answers that acts for the owner.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    /// The times, written as they were asked for.
    Written(String),
    /// The recurrences are too many.
    Exceeded(String),
}

/// Asks the owner; none if the host does not, or if whoever asks may not.
fn ask(question: &Question) -> Result<Option<String>, Problem> {
    let message = serde_json::to_vec(question).map_err(|_| Problem::Unavailable)?;
    let owner = std::slice::from_ref(&question.owner);
    let report = match Report::ask(owner, &message, WAIT_MS) {
        Ok(reports) => reports.into_iter().next(),
        Err(Error::Unsupported(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match report.map(|report| report.outcome) {
        Some(DeliveryOutcome::Received(reply)) => match serde_json::from_slice(&reply) {
            Ok(Reply::Written(written)) => Ok(Some(written)),
            Ok(Reply::Exceeded(limit)) => Err(Problem::Exceeded(limit)),
            Err(_) => Err(Problem::Unavailable),
        },
        Some(DeliveryOutcome::Pending) => Err(Problem::Unavailable),
        Some(DeliveryOutcome::Refused | DeliveryOutcome::Failed(_)) | None => Ok(None),
    }
}

impl Receiver for FreeBusy {
    fn receive(parcel: Parcel) -> Result<Option<Vec<u8>>, Refusal> {
        let never = |reason: &str| Refusal::Never(reason.to_owned());
        let question: Question = match parcel.purpose {
            Purpose::Question => serde_json::from_slice(&parcel.message)
                .map_err(|_| never("this is no question about free and busy times"))?,
            Purpose::Reply | Purpose::Invite => {
                return Err(never("free and busy times are asked for, not told"));
            }
        };
        if Identity::current().principal.as_ref() != Some(&question.owner) {
            return Err(never("the question is not about whom it came to"));
        }
        let sender = Sender::new(parcel.sender);
        let reply = match times::answer(&question, |mailbox| sender.may_ask(mailbox)) {
            Ok(written) => Reply::Written(written),
            Err(Problem::Exceeded(limit)) => Reply::Exceeded(limit),
            Err(Problem::Unavailable) => return Err(Refusal::Later("try again".to_owned())),
            Err(problem) => return Err(Refusal::Never(problem.to_string())),
        };
        let reply = serde_json::to_vec(&reply);
        reply
            .map(Some)
            .map_err(|_| never("the answer can't be written"))
    }
}
