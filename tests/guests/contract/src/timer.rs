//! Timers: how they are set, and what is left of those that went off.

use crate::{Contract, home, me, message};
use module::{Alarm, Batch, Content, Fields, Instant, Part, Request, Result, Timer};

/// How what is left begins.
const RUNG: &str = "rung-";

/// Sets one, sees it, and clears it.
pub fn list(request: &Request) -> Result<String> {
    let batch = Batch::new();
    batch.set_timer("later", Some(request.received + 86_400_000), b"token");
    batch.commit()?;
    let listed = Timer::list(10)?;
    let batch = Batch::new();
    batch.set_timer("later", None, b"");
    batch.commit()?;
    Ok(format!("{} then {}", listed.len(), Timer::list(10)?.len()))
}

/// Sets one with the name and for as many milliseconds from now as the query says: `?name=1000`.
pub fn set(request: &Request) -> Result<String> {
    let query = request.query.as_deref().unwrap_or_default();
    let (name, wait) = query.split_once('=').unwrap_or((query, "0"));
    let due = request.received + wait.parse::<Instant>().unwrap_or_default();
    let batch = Batch::new();
    batch.set_timer(name, Some(due), due.to_string().as_bytes());
    batch.commit()?;
    Ok("set".to_owned())
}

/// Says which have gone off for the principal, and which are still to.
pub fn rung() -> Result<String> {
    let home = home()?;
    let listed = home.list(0, 100, Fields::NAME)?;
    let rung = listed.iter().filter(|it| it.name().starts_with(RUNG));
    let (mut said, mut uids) = (Vec::new(), Vec::new());
    for entry in rung {
        said.push(entry.name().to_owned());
        uids.push(entry.uid());
    }
    let bodies = home.read(&uids, Part::Body)?;
    let bodies = bodies.iter().map(|body| String::from_utf8_lossy(body));
    let said: Vec<String> = said
        .iter()
        .zip(bodies)
        .map(|(a, b)| format!("{a}: {b}"))
        .collect();
    Ok(format!(
        "{}; {} left",
        said.join(", "),
        Timer::list(10)?.len()
    ))
}

impl Alarm for Contract {
    /// Leaves a message that says for whom it was, and whether it was told what was given with it.
    fn fire(name: String, due: Instant, token: Vec<u8>) {
        assert_ne!(name, "fall", "as asked");
        let is_right = token == due.to_string().into_bytes();
        let text = format!("for {}, {is_right}", me()).into_bytes();
        let batch = Batch::new();
        let mailbox = home();
        if let Ok(mailbox) = &mailbox {
            batch.put(
                mailbox,
                message(&format!("{RUNG}{name}"), Content::Bytes(text)),
            );
        }
        assert!(mailbox.is_ok() && batch.commit().is_ok(), "it was kept");
    }
}
