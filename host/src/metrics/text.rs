//! Metrics as text: Prometheus's exposition format 0.0.4, and OpenMetrics 1.0 for those who ask.
//!
//! Ours, because what is counted is counted in plain atomics, in the runtime and the store too,
//! and read when someone asks; libraries of metrics want to hold the values themselves.

use super::histogram::Distribution;
use std::fmt::Write;

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus's own, 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// Chooses by the Accept field: OpenMetrics only if it is named.
    pub fn of(accept: Option<&str>) -> Self {
        let named = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"));
            named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        };
        match accept.is_some_and(|accept| accept.split(',').any(named)) {
            true => Self::OpenMetrics,
            false => Self::Prometheus,
        }
    }

    /// The media type of the text.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What a family's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; its name ends in `_total`.
    Counter,
    /// Comes and goes.
    Gauge,
    /// Counts by size.
    Histogram,
    /// Always 1, for the labels' sake; its name ends in `_info`.
    Info,
}

/// A label's name and value.
pub type Label<'a> = (&'static str, &'a str);

/// The text as far as it is written.
pub struct Page {
    text: String,
    format: Format,
}

impl Page {
    /// Begins a text.
    pub fn new(format: Format) -> Self {
        Self {
            text: String::with_capacity(16 << 10),
            format,
        }
    }

    /// Begins a family; nothing is written of one without samples.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Family<'_> {
        Family {
            page: self,
            name,
            kind,
            help,
            begun: false,
        }
    }

    /// Writes a family of one sample without labels.
    pub fn single(&mut self, name: &'static str, kind: Kind, help: &'static str, value: f64) {
        self.family(name, kind, help).sample(&[], value);
    }

    /// Returns the text.
    pub fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }

    fn line(&mut self, name: &str, suffix: &str, labels: &[Label<'_>], le: Option<&str>) {
        self.text.push_str(name);
        self.text.push_str(suffix);
        let all = labels.iter().copied().chain(le.map(|le| ("le", le)));
        let mut before = '{';
        for (name, value) in all {
            self.text.push(before);
            before = ',';
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(value, &mut self.text);
            self.text.push('"');
        }
        if before == ',' {
            self.text.push('}');
        }
        self.text.push(' ');
    }

    fn value(&mut self, value: f64) {
        let written = match value {
            _ if value.is_nan() => self.text.write_str("NaN"),
            f64::INFINITY => self.text.write_str("+Inf"),
            f64::NEG_INFINITY => self.text.write_str("-Inf"),
            _ => write!(self.text, "{value}"),
        };
        // Writing to a String can't fail.
        let _ = written;
        self.text.push('\n');
    }
}

/// A family of samples that is being written.
pub struct Family<'a> {
    page: &'a mut Page,
    name: &'static str,
    kind: Kind,
    help: &'static str,
    begun: bool,
}

impl Family<'_> {
    /// Writes a sample that is a whole number.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts beyond 2^53 are rounded, as every reader of the format does"
    )]
    pub fn count(&mut self, labels: &[Label<'_>], value: u64) {
        self.sample(labels, value as f64);
    }

    /// Writes a sample.
    pub fn sample(&mut self, labels: &[Label<'_>], value: f64) {
        self.begin();
        self.page.line(self.name, "", labels, None);
        self.page.value(value);
    }

    /// Writes the samples of a histogram of durations.
    pub fn distribution(&mut self, labels: &[Label<'_>], distribution: &Distribution) {
        self.buckets(labels, distribution.buckets(), distribution.sum());
    }

    /// Writes the samples of a histogram: each bucket's own count with its upper bound, which the
    /// last one has none of, and the sum of all that was counted.
    pub fn buckets(
        &mut self,
        labels: &[Label<'_>],
        buckets: impl Iterator<Item = (Option<f64>, u64)>,
        sum: f64,
    ) {
        self.begin();
        let mut count = 0;
        for (bound, more) in buckets {
            count += more;
            let le = match bound {
                Some(bound) => format!("{bound:?}"),
                None => "+Inf".to_owned(),
            };
            self.page.line(self.name, "_bucket", labels, Some(&le));
            let _ = writeln!(self.page.text, "{count}");
        }
        self.page.line(self.name, "_sum", labels, None);
        self.page.value(sum);
        self.page.line(self.name, "_count", labels, None);
        let _ = writeln!(self.page.text, "{count}");
    }

    fn begin(&mut self) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        // OpenMetrics names the family without the suffix that its samples have.
        let (name, kind) = match (self.page.format, self.kind) {
            (Format::OpenMetrics, Kind::Counter) => {
                (self.name.trim_end_matches("_total"), "counter")
            }
            (Format::OpenMetrics, Kind::Info) => (self.name.trim_end_matches("_info"), "info"),
            (_, Kind::Counter) => (self.name, "counter"),
            (_, Kind::Gauge | Kind::Info) => (self.name, "gauge"),
            (_, Kind::Histogram) => (self.name, "histogram"),
        };
        let help = self.help;
        let _ = write!(
            self.page.text,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n"
        );
    }
}

/// Writes a label's value: backslash, quote and line feed escaped.
fn escape(value: &str, text: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::histogram::Histogram;
    use super::*;
    use std::time::Duration;

    fn page(format: Format) -> String {
        let mut page = Page::new(format);
        let mut family = page.family("a_total", Kind::Counter, "Things.");
        family.count(&[("x", "a\\b\"c\nd"), ("y", "")], 3);
        family.count(&[], 1 << 40);
        page.family("none", Kind::Gauge, "Nothing.");
        let histogram = Histogram::default();
        histogram.add(Duration::from_millis(3));
        let mut family = page.family("b_seconds", Kind::Histogram, "Times.");
        family.distribution(&[("x", "1")], &histogram.read());
        page.family("c_info", Kind::Info, "Words.")
            .count(&[("v", "1")], 1);
        page.finish()
    }

    #[test]
    fn families_have_a_head_and_labels_are_escaped() {
        let text = page(Format::Prometheus);
        assert!(text.starts_with(
            "# HELP a_total Things.\n# TYPE a_total counter\n\
             a_total{x=\"a\\\\b\\\"c\\nd\",y=\"\"} 3\na_total 1099511627776\n"
        ));
        assert!(!text.contains("none"));
        assert!(text.contains("b_seconds_bucket{x=\"1\",le=\"0.0025\"} 0\n"));
        assert!(text.contains("b_seconds_bucket{x=\"1\",le=\"0.005\"} 1\n"));
        assert!(text.contains("b_seconds_bucket{x=\"1\",le=\"+Inf\"} 1\n"));
        assert!(text.contains("b_seconds_sum{x=\"1\"} 0.003\nb_seconds_count{x=\"1\"} 1\n"));
        assert!(text.contains("# TYPE c_info gauge\nc_info{v=\"1\"} 1\n"));
    }

    #[test]
    fn openmetrics_names_families_without_suffix_and_ends() {
        let text = page(Format::OpenMetrics);
        assert!(text.contains("# TYPE a counter\na_total{"));
        assert!(text.contains("# TYPE c info\nc_info{"));
        assert!(text.contains("le=\"1.0\""));
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn openmetrics_is_for_those_who_name_it() {
        for (accept, format) in [
            (None, Format::Prometheus),
            (Some("*/*"), Format::Prometheus),
            (Some("text/plain;version=0.0.4"), Format::Prometheus),
            (
                Some("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"),
                Format::OpenMetrics,
            ),
            (
                Some("text/plain, application/openmetrics-text; q=0"),
                Format::Prometheus,
            ),
        ] {
            assert_eq!(Format::of(accept), format, "{accept:?}");
        }
    }
}
