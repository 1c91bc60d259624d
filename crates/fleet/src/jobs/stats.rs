//! The board's numbers. Asked for by every open board, so they are kept for a moment.

use super::whose;
use crate::{Cx, Result};
use ::jobs::{
    JobState,
    board::{self, Whose},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use utoipa::ToSchema;

/// Numbers are at least this old before they are asked for again.
const FRESH: Duration = Duration::from_secs(1);
/// Kept at most for so many users; beyond that the oldest go.
const KEPT: usize = 1000;

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
    wait_ms: Spread,
    run_ms: Spread,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JobSpread)]
struct Spread {
    p50: f64,
    p95: f64,
}

/// Numbers that were asked for a moment ago, by whose jobs they are about.
#[derive(Default)]
pub(crate) struct Cached {
    kept: Mutex<HashMap<Whose, (Instant, Arc<Stats>)>>,
}

impl Cached {
    fn get(&self, whose: Whose) -> Option<Arc<Stats>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&whose).filter(|(until, _)| *until > Instant::now()).map(|(_, stats)| Arc::clone(stats))
    }

    /// A question that took long is not asked again at once: it may cost a tenth of the time at most.
    fn keep(&self, whose: Whose, stats: &Arc<Stats>, took: Duration) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if kept.len() >= KEPT {
            kept.retain(|_, (until, _)| *until > now);
        }
        kept.insert(whose, (now + FRESH.max(took * 10), Arc::clone(stats)));
    }
}

/// The numbers of the actor's jobs, at most a second old (longer only where counting takes long).
pub async fn stats(cx: &Cx) -> Result<Arc<Stats>> {
    let whose = whose(cx)?;
    if let Some(stats) = cx.services.stats.get(whose) {
        return Ok(stats);
    }
    let began = Instant::now();
    let stats = Arc::new(count(cx, whose).await?);
    cx.services.stats.keep(whose, &stats, began.elapsed());
    Ok(stats)
}

async fn count(cx: &Cx, whose: Whose) -> Result<Stats> {
    let mut tx = cx.begin().await?;
    let counts = board::counts(&mut tx, whose).await?.into_iter().map(|count| Count {
        state: count.state,
        lane: count.lane,
        more: count.count > 10_000,
        count: count.count.min(10_000),
    });
    let counts = counts.collect();
    let throughput = board::throughput(&mut tx, whose).await?.into_iter().map(|minute| Minute {
        minute: minute.minute,
        done: minute.done,
        failed: minute.failed,
        cancelled: minute.cancelled,
    });
    let throughput = throughput.collect();
    let times = board::spreads(&mut tx, whose).await?.into_iter().map(|spread| Times {
        lane: spread.lane,
        wait_ms: Spread { p50: spread.wait_p50, p95: spread.wait_p95 },
        run_ms: Spread { p50: spread.run_p50, p95: spread.run_p95 },
    });
    Ok(Stats { counts, throughput, times: times.collect() })
}
