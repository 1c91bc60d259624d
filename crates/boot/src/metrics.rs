//! The metrics' listener: a port of its own, for Prometheus alone.
//!
//! Owns the recorder and where it answers. It must not decide what is measured: that is the table in `telemetry`.

use crate::spawn_named;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use std::net::SocketAddr;
use telemetry::MetricType;

/// The listener cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The address cannot be listened on.
    #[error("metrics cannot be served on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: BuildError,
    },
    /// Somebody was first.
    #[error("metrics are set up already")]
    Twice,
}

/// Answers every GET at `listen` with all figures of this process, from now on. Once per process, within a runtime.
///
/// Nobody is asked who he is: `listen` must be an address that only Prometheus reaches.
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
    metrics::set_global_recorder(recorder).map_err(|_| MetricsError::Twice)?;
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
            tracing::error!(%listen, "the metrics' listener ended");
        }
    });
    tracing::info!(%listen, "serving metrics");
    Ok(())
}
