//! From spans of `tracing` to a collector's, in batches on a thread of the exporter's.

use super::OtlpError;
use super::client::Client;
use arc_swap::ArcSwapOption;
use http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;

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

/// Changes the collector, once spans have begun.
static COLLECTOR: OnceLock<Box<dyn Fn(Option<SpanExporter>) + Send + Sync>> = OnceLock::new();

/// Sends spans to the collector of the moment; without one they are dropped.
#[derive(Clone, Debug, Default)]
struct Outlet(Arc<ArcSwapOption<SpanExporter>>);

impl opentelemetry_sdk::trace::SpanExporter for Outlet {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        match self.0.load_full() {
            Some(collector) => collector.export(batch).await,
            None => Ok(()),
        }
    }
}

/// Makes the layer that spans go through, on a thread of the runtime that is to send them. Without an
/// endpoint nothing passes it until [`set_endpoint`] names one.
pub fn begin<S>(
    endpoint: Option<&str>,
) -> Result<(impl Layer<S> + Send + Sync + use<S>, Exporter), OtlpError>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let collector = endpoint.map(collector).transpose()?;
    let (filter, handle) = reload::Layer::new(wanted(collector.is_some()));
    let outlet = Outlet(Arc::new(ArcSwapOption::from_pointee(collector)));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(outlet.clone())
        .with_resource(resource())
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(env!("CARGO_PKG_NAME")))
        .with_location(false)
        .with_threads(false)
        .with_filter(filter);
    let _ = COLLECTOR.set(Box::new(move |collector| {
        let wanted = wanted(collector.is_some());
        outlet.0.store(collector.map(Arc::new));
        // It fails only where the subscriber is gone.
        let _ = handle.reload(wanted);
    }));
    Ok((layer, Exporter(provider)))
}

/// Sends spans there from now on, what waits to be sent included; on a thread of the runtime that is
/// to send them.
pub fn set_endpoint(endpoint: Option<&str>) -> Result<(), OtlpError> {
    let collector = endpoint.map(collector).transpose()?;
    if let Some(set) = COLLECTOR.get() {
        set(collector);
    }
    Ok(())
}

fn collector(endpoint: &str) -> Result<SpanExporter, OtlpError> {
    let refuse = |reason: String| OtlpError {
        endpoint: endpoint.to_owned(),
        reason,
    };
    let url = format!("{}{PATH}", endpoint.trim_end_matches('/'));
    let mut collector = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new(&url).map_err(refuse)?)
        .with_endpoint(url)
        .build()
        .map_err(|error| refuse(error.to_string()))?;
    collector.set_resource(&resource());
    Ok(collector)
}

fn resource() -> Resource {
    Resource::builder()
        .with_service_name(env!("CARGO_PKG_NAME"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

/// What passes: spans that are ours, whatever the log shows; lines of requests stand in no span.
fn wanted(is_sent: bool) -> Targets {
    match is_sent {
        true => Targets::new()
            .with_target("chapar", Level::DEBUG)
            .with_target("runtime", Level::DEBUG)
            .with_target("chapar::request", LevelFilter::OFF),
        false => Targets::new(),
    }
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
