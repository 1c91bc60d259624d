//! Statistics of the board: how many jobs are in which state, how many ended per minute, how long they waited and
//! ran.

use super::OwnerFilter;
use crate::{JobState, Result, Tx};
use chrono::{DateTime, Utc};

/// Counting stops here, so that the board stays fast: it shows "more than 10,000".
const MAX_COUNTED: i64 = 10_001;
/// Percentiles are taken over at most this many jobs, the last that ended.
const MAX_SAMPLED_JOBS: i64 = 10_000;

/// How many jobs of a lane are in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    pub state: JobState,
    pub lane: String,
    /// 10,001 stands for more than 10,000.
    pub count: i64,
}

/// How many jobs are in which state. For one user, the newest 10,000 jobs are counted.
pub async fn counts(tx: &mut Tx, owner: OwnerFilter) -> Result<Vec<StateCount>> {
    let counts = match owner {
        OwnerFilter::All => sqlx::query_as!(
            StateCount,
            r#"select state as "state!: JobState", lane as "lane!", count as "count!" from job_counts($1)"#,
            MAX_COUNTED,
        )
        .fetch_all(tx.conn())
        .await?,
        OwnerFilter::User(user) => {
            sqlx::query_file_as!(StateCount, "src/board/own_counts.sql", MAX_COUNTED - 1, user.uuid())
                .fetch_all(tx.conn())
                .await?
        }
    };
    Ok(counts)
}

/// How many jobs ended within one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThroughputMinute {
    /// When the minute began.
    pub minute: DateTime<Utc>,
    pub done: i64,
    /// Failed or dead.
    pub failed: i64,
    pub cancelled: i64,
}

/// The last sixty minutes, the oldest first. The last one is not over yet.
pub async fn throughput(tx: &mut Tx, owner: OwnerFilter) -> Result<Vec<ThroughputMinute>> {
    Ok(sqlx::query_file_as!(ThroughputMinute, "src/board/throughput.sql", owner.user_id())
        .fetch_all(tx.conn())
        .await?)
}

/// How long jobs that ended in the last hour waited for their last attempt, and how long that attempt ran; in
/// milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Percentiles {
    /// `None`: all lanes together.
    pub lane: Option<String>,
    pub wait_p50: f64,
    pub wait_p95: f64,
    pub run_p50: f64,
    pub run_p95: f64,
}

/// The percentiles of all lanes together and of each lane. Empty if no job ended.
pub async fn percentiles(tx: &mut Tx, owner: OwnerFilter) -> Result<Vec<Percentiles>> {
    Ok(sqlx::query_file_as!(Percentiles, "src/board/percentiles.sql", owner.user_id(), MAX_SAMPLED_JOBS)
        .fetch_all(tx.conn())
        .await?)
}
