//! `Timeout`. RFC 4918 §10.7, §14.29.

use crate::Context;

/// How many seconds a lock is to live: the first wish that can be read, at most the profile's
/// limit, which also holds for `Infinite` and for no wish at all.
pub fn parse(ctx: &Context<'_>) -> u32 {
    let max = ctx.profile.limits.lock_timeout_max_s;
    let header = ctx.header("Timeout").unwrap_or_default();
    let wish = header.split(',').map(str::trim).find_map(|wish| {
        if wish.eq_ignore_ascii_case("infinite") {
            return Some(max);
        }
        let (unit, count) = wish.split_once('-')?;
        let digits = unit.eq_ignore_ascii_case("second")
            && !count.is_empty()
            && count.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a number holds are more than the limit.
        digits.then(|| count.parse().unwrap_or(max))
    });
    wish.unwrap_or(max).clamp(1.min(max), max)
}
