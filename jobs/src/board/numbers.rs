//! Numbers of the board: how many stand where, how many ended per minute, how long they waited and ran.

use super::Whose;
use crate::{JobState, Result, Tx};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, Row, postgres::PgRow};

/// Nobody counts further: a board that says "10,000 and more" stays fast.
const MOST: i64 = 10_001;
/// Waits and runs are those of at most so many newest ends of the last hour.
const SAMPLE: i64 = 10_000;

/// Jobs of a lane in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The state.
    pub state: JobState,
    /// The lane.
    pub lane: String,
    /// How many; 10,001 stands for more than 10,000.
    pub count: i64,
}

impl FromRow<'_, PgRow> for Count {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self { state: state(row)?, lane: row.try_get("lane")?, count: row.try_get("count")? })
    }
}

fn state(row: &PgRow) -> sqlx::Result<JobState> {
    JobState::from_stored(row.try_get("state")?).ok_or_else(|| sqlx::Error::Decode("jobs.state".into()))
}

/// How many jobs stand where. One user's are counted over his newest 10,000.
pub async fn counts(tx: &mut Tx, whose: Whose) -> Result<Vec<Count>> {
    let query = match whose {
        Whose::Everybodys => sqlx::query_as("select * from job_counts($1)").bind(MOST),
        Whose::Of(user) => sqlx::query_as(include_str!("own_counts.sql")).bind(MOST - 1).bind(user.uuid()),
    };
    Ok(query.fetch_all(tx.conn()).await?)
}

/// Ends within one minute.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Minute {
    /// Its begin.
    pub minute: DateTime<Utc>,
    /// Jobs that were done.
    pub done: i64,
    /// Jobs that failed or died.
    pub failed: i64,
    /// Jobs that were cancelled.
    pub cancelled: i64,
}

/// The last sixty minutes, the oldest first; the present one is not over.
pub async fn throughput(tx: &mut Tx, whose: Whose) -> Result<Vec<Minute>> {
    let sql = "with ends as (
                   select date_trunc('minute', finished_at) as minute,
                          count(*) filter (where state = 'done') as done,
                          count(*) filter (where state in ('failed', 'dead')) as failed,
                          count(*) filter (where state = 'cancelled') as cancelled
                   from jobs
                   where finished_at >= date_trunc('minute', now()) - interval '59 minutes'
                         and ($1::uuid is null or owner_id = $1)
                   group by 1
               )
               select m.minute, coalesce(e.done, 0) as done, coalesce(e.failed, 0) as failed,
                      coalesce(e.cancelled, 0) as cancelled
               from generate_series(date_trunc('minute', now()) - interval '59 minutes',
                                    date_trunc('minute', now()), interval '1 minute') as m (minute)
               left join ends e using (minute)
               order by m.minute";
    Ok(sqlx::query_as(sql).bind(whose.owner()).fetch_all(tx.conn()).await?)
}

/// How long jobs that ended in the last hour waited for their last attempt, and how long that ran; in
/// milliseconds.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Spread {
    /// The lane; `None` for all together.
    pub lane: Option<String>,
    /// Half of them waited at most so long.
    pub wait_p50: f64,
    /// Nineteen of twenty waited at most so long.
    pub wait_p95: f64,
    /// Half of them ran at most so long.
    pub run_p50: f64,
    /// Nineteen of twenty ran at most so long.
    pub run_p95: f64,
}

/// The spreads of all lanes together and of each; none where nothing ended.
pub async fn spreads(tx: &mut Tx, whose: Whose) -> Result<Vec<Spread>> {
    let sql = "select lane,
                      percentile_cont(0.5) within group (order by wait) as wait_p50,
                      percentile_cont(0.95) within group (order by wait) as wait_p95,
                      percentile_cont(0.5) within group (order by run) as run_p50,
                      percentile_cont(0.95) within group (order by run) as run_p95
               from (
                   select lane,
                          greatest(0, extract(epoch from started_at - greatest(due_at, created_at)) * 1000)::float8 as wait,
                          (extract(epoch from finished_at - started_at) * 1000)::float8 as run
                   from jobs
                   where finished_at > now() - interval '1 hour' and started_at is not null
                         and ($1::uuid is null or owner_id = $1)
                   order by finished_at desc limit $2
               ) ended
               group by grouping sets ((), (lane))
               having count(*) > 0
               order by lane nulls first";
    Ok(sqlx::query_as(sql).bind(whose.owner()).bind(SAMPLE).fetch_all(tx.conn()).await?)
}
