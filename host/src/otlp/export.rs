//! From spans of `tracing` to a collector's, in batches on a thread of the exporter's.

use super::OtlpError;
use super::client::Client;
use http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::time::Duration;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// Where collectors take traces, below the endpoint. OTLP Specification, OTLP/HTTP Request.
const PATH: &str = "/v1/traces";
/// How long the end waits until what is left has been sent.
const FLUSH_TIME_MAX: Duration = Duration::from_secs(3);

/// Sends what is left when it is dropped.
pub struct Exporter(SdkTracerProvider);

impl Drop for Exporter {
    fn drop(&mut self) {
        // The client has logged what went wrong.
        let _ = self.0.shutdown_with_timeout(FLUSH_TIME_MAX);
    }
}

/// Makes the layer that spans go through, on a thread of the runtime that is to send them; none
/// without an endpoint.
pub fn begin<S>(
    endpoint: Option<&str>,
) -> Result<Option<(impl Layer<S> + Send + Sync + use<S>, Exporter)>, OtlpError>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let Some(endpoint) = endpoint else {
        return Ok(None);
    };
    let refuse = |reason: String| OtlpError {
        endpoint: endpoint.to_owned(),
        reason,
    };
    let url = format!("{}{PATH}", endpoint.trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new(&url).map_err(refuse)?)
        .with_endpoint(url)
        .build()
        .map_err(|error| refuse(error.to_string()))?;
    let resource = Resource::builder()
        .with_service_name(env!("CARGO_PKG_NAME"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build();
    // Ours alone, whatever the log shows; lines of requests stand in no span.
    let wanted = Targets::new()
        .with_target("chapar", Level::DEBUG)
        .with_target("runtime", Level::DEBUG)
        .with_target("chapar::request", LevelFilter::OFF);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(env!("CARGO_PKG_NAME")))
        .with_location(false)
        .with_threads(false)
        .with_filter(wanted);
    Ok(Some((layer, Exporter(provider))))
}

/// Makes a request's span part of the trace that the request names. W3C Trace Context §3.2.
pub fn join(span: &Span, fields: &HeaderMap) {
    if span.is_disabled() {
        return;
    }
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(fields));
    if parent.span().span_context().is_valid() {
        // It fails only where no layer exports spans.
        let _ = span.set_parent(parent);
    }
}
