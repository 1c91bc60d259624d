//! Enqueueing: part of the transaction that makes the work necessary, so that either both happen or neither.

use crate::{Error, Job, Priority, Result, Tx};
use chrono::{DateTime, Utc};
use domain::{Actor, JobId, UserId};
use std::time::Duration;
use uuid::Uuid;

/// With whose rights a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActsFor {
    /// With the rights of this user, checked again when a worker takes it.
    User(UserId),
    /// With the product's own rights.
    System {
        /// Why that is needed; stored with the job.
        reason: &'static str,
        /// Whose thing it is about, if anybody's: he may see the job.
        owner: Option<UserId>,
    },
}

impl ActsFor {
    /// The product on something of `owner`'s.
    pub const fn system_for(reason: &'static str, owner: UserId) -> Self {
        Self::System { reason, owner: Some(owner) }
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::System { .. } => "system",
        }
    }

    const fn reason(&self) -> &'static str {
        match self {
            Self::User(_) => "",
            Self::System { reason, .. } => reason,
        }
    }

    const fn owner(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(*user),
            Self::System { owner, .. } => *owner,
        }
    }
}

impl From<&Actor> for ActsFor {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::User(person) => Self::User(person.id),
            Actor::Delegate { account, .. } => Self::User(*account),
            Actor::Admin(_) => Self::System { reason: "an admin asked for it", owner: None },
            Actor::System(reason) => Self::System { reason, owner: None },
        }
    }
}

/// When a job may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Due {
    /// As soon as its transaction commits.
    #[default]
    Now,
    /// This long from now by the database's clock.
    In(Duration),
    /// At this moment of the database's clock.
    At(DateTime<Utc>),
}

/// What may differ from job to job of a kind.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// When it may start.
    pub due: Due,
    /// `None` = the kind's.
    pub priority: Option<Priority>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enqueued {
    /// The job that will do the work.
    pub id: JobId,
    /// Whether it was there already.
    pub merged: bool,
}

/// A worker polls at least this often, so a job due later needs no notification (seconds).
const NOTIFY_WITHIN: f64 = 5.0;

/// Puts a job into the queue as part of `tx`; workers hear of it when that commits.
///
/// A job with the same unique key that is still queued or running takes it in: it becomes due at the earlier
/// of both moments, and a running one runs once more afterwards. It belongs to the
/// trace of `tx`. Fails when `tx` may not act for that owner.
pub async fn enqueue<J: Job>(
    tx: &mut Tx,
    acts_for: impl Into<ActsFor>,
    job: &J,
    options: Options,
) -> Result<Enqueued> {
    let acts_for = acts_for.into();
    let policy = J::policy();
    let payload = serde_json::to_value(job).map_err(|_| Error::Corrupt { what: "job payload" })?;
    let (at, delay) = match options.due {
        Due::Now => (None, 0.0),
        Due::In(delay) => (None, delay.as_secs_f64()),
        Due::At(at) => (Some(at), 0.0),
    };
    let trace = tx.trace().map(|trace| trace.as_str().to_owned());
    let (id, merged): (Uuid, bool) = sqlx::query_as(include_str!("enqueue.sql"))
        .bind(J::KIND)
        .bind(J::LANE.as_str())
        .bind(acts_for.owner().map(UserId::uuid))
        .bind(acts_for.kind())
        .bind(acts_for.reason())
        .bind(payload)
        .bind(options.priority.unwrap_or(policy.priority).stored())
        .bind(at)
        .bind(delay)
        .bind(i32::try_from(policy.max_attempts.max(1)).unwrap_or(i32::MAX))
        .bind(job.unique_key())
        .bind(trace)
        .bind(NOTIFY_WITHIN)
        .fetch_one(tx.conn())
        .await?;
    Ok(Enqueued { id: id.into(), merged })
}
