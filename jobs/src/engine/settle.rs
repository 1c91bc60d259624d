//! Recording how attempts ended: all that end at about the same time in one statement.
//!
//! A result counts only for the attempt that holds the lease: a worker that was silent for too long and comes
//! back finds its result refused.

use super::{Engine, Lease, Ticket};
use crate::{Error, JobState, Result};
use sqlx::{FromRow, Row, postgres::PgRow};
use std::{collections::HashMap, time::Duration};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// How an attempt ended, as the queue understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Done,
    /// Failed; again after the pause, unless that was the last attempt.
    Retry {
        /// Pause.
        after: Duration,
        /// Why, for the owner.
        why: String,
    },
    /// Failed for good.
    Fail {
        /// Why, for the owner.
        why: String,
    },
    /// Ended on request.
    Cancelled,
    /// Not finished and no fault of its own: again at once, not counted.
    Returned,
}

/// What became of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It counts; the job is now in this state.
    Recorded(JobState),
    /// It does not count: the lease was lost, or the job was deleted.
    Fenced,
    /// It could not be recorded before the process had to end; the lease lapses.
    Abandoned,
}

#[derive(Debug)]
pub(super) struct Settlement {
    id: Uuid,
    attempt: i32,
    verdict: Verdict,
    reply: oneshot::Sender<Settled>,
}

/// Most results in one statement.
const BATCH: usize = 256;
/// Longest stored reason, in characters.
const REASON: usize = 500;
/// Longest pause before a retry: one month.
const LONGEST_PAUSE: f64 = 30.0 * 86_400.0;
/// Tries of a statement that fails for another reason than an absent database.
const TRIES: u32 = 5;

pub(super) async fn submit(engine: &Engine, lease: &Lease, verdict: Verdict) -> Settled {
    let (reply, answer) = oneshot::channel();
    let Ticket { job, attempt } = lease.ticket();
    let settlement = Settlement { id: job.uuid(), attempt, verdict, reply };
    if engine.inner.settlements.send(settlement).is_err() {
        return Settled::Abandoned;
    }
    answer.await.unwrap_or(Settled::Abandoned)
}

/// Writes what arrives for as long as it is polled.
pub(super) async fn record(engine: &Engine, mut inbox: mpsc::UnboundedReceiver<Settlement>) {
    let mut batch = Vec::new();
    while inbox.recv_many(&mut batch, BATCH).await > 0 {
        if write_patiently(engine, &mut batch).await.is_ok() {
            continue;
        }
        // One row of the batch cannot be written: it must not keep the others from being recorded.
        for settlement in batch.drain(..) {
            let mut alone = vec![settlement];
            if let Err(error) = write_patiently(engine, &mut alone).await {
                let jobs: Vec<_> = alone.iter().map(|settlement| settlement.id).collect();
                tracing::error!(?jobs, %error, "a job's result cannot be recorded; its lease will lapse");
            }
        }
    }
}

/// Waits for the database as long as it is away. On failure the batch is left as it was.
async fn write_patiently(engine: &Engine, batch: &mut Vec<Settlement>) -> Result<()> {
    let mut tries = 0;
    let mut pause = Duration::from_millis(50);
    loop {
        let error = match write(engine, batch).await {
            Ok(states) => {
                for settlement in batch.drain(..) {
                    let settled =
                        states.get(&settlement.id).map_or(Settled::Fenced, |s| Settled::Recorded(*s));
                    // Nobody waits for it any more: it is recorded all the same.
                    let _ = settlement.reply.send(settled);
                }
                return Ok(());
            }
            Err(error) => error,
        };
        if !matches!(error, Error::Unavailable(_)) {
            tries += 1;
            if tries >= TRIES {
                return Err(error);
            }
        }
        tracing::warn!(%error, results = batch.len(), "results of jobs wait for the database");
        tokio::time::sleep(super::jittered(pause)).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

struct Outcome(Uuid, JobState);

impl FromRow<'_, PgRow> for Outcome {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let state = JobState::from_stored(row.try_get("state")?)
            .ok_or_else(|| sqlx::Error::Decode("jobs.state".into()))?;
        measure(row)?;
        Ok(Self(row.try_get("id")?, state))
    }
}

/// What the board reckons from rows is counted here as it happens, by the same clock.
fn measure(row: &PgRow) -> sqlx::Result<()> {
    let (kind, lane) = (row.try_get("kind")?, row.try_get("lane")?);
    let seconds = |column| -> sqlx::Result<Duration> {
        Ok(Duration::try_from_secs_f64(row.try_get(column)?).unwrap_or_default())
    };
    telemetry::JOBS_ENDED.increment([kind, lane, row.try_get("became")?]);
    telemetry::JOB_WAIT.record_duration([kind, lane], seconds("waited")?);
    telemetry::JOB_RUN.record_duration([kind, lane], seconds("ran")?);
    Ok(())
}

async fn write(engine: &Engine, batch: &[Settlement]) -> Result<HashMap<Uuid, JobState>> {
    let rows: Vec<Outcome> = sqlx::query_as(include_str!("sql/settle.sql"))
        .bind(engine.profile().worker.uuid())
        .bind(batch.iter().map(|s| s.id).collect::<Vec<_>>())
        .bind(batch.iter().map(|s| s.attempt).collect::<Vec<_>>())
        .bind(batch.iter().map(|s| s.verdict.name()).collect::<Vec<_>>())
        .bind(batch.iter().map(|s| s.verdict.pause()).collect::<Vec<_>>())
        .bind(batch.iter().map(|s| s.verdict.reason()).collect::<Vec<_>>())
        .fetch_all(&engine.inner.pool)
        .await?;
    Ok(rows.into_iter().map(|Outcome(id, state)| (id, state)).collect())
}

impl Verdict {
    const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry { .. } => "retry",
            Self::Fail { .. } => "fail",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }

    fn pause(&self) -> f64 {
        match self {
            Self::Retry { after, .. } => after.as_secs_f64().min(LONGEST_PAUSE),
            _ => 0.0,
        }
    }

    /// Without control characters: Postgres cannot store NUL, and one text must not spoil a batch.
    fn reason(&self) -> Option<String> {
        match self {
            Self::Retry { why, .. } | Self::Fail { why } => {
                Some(why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON).collect())
            }
            Self::Done | Self::Cancelled | Self::Returned => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_clipped_and_storable() {
        let why = format!("a\0b\n{}", "é".repeat(1000));
        let reason = Verdict::Fail { why }.reason().unwrap_or_default();
        assert!(reason.starts_with("a b é"));
        assert_eq!(reason.chars().count(), REASON);
    }

    #[test]
    fn absurd_pauses_are_cut() {
        assert_eq!(Verdict::Retry { after: Duration::MAX, why: String::new() }.pause(), LONGEST_PAUSE);
    }
}
