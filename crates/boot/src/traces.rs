//! Traces by OTLP over HTTP.
//!
//! Owns the exporter, which sends spans of the target [`telemetry::SPANS`] but never the events within: those are log
//! lines. It must not decide what is a span.

use async_trait::async_trait;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response, hyper::HyperClient};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider},
};
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::{
    Event, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{
    Layer,
    filter::FilterFn,
    layer::{Context, Filter},
    registry::LookupSpan,
};

/// What a collector does not accept in this time is lost. Nothing else waits for it.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends spans to a collector.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Sends to the collector at `endpoint` (`http://host:port`) as `service`. Call it within a runtime.
    pub(crate) fn new(endpoint: &str, service: &'static str) -> Result<Self, ExporterBuildError> {
        let client = RuntimeClient {
            runtime: Handle::current(),
            client: HyperClient::with_default_connector(EXPORT_TIMEOUT, None),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT_TIMEOUT)
            .build()?;
        let resource = Resource::builder().with_service_name(service).build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        Ok(Self { provider })
    }

    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let layer: OpenTelemetryLayer<S, SdkTracer> = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("mosaic"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        let spans = FilterFn::new(|metadata| metadata.is_span() && metadata.target() == telemetry::SPANS);
        layer.with_filter(UncachedFilter(spans.with_max_level_hint(LevelFilter::INFO)))
    }

    /// Sends the remaining spans, within a few seconds.
    pub async fn shutdown(self) {
        let shutdown =
            tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(EXPORT_TIMEOUT)).await;
        if !matches!(shutdown, Ok(Ok(()))) {
            tracing::warn!("the last spans did not reach the collector");
        }
    }
}

/// A filter whose result for a call site is never cached. The library combines a cached result with that of the thread's
/// last query, so that a query whether something would be logged (as by libraries that use the crate `log`) would hide the
/// next span.
pub(crate) struct UncachedFilter<F>(pub(crate) F);

impl<S, F: Filter<S>> Filter<S> for UncachedFilter<F> {
    fn enabled(&self, metadata: &Metadata<'_>, cx: &Context<'_, S>) -> bool {
        self.0.enabled(metadata, cx)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        // The inner filter needs the call to register the call site.
        let _ = self.0.callsite_enabled(metadata);
        Interest::sometimes()
    }

    fn event_enabled(&self, event: &Event<'_>, cx: &Context<'_, S>) -> bool {
        self.0.event_enabled(event, cx)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.max_level_hint()
    }

    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        self.0.on_new_span(attrs, id, cx);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        self.0.on_record(id, values, cx);
    }

    fn on_enter(&self, id: &Id, cx: Context<'_, S>) {
        self.0.on_enter(id, cx);
    }

    fn on_exit(&self, id: &Id, cx: Context<'_, S>) {
        self.0.on_exit(id, cx);
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        self.0.on_close(id, cx);
    }
}

/// Runs the client on the runtime: the exporter's thread has none.
#[derive(Debug)]
struct RuntimeClient {
    runtime: Handle,
    client: HyperClient,
}

#[async_trait]
impl HttpClient for RuntimeClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        // Awaited at once, on a thread that is not a task.
        #[allow(clippy::disallowed_methods)]
        self.runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}
