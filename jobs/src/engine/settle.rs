//! Recording how attempts ended: all that end at about the same time in one statement.
//!
//! A result counts only for the attempt that holds the lease: if a worker was silent for too long and comes back,
//! its result is rejected.

use super::{AttemptId, Engine, Lease};
use crate::{AttemptOutcome, Error, JobState, Result};
use std::{collections::HashMap, time::Duration};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// How an attempt ended, as the queue understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    Done,
    /// It failed; the job is queued again after the delay, unless this was the last attempt.
    Retry {
        after: Duration,
        /// For the job's owner.
        reason: String,
    },
    /// It failed for good.
    Fail {
        /// For the job's owner.
        reason: String,
    },
    /// It stopped because the job was cancelled.
    Cancelled,
    /// It did not finish, but not because of a failure: the job is queued again at once, and nothing is counted.
    Returned,
}

/// What became of an attempt's result.
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
    result: AttemptResult,
    reply: oneshot::Sender<Settled>,
}

/// Results that one statement records.
const MAX_BATCH_SIZE: usize = 256;
const MAX_REASON_CHARS: usize = 500;
/// One month.
const MAX_RETRY_DELAY_SECS: f64 = 30.0 * 86_400.0;
/// How often a statement is tried that fails although the database is available.
const MAX_WRITE_ATTEMPTS: u32 = 5;
/// While the database is not available, it is tried again after a delay that doubles from the first of these to the
/// second.
const INITIAL_WRITE_DELAY: Duration = Duration::from_millis(50);
const MAX_WRITE_DELAY: Duration = Duration::from_secs(2);

pub(super) async fn submit(engine: &Engine, lease: &Lease, result: AttemptResult) -> Settled {
    let (reply, answer) = oneshot::channel();
    let AttemptId { job, attempt } = lease.attempt_id();
    let settlement = Settlement { id: job.uuid(), attempt, result, reply };
    if engine.inner.settlements.send(settlement).is_err() {
        return Settled::Abandoned;
    }
    answer.await.unwrap_or(Settled::Abandoned)
}

/// Records the results that arrive, for as long as it is polled.
pub(super) async fn record(engine: &Engine, mut inbox: mpsc::UnboundedReceiver<Settlement>) {
    let mut batch = Vec::new();
    while inbox.recv_many(&mut batch, MAX_BATCH_SIZE).await > 0 {
        if write_with_retries(engine, &mut batch).await.is_ok() {
            continue;
        }
        // One result of the batch cannot be written: it must not keep the others from being recorded.
        for settlement in batch.drain(..) {
            let mut single = vec![settlement];
            if let Err(error) = write_with_retries(engine, &mut single).await {
                let jobs: Vec<_> = single.iter().map(|settlement| settlement.id).collect();
                tracing::error!(?jobs, %error, "a job's result cannot be recorded; its lease will lapse");
            }
        }
    }
}

/// Waits for as long as the database is not available. On failure the batch is left as it was.
async fn write_with_retries(engine: &Engine, batch: &mut Vec<Settlement>) -> Result<()> {
    let mut attempts = 0;
    let mut delay = INITIAL_WRITE_DELAY;
    loop {
        let error = match write(engine, batch).await {
            Ok(states) => {
                for settlement in batch.drain(..) {
                    let settled =
                        states.get(&settlement.id).map_or(Settled::Fenced, |s| Settled::Recorded(*s));
                    // The receiver may be gone: the result is recorded all the same.
                    let _ = settlement.reply.send(settled);
                }
                return Ok(());
            }
            Err(error) => error,
        };
        if !matches!(error, Error::Unavailable(_)) {
            attempts += 1;
            if attempts >= MAX_WRITE_ATTEMPTS {
                return Err(error);
            }
        }
        tracing::warn!(%error, results = batch.len(), "results of jobs wait for the database");
        tokio::time::sleep(super::jittered(delay)).await;
        delay = (delay * 2).min(MAX_WRITE_DELAY);
    }
}

async fn write(engine: &Engine, batch: &[Settlement]) -> Result<HashMap<Uuid, JobState>> {
    let outcomes: Vec<&str> = batch.iter().map(|s| s.result.outcome().as_str()).collect();
    let reasons: Vec<Option<String>> = batch.iter().map(|s| s.result.reason()).collect();
    let rows = sqlx::query_file!(
        "src/engine/sql/settle.sql",
        engine.profile().worker.uuid(),
        &batch.iter().map(|s| s.id).collect::<Vec<_>>(),
        &batch.iter().map(|s| s.attempt).collect::<Vec<_>>(),
        &outcomes as &[&str],
        &batch.iter().map(|s| s.result.delay_secs()).collect::<Vec<_>>(),
        &reasons as &[Option<String>],
    )
    .fetch_all(&engine.inner.pool)
    .await?;
    let duration = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    for row in &rows {
        // The metrics correspond to the board's statistics, by the same clock.
        let (kind, lane) = (row.kind.as_str(), row.lane.as_str());
        telemetry::ENDED_ATTEMPTS.increment([kind, lane, &row.result]);
        telemetry::JOB_WAIT_SECONDS.record_duration([kind, lane], duration(row.wait_secs));
        telemetry::JOB_RUN_SECONDS.record_duration([kind, lane], duration(row.run_secs));
    }
    Ok(rows.into_iter().map(|row| (row.id, row.state)).collect())
}

impl AttemptResult {
    const fn outcome(&self) -> AttemptOutcome {
        match self {
            Self::Done => AttemptOutcome::Done,
            Self::Retry { .. } => AttemptOutcome::Retry,
            Self::Fail { .. } => AttemptOutcome::Fail,
            Self::Cancelled => AttemptOutcome::Cancelled,
            Self::Returned => AttemptOutcome::Returned,
        }
    }

    fn delay_secs(&self) -> f64 {
        match self {
            Self::Retry { after, .. } => after.as_secs_f64().min(MAX_RETRY_DELAY_SECS),
            _ => 0.0,
        }
    }

    /// Without control characters: Postgres cannot store NUL, and one text must not spoil a batch.
    fn reason(&self) -> Option<String> {
        match self {
            Self::Retry { reason, .. } | Self::Fail { reason } => {
                let printable = reason.chars().map(|c| if c.is_control() { ' ' } else { c });
                Some(printable.take(MAX_REASON_CHARS).collect())
            }
            Self::Done | Self::Cancelled | Self::Returned => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_truncated_and_storable() {
        let reason = format!("a\0b\n{}", "é".repeat(1000));
        let stored = AttemptResult::Fail { reason }.reason().unwrap_or_default();
        assert!(stored.starts_with("a b é"));
        assert_eq!(stored.chars().count(), MAX_REASON_CHARS);
    }

    #[test]
    fn retry_delays_are_limited() {
        let retry = AttemptResult::Retry { after: Duration::MAX, reason: String::new() };
        assert_eq!(retry.delay_secs(), MAX_RETRY_DELAY_SECS);
    }
}
