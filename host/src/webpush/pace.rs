//! How often an endpoint is posted to: what went well goes on after a pause, what did not after
//! pauses that grow, and a service that asks for less gets less. RFC 8620 §7.2.

use super::post::Answer;
use http::StatusCode;
use std::time::Duration;
use storage::{Instant, Pace};

/// Between two messages to one endpoint.
const PAUSE_MS: i64 = 5_000;
/// After so many failures in a row, so long; the last for ever.
const RETRY_S: [i64; 7] = [10, 30, 60, 300, 900, 1800, 3600];
/// How much a service that answers 429 slows down: at first, and at most.
const SLOWED_MS: std::ops::RangeInclusive<i64> = 10_000..=3_600_000;
/// No service holds back for longer.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(86_400);

/// What follows from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The message is out.
    Out(Pace),
    /// It is to be tried again.
    Later(Pace),
    /// Nobody is there any more. RFC 8030 §7.3: 404 says so; services answer 410 as well.
    Gone,
}

/// What follows from an answer, or from none.
pub fn next(before: Pace, answer: Option<Answer>, now: Instant) -> Next {
    let Some(Answer {
        status,
        retry_after,
    }) = answer
    else {
        return Next::Later(later(before, now));
    };
    if status.is_success() {
        return Next::Out(out(before, now));
    }
    if matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) {
        return Next::Gone;
    }
    let mut pace = later(before, now);
    if status == StatusCode::TOO_MANY_REQUESTS {
        // RFC 8620 §7.2: it "MUST cause the JMAP server to reduce the frequency of pushes".
        let slowed = before.slowed.saturating_mul(2);
        pace.slowed = slowed.clamp(*SLOWED_MS.start(), *SLOWED_MS.end());
        pace.due = pace.due.max(now.saturating_add(pace.slowed));
    }
    if let Some(wait) = retry_after {
        let wait = i64::try_from(wait.min(RETRY_AFTER_MAX).as_millis()).unwrap_or(i64::MAX);
        pace.due = pace.due.max(now.saturating_add(wait));
    }
    Next::Later(pace)
}

/// The pace after something went well.
pub fn out(before: Pace, now: Instant) -> Pace {
    let due = now.saturating_add(PAUSE_MS).saturating_add(before.slowed);
    let slowed = before.slowed / 2;
    Pace {
        due,
        attempts: 0,
        slowed: if slowed < PAUSE_MS { 0 } else { slowed },
    }
}

/// The pace after something went wrong.
pub fn later(before: Pace, now: Instant) -> Pace {
    let seconds = RETRY_S.get(before.attempts as usize).or(RETRY_S.last());
    let wait = seconds.copied().unwrap_or(3600).saturating_mul(1000);
    Pace {
        due: now.saturating_add(wait),
        attempts: before.attempts.saturating_add(1),
        slowed: before.slowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Pace = Pace {
        due: 0,
        attempts: 0,
        slowed: 0,
    };

    fn answer(status: u16, retry_after: Option<u64>) -> Option<Answer> {
        Some(Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: retry_after.map(Duration::from_secs),
        })
    }

    fn later_of(before: Pace, status: u16, retry_after: Option<u64>) -> Pace {
        match next(before, answer(status, retry_after), 0) {
            Next::Later(pace) => pace,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pauses_grow_up_to_an_hour_and_begin_anew_when_it_goes_well() {
        let mut pace = FRESH;
        let mut waits = Vec::new();
        for _ in 0..9 {
            pace = later_of(pace, 503, None);
            waits.push(pace.due / 1000);
        }
        assert_eq!(waits, [10, 30, 60, 300, 900, 1800, 3600, 3600, 3600]);
        let Next::Out(well) = next(pace, answer(201, None), 0) else {
            panic!("201 is well");
        };
        assert_eq!(well.attempts, 0);
        // A redirect is not followed.
        assert_eq!(later_of(FRESH, 307, None).attempts, 1);
        assert_eq!(next(FRESH, None, 0), Next::Later(later(FRESH, 0)));
    }

    #[test]
    fn rfc8620_s7_2_429_reduces_the_frequency() {
        let slowed = later_of(FRESH, 429, Some(120));
        assert_eq!((slowed.due, slowed.slowed), (120_000, 10_000));
        let slower = later_of(slowed, 429, None);
        assert_eq!((slower.due, slower.slowed), (30_000, 20_000));
        let Next::Out(well) = next(slower, answer(201, None), 0) else {
            panic!("201 is well");
        };
        assert_eq!((well.due, well.slowed), (25_000, 10_000));
        // RFC 9110 §10.2.3: 503 may have one as well; nobody holds back for ever.
        assert_eq!(later_of(FRESH, 503, Some(u64::MAX)).due, 86_400_000);
    }

    #[test]
    fn rfc8030_s7_3_404_and_410_are_the_end() {
        for status in [404, 410] {
            assert_eq!(next(FRESH, answer(status, None), 0), Next::Gone);
        }
    }
}
