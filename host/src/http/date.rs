//! The `Date` field. RFC 9110 §6.6.1.
//!
//! hyper writes one, too, but it renews it only once the clock is past the second that it has
//! formatted last: after the clock was set back by a day, it would tell yesterday's date for a day.

use http::HeaderValue;
use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

thread_local! {
    /// The second that was told last, and how.
    static LAST: RefCell<Option<(u64, HeaderValue)>> = const { RefCell::new(None) };
}

/// The value of the field now.
pub fn now() -> HeaderValue {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let second = since.unwrap_or_default().as_secs();
    LAST.with_borrow_mut(|last| match last {
        Some((told, value)) if *told == second => value.clone(),
        _ => {
            let value = format(second);
            *last = Some((second, value.clone()));
            value
        }
    })
}

fn format(second: u64) -> HeaderValue {
    // What no HTTP date can express: the clock is set to after the year 9999.
    const LAST_SECOND: u64 = 253_402_300_799;
    let time = UNIX_EPOCH + Duration::from_secs(second.min(LAST_SECOND));
    HeaderValue::try_from(httpdate::fmt_http_date(time))
        .unwrap_or_else(|_| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_6_7_the_preferred_format() {
        assert_eq!(format(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(format(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
