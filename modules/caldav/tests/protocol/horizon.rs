//! How far ahead the index knows when objects are moves with what is asked for.

use super::*;
use module::{Key, Mailbox, Query, Term, Test};

/// Of each, how many instances a June has is plain: none, one, all.
const OBJECTS: [(&str, &str); 4] = [
    ("april", "DTSTART;VALUE=DATE:18850405\nRRULE:FREQ=YEARLY"),
    ("june", "DTSTART;VALUE=DATE:18850605\nRRULE:FREQ=YEARLY"),
    (
        "weekly",
        "DTSTART:19850405T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
    ),
    (
        "ended",
        "DTSTART:19850405T100000Z\nRRULE:FREQ=WEEKLY;UNTIL=20000101T000000Z",
    ),
];

fn stored() -> Host {
    let host = host();
    host.indexer::<CalDav>();
    for (uid, lines) in OBJECTS {
        let text = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\nBEGIN:VEVENT\nUID:{uid}\n\
             DTSTAMP:19850101T000000Z\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        let reply = put(
            &host,
            &format!("{DEFAULT}/{uid}.ics"),
            &text.replace('\n', "\r\n"),
        );
        assert_eq!(reply.status, 201, "{}", reply.text());
    }
    host
}

fn june(host: &Host, year: i64) -> Vec<String> {
    let body = format!(
        "<C:calendar-query {NAMESPACES}><prop><getetag/></prop><C:filter>\
         <C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'>\
         <C:time-range start='{year}0601T000000Z' end='{year}0701T000000Z'/>\
         </C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    );
    let path = format!("{DEFAULT}/");
    let reply = send(host, "REPORT", &path, &[("depth", "1")], &body);
    assert_eq!(reply.status, 207, "{}", reply.text());
    let names = hrefs(&reply).into_iter();
    names
        .map(|href| href.rsplit('/').next().unwrap_or_default().to_owned())
        .collect()
}

/// Which objects have to be looked at for what is in a June, because their keys end before.
fn beyond(host: &Host, year: i64) -> usize {
    let path = ["user", "alice", "#calendars", "Default"].map(str::to_owned);
    let start = (year - 1970) * 31_556_952 + 151 * 86_400;
    let test = Test::Overlap((start, start + 30 * 86_400));
    let query = Query {
        all_of: vec![vec![Term::new("beyond-event", test)]],
        limit: 100,
        ..Query::default()
    };
    host.act_as("alice");
    let found = Mailbox::open(&path).unwrap().search(&query).unwrap().found;
    found.len()
}

fn states(host: &Host) -> Vec<String> {
    let mut states = vec![];
    let reply = propfind(host, &format!("{DEFAULT}/"), "1", "<getetag/><sync-token/>");
    states.push(reply.text());
    states.push(propfind(host, &format!("{HOME}/"), "0", "<sync-token/><CS:getctag/>").text());
    states
}

#[test]
fn a_query_beyond_the_horizon_moves_it_and_nothing_else() {
    let host = stored();
    assert_eq!((beyond(&host, 2026), beyond(&host, 2095)), (3, 3));
    let before = states(&host);
    assert_eq!(june(&host, 2095), ["june.ics", "weekly.ics"]);
    assert_eq!((beyond(&host, 2026), beyond(&host, 2095)), (0, 0));
    assert_eq!(june(&host, 2095), ["june.ics", "weekly.ics"]);
    assert_eq!(june(&host, 2026), ["june.ics", "weekly.ics"]);
    assert_eq!(june(&host, 1995), ["ended.ics", "june.ics", "weekly.ics"]);
    assert_eq!(states(&host), before);
    // Those who put an object put the horizon back, and who looks the next time moves it again.
    let path = format!("{DEFAULT}/weekly.ics");
    let text = send(&host, "GET", &path, &[], "").text();
    assert_eq!(put(&host, &path, &text.replace("PT1H", "PT2H")).status, 204);
    assert_eq!(beyond(&host, 2095), 1);
    assert_eq!(june(&host, 2095), ["june.ics", "weekly.ics"]);
    assert_eq!(beyond(&host, 2095), 0);
}

/// It is the host's to do: who may only read, or has signed in to read only, is no less served.
#[test]
fn who_may_only_read_moves_the_horizon_too() {
    let host = stored();
    grant(&host, "Default", "bob", &["<read/>"]);
    host.act_as("bob").scope(module::Scope::READ_ONLY);
    assert_eq!(june(&host, 2060), ["june.ics", "weekly.ics"]);
    assert_eq!(beyond(&host, 2060), 0);
}

/// Nobody makes keys grow by asking for what nobody can mean.
#[test]
fn a_horizon_is_no_more_than_a_century_away() {
    let host = stored();
    let years = [2200, 3000, 9000];
    for year in years {
        assert_eq!(june(&host, year), ["june.ics", "weekly.ics"], "{year}");
        assert_eq!(beyond(&host, year), 3, "{year}");
    }
    let open = format!(
        "<C:calendar-query {NAMESPACES}><prop><getetag/></prop><C:filter>\
         <C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'>\
         <C:time-range start='20300601T000000Z'/>\
         </C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    );
    let reply = send(
        &host,
        "REPORT",
        &format!("{DEFAULT}/"),
        &[("depth", "1")],
        &open,
    );
    assert_eq!(hrefs(&reply).len(), 3, "{}", reply.text());
    assert_eq!(beyond(&host, 2050), 3);
}

/// What makes keys again without anything to reach for makes the ones that were put.
#[test]
fn keys_reach_as_far_as_they_are_asked_to() {
    use module::{Indexer, Unindexed};
    let message = |reach| Unindexed {
        mailbox_type: "calendar".to_owned(),
        content_type: "text/calendar".to_owned(),
        created: 0,
        reach,
        message: "\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:19000605T100000Z\r\n\
                  RRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
            .into(),
    };
    let horizon = |keys: Vec<Key>| {
        let mut beyond = keys.into_iter().filter(|key| key.name == "beyond-event");
        match beyond.next().map(|key| key.value) {
            Some(module::Value::Interval((start, _))) => start,
            other => panic!("{other:?}"),
        }
    };
    let year_2095 = 3_960_000_000;
    assert!(horizon(CalDav::keys(message(None))) < year_2095);
    assert!(horizon(CalDav::keys(message(Some(year_2095)))) > year_2095);
}
