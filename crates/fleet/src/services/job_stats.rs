//! The job board's numbers. Every open board asks for them, so they are kept for a moment.

use crate::Result;
use ::jobs::{
    JobState, Tx,
    board::{self, OwnerFilter},
};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde::Serialize;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::Instant;
use utoipa::ToSchema;

/// How long numbers are good for, at least.
const MIN_TTL: Duration = Duration::from_secs(1);
/// Numbers are kept for so many owners; beyond that, those that are out of date go.
const MAX_OWNERS: usize = 1000;
/// A state's jobs are counted up to this many.
const MAX_COUNT: i64 = 10_000;

/// The numbers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobStats)]
pub struct Stats {
    counts: Vec<Count>,
    throughput: Vec<Minute>,
    times: Vec<Times>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JobCount)]
struct Count {
    state: JobState,
    lane: String,
    count: i64,
    /// Whether there are more than `count`.
    more: bool,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JobMinute)]
struct Minute {
    minute: DateTime<Utc>,
    done: i64,
    failed: i64,
    cancelled: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobTimes)]
struct Times {
    /// Null for all lanes together.
    lane: Option<String>,
    wait_ms: Percentiles,
    run_ms: Percentiles,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JobSpread)]
struct Percentiles {
    p50: f64,
    p95: f64,
}

impl Stats {
    /// Counts now.
    pub(crate) async fn count(tx: &mut Tx, owner: OwnerFilter) -> Result<Self> {
        let counts = board::counts(tx, owner).await?.into_iter().map(|count| Count {
            state: count.state,
            lane: count.lane,
            more: count.count > MAX_COUNT,
            count: count.count.min(MAX_COUNT),
        });
        let counts = counts.collect();
        let throughput = board::throughput(tx, owner).await?.into_iter().map(|minute| Minute {
            minute: minute.minute,
            done: minute.done,
            failed: minute.failed,
            cancelled: minute.cancelled,
        });
        let throughput = throughput.collect();
        let times = board::percentiles(tx, owner).await?.into_iter().map(|times| Times {
            lane: times.lane,
            wait_ms: Percentiles { p50: times.wait_p50, p95: times.wait_p95 },
            run_ms: Percentiles { p50: times.run_p50, p95: times.run_p95 },
        });
        Ok(Self { counts, throughput, times: times.collect() })
    }
}

/// Numbers that were counted a moment ago, by whose jobs they are about.
#[derive(Default)]
pub(crate) struct StatsCache {
    by_owner: Mutex<HashMap<OwnerFilter, CachedStats>>,
}

struct CachedStats {
    expires_at: Instant,
    stats: Arc<Stats>,
}

impl StatsCache {
    pub(crate) fn get(&self, owner: OwnerFilter) -> Option<Arc<Stats>> {
        let by_owner = self.by_owner.lock();
        by_owner
            .get(&owner)
            .filter(|kept| kept.expires_at > Instant::now())
            .map(|kept| Arc::clone(&kept.stats))
    }

    /// Keeps numbers that took `took` to count: counting may cost a tenth of the time at most.
    pub(crate) fn put(&self, owner: OwnerFilter, stats: &Arc<Stats>, took: Duration) {
        let mut by_owner = self.by_owner.lock();
        let now = Instant::now();
        if by_owner.len() >= MAX_OWNERS {
            by_owner.retain(|_, kept| kept.expires_at > now);
        }
        let expires_at = now + MIN_TTL.max(took * 10);
        by_owner.insert(owner, CachedStats { expires_at, stats: Arc::clone(stats) });
    }
}
