//! How the lines of the log look: text for people, or an object of JSON each. Which it is can change
//! at any time, and what is in progress then is logged in both.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{DefaultFields, Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format};
use tracing_subscriber::registry::LookupSpan;

static JSON: AtomicBool = AtomicBool::new(false);

/// Lines are objects of JSON from now on, or text.
pub fn set_json(json: bool) {
    JSON.store(json, Ordering::Relaxed);
}

fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// Writes lines.
pub struct Lines {
    text: Format,
    json: Format<Json>,
    /// Where the span was begun as text.
    json_without_span: Format<Json>,
}

impl Default for Lines {
    fn default() -> Self {
        let json = || {
            let json = format().json().flatten_event(true);
            json.with_span_list(false)
        };
        Self {
            text: format().with_ansi(false),
            json: json(),
            json_without_span: json().with_current_span(false),
        }
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if !is_json() {
            return self.text.format_event(ctx, writer, event);
        }
        let span = event.parent().and_then(|id| ctx.span(id));
        let span = span.or_else(|| ctx.lookup_current());
        let begun_as_json = span.is_none_or(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            fields.is_some_and(|fields| fields.fields.starts_with('{'))
        });
        match begun_as_json {
            true => self.json.format_event(ctx, writer, event),
            false => self.json_without_span.format_event(ctx, writer, event),
        }
    }
}

/// Writes what spans say: as it is begun it goes on.
pub struct Fields;

impl<'a> FormatFields<'a> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'a>, fields: R) -> fmt::Result {
        match is_json() {
            true => JsonFields::new().format_fields(writer, fields),
            false => DefaultFields::new().format_fields(writer, fields),
        }
    }

    fn add_fields(
        &self,
        current: &'a mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        if current.fields.is_empty() {
            return self.format_fields(current.as_writer(), fields);
        }
        let Some(begun) = current.fields.strip_suffix('}').map(str::to_owned) else {
            current.fields.push(' ');
            return DefaultFields::new().format_fields(current.as_writer(), fields);
        };
        let mut more = String::new();
        JsonFields::new().format_fields(Writer::new(&mut more), fields)?;
        let more = more.strip_prefix('{').unwrap_or_default();
        let between = match (begun.as_str(), more) {
            ("{", _) | (_, "}") => "",
            _ => ",",
        };
        current.fields = format!("{begun}{between}{more}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::io::{self, Write};
    use std::sync::Arc;
    use tracing::field::Empty;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_change_their_format_while_spans_are_open() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .event_format(Lines::default())
            .fmt_fields(Fields)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let of_text = tracing::info_span!("request", trace = "t1", status = Empty);
            of_text.in_scope(|| tracing::info!("one"));
            set_json(true);
            of_text.in_scope(|| tracing::info!("two"));
            let of_json = tracing::info_span!("request", trace = "t2", status = Empty);
            of_json.record("status", 200);
            of_text.record("status", 404);
            of_json.in_scope(|| tracing::info!(module = "m", "three"));
            set_json(false);
            of_json.in_scope(|| tracing::info!("four"));
            of_text.in_scope(|| tracing::info!("five"));
        });
        let text = String::from_utf8(written.0.lock().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let [one, two, three, four, five] = lines[..] else {
            panic!("{text}");
        };
        assert!(
            one.contains("trace=\"t1\"") && one.ends_with("one"),
            "{one}"
        );
        let json = |line| serde_json::from_str::<serde_json::Value>(line).unwrap();
        assert_eq!(json(two)["message"], "two");
        let three = json(three);
        assert_eq!(
            (&three["message"], &three["module"]),
            (&"three".into(), &"m".into())
        );
        assert_eq!(three["span"]["trace"], "t2");
        assert_eq!(three["span"]["status"], 200);
        assert!(four.contains("t2") && four.ends_with("four"), "{four}");
        assert!(five.contains("trace=\"t1\" status=404"), "{five}");
    }
}
