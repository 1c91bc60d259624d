//! The metrics listener: a separate port for Prometheus.
//!
//! Owns the recorder and the listener. It must not decide what is measured: that is the table in `telemetry`.

use crate::spawn_named;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use std::net::SocketAddr;
use telemetry::MetricType;

#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    #[error("metrics cannot be served on {listen}: {source}")]
    Listen { listen: SocketAddr, source: BuildError },
    #[error("metrics are set up already")]
    AlreadySet,
}

/// Serves all metrics of this process at `listen` from now on. Call it once per process, within a runtime.
///
/// There is no authentication: `listen` must be an address that only Prometheus can reach.
pub fn serve(listen: SocketAddr, version: &'static str) -> Result<(), MetricsError> {
    let failed = |source| MetricsError::Listen { listen, source };
    let mut builder = PrometheusBuilder::new().with_http_listener(listen);
    for metric in telemetry::all() {
        if let MetricType::Histogram(bounds) = metric.metric_type {
            let name = Matcher::Full(metric.name.to_owned());
            builder = builder.set_buckets_for_metric(name, bounds).map_err(failed)?;
        }
    }
    let (recorder, exporter) = builder.build().map_err(failed)?;
    metrics::set_global_recorder(recorder).map_err(|_| MetricsError::AlreadySet)?;
    for metric in telemetry::all() {
        match metric.metric_type {
            MetricType::Counter => metrics::describe_counter!(metric.name, metric.help),
            MetricType::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            MetricType::Histogram(_) => metrics::describe_histogram!(metric.name, metric.help),
        }
    }
    telemetry::BUILD_INFO.set([version], 1.0);
    spawn_named("metrics", async move {
        if exporter.await.is_err() {
            tracing::error!(%listen, "the metrics listener ended");
        }
    });
    tracing::info!(%listen, "serving metrics");
    Ok(())
}
