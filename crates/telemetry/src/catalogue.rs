//! Every metric there is: its name, its labels, what it says. docs/OBSERVABILITY.md shows the same and is compared.
//!
//! Names end in their unit (`_seconds`) or in `_total` where they only grow. No label may hold what a person typed or an
//! id: each takes one of few values.

use crate::{Counter, Described, Gauge, Histogram};

/// Seconds of what a computer does: from a millisecond to ten seconds.
const QUICK: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Seconds of what a person waits for: up to ten minutes.
const SLOW: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0, 600.0];

macro_rules! catalogue {
    ($(#[doc = $help:literal] $constant:ident: $shape:ident $name:literal [$($label:literal)*] $($bounds:ident)?;)*) => {
        $(
            #[doc = $help]
            pub static $constant: $shape<{ <[&str]>::len(&[$($label),*]) }> =
                $shape { name: $name, labels: [$($label),*], help: $help $(, bounds: $bounds)? };
        )*

        /// All of them.
        pub fn all() -> Vec<Described> {
            vec![$($constant.described()),*]
        }
    };
}

catalogue! {
    /// 1, with the version that runs.
    BUILD_INFO: Gauge "mosaic_build_info" ["version"];

    /// Requests answered, by the route's pattern and the class of the status (2xx …).
    HTTP_REQUESTS: Counter "mosaic_http_requests_total" ["method" "route" "status"];
    /// From a request's arrival to the head of its answer.
    HTTP_SECONDS: Histogram "mosaic_http_request_seconds" ["method" "route"] QUICK;
    /// Streams that clients hold open now.
    STREAMS: Gauge "mosaic_streams_open" ["of"];
    /// Sign-ins by their way (password, oidc) and how they ended.
    SIGN_INS: Counter "mosaic_sign_ins_total" ["way" "outcome"];

    /// Turns that this process drives now.
    TURNS_DRIVEN: Gauge "mosaic_turns_driven" [];
    /// Turns that ended, by status.
    TURNS_ENDED: Counter "mosaic_turns_ended_total" ["status"];
    /// From a message's acceptance to the first words of its answer; the agent was ready, or had to be started.
    FIRST_WORDS: Histogram "mosaic_turn_first_words_seconds" ["agent"] SLOW;
    /// What Mosaic itself takes between a request and the agent, where the agent was ready.
    OVERHEAD: Histogram "mosaic_overhead_seconds" ["of"] QUICK;

    /// Attempts that ended, by what came of them.
    JOBS_ENDED: Counter "mosaic_jobs_ended_total" ["kind" "lane" "outcome"];
    /// From when a job was due to the start of its attempt.
    JOB_WAIT: Histogram "mosaic_job_wait_seconds" ["kind" "lane"] SLOW;
    /// How long an attempt ran.
    JOB_RUN: Histogram "mosaic_job_run_seconds" ["kind" "lane"] SLOW;
    /// How long the named steps of an attempt took; those of start-container are a container's start.
    JOB_PHASE: Histogram "mosaic_job_phase_seconds" ["kind" "phase"] SLOW;
    /// Jobs taken over from workers that fell silent.
    LEASES_LOST: Counter "mosaic_job_leases_lost_total" ["kind"];
    /// Jobs that wait or run, in the whole database. Counted up to 10,000 each.
    JOBS: Gauge "mosaic_jobs" ["kind" "lane" "state"];
    /// For how long the oldest job of a lane has been due and not begun, in the whole database; 0 when none is.
    JOBS_OLDEST: Gauge "mosaic_jobs_oldest_due_seconds" ["lane"];
    /// Workers that live, by version, in the whole database.
    WORKERS: Gauge "mosaic_workers" ["version"];

    /// Users' containers by what was last seen of them, in the whole database.
    CONTAINERS: Gauge "mosaic_containers" ["state"];

    /// 1 while the walls around agents are in force as the settings want them, else 0.
    GUARD: Gauge "mosaic_guard_enforced" [];

    /// Texts that were embedded, by engine (builtin, endpoint) and purpose (passage, query).
    EMBEDDED: Counter "mosaic_embedded_texts_total" ["engine" "purpose"];
    /// How long a batch took to embed.
    EMBED_SECONDS: Histogram "mosaic_embedding_batch_seconds" ["engine" "purpose"] QUICK;
    /// Batches that could not be embedded.
    EMBED_FAILURES: Counter "mosaic_embedding_failures_total" ["engine"];

    /// 1 while the database answers this process, else 0.
    DATABASE_UP: Gauge "mosaic_database_up" [];
    /// Connections of this process to the database, busy and idle.
    CONNECTIONS: Gauge "mosaic_database_connections" ["state"];
    /// The most connections that this process opens.
    CONNECTIONS_MOST: Gauge "mosaic_database_connections_max" [];
    /// From asking for a transaction to having it: the wait for a connection, and one round trip.
    BEGIN_SECONDS: Histogram "mosaic_database_begin_seconds" [] QUICK;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetricType;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_end_as_they_should() {
        let mut seen = HashSet::new();
        for metric in all() {
            assert!(seen.insert(metric.name), "{} is there twice", metric.name);
            assert!(metric.name.starts_with("mosaic_"), "{}", metric.name);
            assert_eq!(
                metric.name.ends_with("_total"),
                metric.sort == MetricType::Counter,
                "{}",
                metric.name
            );
            if matches!(metric.sort, MetricType::Histogram(_)) {
                assert!(metric.name.ends_with("_seconds"), "{}", metric.name);
            }
        }
    }
}
