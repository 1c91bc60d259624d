//! Every metric: its name, labels and help text. A test compares docs/OBSERVABILITY.md with this table.
//!
//! Names end in their unit (`_seconds`), or in `_total` for counters. Each label takes one of a few values: none may hold
//! an id or anything that a user typed.

use crate::{Counter, Gauge, Histogram, MetricDescription};

/// For work that a machine does: from a millisecond to ten seconds.
const FAST_BUCKETS_SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// For what a person waits for: up to ten minutes.
const SLOW_BUCKETS_SECONDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0, 600.0];

macro_rules! catalogue {
    ($(#[doc = $help:literal] $constant:ident: $kind:ident $name:literal [$($label:literal)*] $($bounds:ident)?;)*) => {
        $(
            #[doc = $help]
            pub static $constant: $kind<{ <[&str]>::len(&[$($label),*]) }> =
                $kind { name: $name, labels: [$($label),*], help: $help $(, bounds: $bounds)? };
        )*

        /// The whole table.
        pub fn all() -> Vec<MetricDescription> {
            vec![$($constant.description()),*]
        }
    };
}

catalogue! {
    /// Always 1, with the running version as a label.
    BUILD_INFO: Gauge "mosaic_build_info" ["version"];

    /// Answered requests, by the route's pattern and the class of the status (2xx …).
    HTTP_REQUESTS: Counter "mosaic_http_requests_total" ["method" "route" "status"];
    /// Time from a request's arrival to the head of its response.
    HTTP_REQUEST_SECONDS: Histogram "mosaic_http_request_seconds" ["method" "route"] FAST_BUCKETS_SECONDS;
    /// Streams that clients have open.
    OPEN_STREAMS: Gauge "mosaic_streams_open" ["of"];
    /// Sign-ins, by method (password, oidc) and outcome.
    SIGN_INS: Counter "mosaic_sign_ins_total" ["way" "outcome"];

    /// Turns that this process is driving.
    DRIVEN_TURNS: Gauge "mosaic_turns_driven" [];
    /// Turns that ended, by status.
    ENDED_TURNS: Counter "mosaic_turns_ended_total" ["status"];
    /// Time from accepting a message to the first words of its answer, by whether the agent was ready or had to be started.
    TIME_TO_FIRST_TOKEN: Histogram "mosaic_turn_first_words_seconds" ["agent"] SLOW_BUCKETS_SECONDS;
    /// Time that Mosaic itself adds between a request and an agent that was ready.
    OVERHEAD_SECONDS: Histogram "mosaic_overhead_seconds" ["of"] FAST_BUCKETS_SECONDS;

    /// Attempts that ended, by outcome.
    ENDED_ATTEMPTS: Counter "mosaic_jobs_ended_total" ["kind" "lane" "outcome"];
    /// Time from when a job was due to the start of its attempt.
    JOB_WAIT_SECONDS: Histogram "mosaic_job_wait_seconds" ["kind" "lane"] SLOW_BUCKETS_SECONDS;
    /// Duration of an attempt.
    JOB_RUN_SECONDS: Histogram "mosaic_job_run_seconds" ["kind" "lane"] SLOW_BUCKETS_SECONDS;
    /// Duration of each named step of an attempt. The steps of start-container are those of a container's start.
    JOB_PHASE_SECONDS: Histogram "mosaic_job_phase_seconds" ["kind" "phase"] SLOW_BUCKETS_SECONDS;
    /// Jobs taken over from workers whose leases lapsed.
    LOST_LEASES: Counter "mosaic_job_leases_lost_total" ["kind"];
    /// Jobs that wait or run, in the whole database, each counted up to 10,000.
    JOBS: Gauge "mosaic_jobs" ["kind" "lane" "state"];
    /// How long the oldest due job of a lane has waited to start, in the whole database; 0 when none is due.
    OLDEST_DUE_JOB_SECONDS: Gauge "mosaic_jobs_oldest_due_seconds" ["lane"];
    /// Live workers by version, in the whole database.
    WORKERS: Gauge "mosaic_workers" ["version"];

    /// Users' containers by their last observed state, in the whole database.
    CONTAINERS: Gauge "mosaic_containers" ["state"];

    /// 1 while the firewall around agents is in force as the settings require, else 0.
    GUARD_ENFORCED: Gauge "mosaic_guard_enforced" [];

    /// Embedded texts, by engine (builtin, endpoint) and purpose (passage, query).
    EMBEDDED_TEXTS: Counter "mosaic_embedded_texts_total" ["engine" "purpose"];
    /// Duration of embedding one batch.
    EMBEDDING_SECONDS: Histogram "mosaic_embedding_batch_seconds" ["engine" "purpose"] FAST_BUCKETS_SECONDS;
    /// Batches that could not be embedded.
    EMBEDDING_FAILURES: Counter "mosaic_embedding_failures_total" ["engine"];

    /// 1 while the database answers this process, else 0.
    DATABASE_UP: Gauge "mosaic_database_up" [];
    /// Connections of this process to the database, busy and idle.
    CONNECTIONS: Gauge "mosaic_database_connections" ["state"];
    /// The largest number of connections that this process opens.
    MAX_CONNECTIONS: Gauge "mosaic_database_connections_max" [];
    /// Time to begin a transaction: the wait for a connection, and one round trip.
    TRANSACTION_BEGIN_SECONDS: Histogram "mosaic_database_begin_seconds" [] FAST_BUCKETS_SECONDS;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetricType;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_end_in_their_unit() {
        let mut seen = HashSet::new();
        for metric in all() {
            assert!(seen.insert(metric.name), "{} is defined twice", metric.name);
            assert!(metric.name.starts_with("mosaic_"), "{}", metric.name);
            assert_eq!(
                metric.name.ends_with("_total"),
                metric.metric_type == MetricType::Counter,
                "{}",
                metric.name
            );
            if matches!(metric.metric_type, MetricType::Histogram(_)) {
                assert!(metric.name.ends_with("_seconds"), "{}", metric.name);
            }
        }
    }
}
