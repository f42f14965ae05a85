//! Calendars other than the Gregorian, for RSCALE: RFC 7529 §4. By ICU's own crate, whose tables
//! make a module 20 KB bigger.

use icu_calendar::types::{Month, RataDie};
use icu_calendar::{AnyCalendar, AnyCalendarKind, Date, Ref};

/// The number of 1970-01-01 in the days that ICU counts.
const EPOCH: i64 = 719_163;

/// The names in CLDR, and what ICU calls them. What "ISLAMIC" alone means is left to whoever sees
/// the moon: this is the usual one.
const KINDS: [(&str, AnyCalendarKind); 14] = [
    ("BUDDHIST", AnyCalendarKind::Buddhist),
    ("CHINESE", AnyCalendarKind::Chinese),
    ("COPTIC", AnyCalendarKind::Coptic),
    ("DANGI", AnyCalendarKind::Dangi),
    ("ETHIOPIC", AnyCalendarKind::Ethiopian),
    ("ETHIOPIC-AMETE-ALEM", AnyCalendarKind::EthiopianAmeteAlem),
    ("HEBREW", AnyCalendarKind::Hebrew),
    ("INDIAN", AnyCalendarKind::Indian),
    ("ISLAMIC", AnyCalendarKind::HijriUmmAlQura),
    ("ISLAMIC-CIVIL", AnyCalendarKind::HijriTabularTypeIIFriday),
    ("ISLAMIC-UMALQURA", AnyCalendarKind::HijriUmmAlQura),
    ("JAPANESE", AnyCalendarKind::Japanese),
    ("PERSIAN", AnyCalendarKind::Persian),
    ("ROC", AnyCalendarKind::Roc),
];

/// The calendars that RSCALE may name, for CALDAV:supported-rscale-set: RFC 7529 §10.1.
pub fn scales() -> impl Iterator<Item = &'static str> {
    std::iter::once("GREGORIAN").chain(KINDS.iter().map(|(name, _)| *name))
}

/// A calendar.
#[derive(Clone, Debug)]
pub(crate) struct Scale(AnyCalendar);

/// A month of a year: its number, and whether it is the leap month after that. RFC 7529 §4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScaleMonth {
    pub(super) number: u8,
    pub(super) leap: bool,
}

/// A day by a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScaleDate {
    pub(super) year: i32,
    pub(super) month: ScaleMonth,
    pub(super) day: i64,
}

impl ScaleMonth {
    /// Reads `5` and `5L`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let number = text.strip_suffix(['L', 'l']).unwrap_or(text);
        let leap = number.len() != text.len();
        let number = number.parse().ok().filter(|n| (1..=13).contains(n))?;
        Some(Self { number, leap })
    }

    fn to_icu(self) -> Month {
        if self.leap {
            Month::leap(self.number)
        } else {
            Month::new(self.number)
        }
    }
}

impl Scale {
    /// The calendar of this name in CLDR, in any case. RFC 7529 §5.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (_, kind) = KINDS
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))?;
        Some(Self(AnyCalendar::new(*kind)))
    }

    fn at(&self, day: i64) -> Date<Ref<'_, AnyCalendar>> {
        // Further than any year that we write, and what ICU takes.
        let day = day.clamp(-800_000, 3_000_000);
        Date::from_rata_die(RataDie::new(day + EPOCH), Ref(&self.0))
    }

    /// A day, counted since 1970-01-01, by this calendar.
    pub(super) fn date(&self, day: i64) -> ScaleDate {
        let date = self.at(day);
        let month = date.month().to_input();
        ScaleDate {
            year: date.year().extended_year(),
            month: ScaleMonth {
                number: month.number(),
                leap: month.is_leap(),
            },
            day: date.day_of_month().0.into(),
        }
    }

    /// The first day of a month, and how many it has; none if the year doesn't have the month.
    pub(super) fn month(&self, year: i32, month: ScaleMonth) -> Option<(i64, i64)> {
        let date = Date::try_new(year.into(), month.to_icu(), 1, Ref(&self.0)).ok()?;
        let first = date.to_rata_die().to_i64_date() - EPOCH;
        Some((first, date.days_in_month().into()))
    }

    /// The first day of a year, and how many it has.
    pub(super) fn year(&self, year: i32) -> Option<(i64, i64)> {
        let first = ScaleMonth {
            number: 1,
            leap: false,
        };
        let date = Date::try_new(year.into(), first.to_icu(), 1, Ref(&self.0)).ok()?;
        let day = date.to_rata_die().to_i64_date() - EPOCH;
        Some((day, date.days_in_year().into()))
    }

    /// The months of a year in their order.
    pub(super) fn months(&self, year: i32) -> Vec<ScaleMonth> {
        let mut months = Vec::with_capacity(13);
        let Some((mut day, length)) = self.year(year) else {
            return months;
        };
        let end = day + length;
        while day < end && months.len() < 14 {
            let month = self.date(day).month;
            let Some((first, length)) = self.month(year, month) else {
                break;
            };
            months.push(month);
            day = first + length;
        }
        months
    }
}
