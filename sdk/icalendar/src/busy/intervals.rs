//! Sets of time: sorted intervals that neither overlap nor touch.

/// From one second up to another.
pub(super) type Interval = (i64, i64);

/// The set that some intervals make.
pub(super) fn merge(mut list: Vec<Interval>) -> Vec<Interval> {
    list.retain(|(start, end)| start < end);
    list.sort_unstable();
    list.dedup_by(|next, last| {
        let joined = next.0 <= last.1;
        if joined {
            last.1 = last.1.max(next.1);
        }
        joined
    });
    list
}

/// What is in the one set and not in the other.
pub(super) fn subtract(from: &[Interval], what: &[Interval]) -> Vec<Interval> {
    let mut left = Vec::new();
    let mut what = what.iter().copied().peekable();
    for (mut start, end) in from.iter().copied() {
        while what.next_if(|(_, until)| *until <= start).is_some() {}
        while let Some((gone, until)) = what.peek().copied().filter(|(gone, _)| *gone < end) {
            if start < gone {
                left.push((start, gone));
            }
            start = start.max(until);
            if until > end {
                break;
            }
            what.next();
        }
        if start < end {
            left.push((start, end));
        }
    }
    left
}
