//! What a person waits for, measured: from his message to the first words of its answer, and Mosaic's own share of it.

use tokio::time::Instant;

/// How long a person waits for the first words of an answer.
#[derive(Debug)]
pub(super) struct FirstWords {
    pub(super) accepted: Instant,
    /// Whether the agent was ready or had to be started, as the metric names it.
    pub(super) agent: &'static str,
}

impl FirstWords {
    /// Up to here it was Mosaic alone, where the agent was ready.
    pub(super) fn about_to_send(&self) {
        if self.agent == "ready" {
            telemetry::OVERHEAD.record_duration(["turn"], self.accepted.elapsed());
        }
    }

    pub(super) fn came(self) {
        telemetry::FIRST_WORDS.record_duration([self.agent], self.accepted.elapsed());
    }
}
