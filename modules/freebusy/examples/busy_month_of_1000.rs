//! How long a month of free and busy times takes over 1,000 events, a quarter of them recurring:
//! `cargo run --release -p freebusy --example month_of_1000`.

#![allow(clippy::unwrap_used)]

use freebusy::FreeBusy;
use icalendar::keys::Keys;
use icalendar::{Calendar, Limits};
use module::native::Host;
use module::{Batch, Condition, Content, Key, Mailbox, Put};
use std::time::Instant;

fn main() {
    let host = Host::new();
    host.user("alice").act_as("alice");
    let path = |parts: &[&str]| -> Vec<String> {
        let home = ["user", "alice", "#calendars"];
        home.iter()
            .chain(parts)
            .map(|&part| part.to_owned())
            .collect()
    };
    let batch = Batch::new();
    batch.create_mailbox(&path(&[]), "calendar-home", None);
    batch.create_mailbox(&path(&["Default"]), "calendar", None);
    batch.commit().unwrap();
    let calendar = Mailbox::open(&path(&["Default"])).unwrap();
    for number in 0..1000 {
        let (month, day, hour) = (number % 12 + 1, number % 28 + 1, number % 9 + 8);
        let rule = match number % 4 {
            0 => "RRULE:FREQ=WEEKLY;BYDAY=MO,WE\r\n",
            _ => "",
        };
        let body = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\nBEGIN:VEVENT\r\nUID:{number}\r\n\
             DTSTAMP:20260101T000000Z\r\nSUMMARY:An event of some length\r\n\
             DTSTART;TZID=Europe/Berlin:2026{month:02}{day:02}T{hour:02}0000\r\nDURATION:PT1H\r\n\
             {rule}DESCRIPTION:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            "words ".repeat(30),
        );
        let batch = Batch::new();
        batch.put(
            &calendar,
            Put {
                name: Some(format!("{number}.ics")),
                condition: Condition::None,
                header: b"Subject: x\r\n\r\n".to_vec(),
                content: Content::Bytes(body.clone().into_bytes()),
                content_type: "text/calendar".to_owned(),
                flags: Vec::new(),
                keys: keys(&body),
                keys_version: icalendar::keys::KEYS_VERSION,
            },
        );
        batch.commit().unwrap();
    }
    let ask = || {
        let target = "/freebusy/user/alice?start=2026-06-01T00:00:00Z&end=2026-07-01T00:00:00Z";
        host.request("GET", target).send::<FreeBusy>()
    };
    assert_eq!(ask().status, 200);
    let began = Instant::now();
    for _ in 0..100 {
        ask();
    }
    println!("{:?} a request", began.elapsed() / 100);
}

/// The keys that modules/caldav stores with an object, those that matter here.
fn keys(body: &str) -> Vec<Key> {
    let parsed = Calendar::parse(body.as_bytes(), &Limits::default()).ok();
    let Some(keys) = parsed.as_ref().and_then(Keys::of) else {
        return Vec::new();
    };
    let times = keys.times.iter();
    times
        .map(|time| Key::interval(time.name, time.start, time.end))
        .collect()
}
