//! Measures the time from a message to the first token of its answer, and Mosaic's own share of it.

use tokio::time::Instant;

/// A measurement that began when the message was accepted.
#[derive(Debug)]
pub(super) struct TimeToFirstToken {
    pub(super) accepted_at: Instant,
    /// `ready` or `started`: whether the agent was ready or had to be started. A label of the metric.
    pub(super) agent: &'static str,
}

impl TimeToFirstToken {
    /// If the agent was ready, the time until now is Mosaic's own.
    pub(super) fn record_overhead(&self) {
        if self.agent == "ready" {
            telemetry::OVERHEAD_SECONDS.record_duration(["turn"], self.accepted_at.elapsed());
        }
    }

    pub(super) fn record(self) {
        telemetry::TIME_TO_FIRST_TOKEN.record_duration([self.agent], self.accepted_at.elapsed());
    }
}
