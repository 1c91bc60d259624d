//! Enqueueing: part of the transaction that makes the work necessary, so that either both happen or neither.

use crate::{Error, Job, Priority, Result, Tx};
use chrono::{DateTime, Utc};
use domain::{Actor, JobId, UserId};
use std::time::Duration;

/// With whose rights a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActsFor {
    /// With the rights of this user, checked again when a worker claims it.
    User(UserId),
    /// With the product's own rights.
    System {
        /// Why they are needed; stored with the job.
        reason: &'static str,
        /// The user it is about, if any: they may see the job.
        owner: Option<UserId>,
    },
}

impl ActsFor {
    /// The product's rights, for work on something that belongs to `owner`.
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

/// When a job may start, by the database's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Due {
    /// As soon as its transaction commits.
    #[default]
    Now,
    In(Duration),
    At(DateTime<Utc>),
}

/// What may differ between jobs of one kind.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub due: Due,
    /// `None` = the kind's priority.
    pub priority: Option<Priority>,
}

/// The result of enqueueing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enqueued {
    /// The job that will do the work.
    pub id: JobId,
    /// Whether it existed already.
    pub merged: bool,
}

/// Workers poll at least this often, so a job that is due later needs no notification.
const NOTIFY_WITHIN_SECS: f64 = 5.0;

/// Adds a job to the queue as part of `tx`; workers are notified when that commits.
///
/// If a job with the same unique key is queued or running, the new one merges into it: a queued job becomes due at
/// the earlier of the two times, a running one runs once more afterwards. It acts with the stronger of the two rights.
/// The job belongs to the trace of `tx`.
/// Fails if `tx` may not act for that owner.
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
    let enqueued = sqlx::query_file!(
        "src/enqueue.sql",
        J::KIND,
        J::LANE.as_str(),
        acts_for.owner().map(UserId::uuid),
        acts_for.kind(),
        acts_for.reason(),
        payload,
        options.priority.unwrap_or(policy.priority).as_i16(),
        at,
        delay,
        i32::try_from(policy.max_attempts.max(1)).unwrap_or(i32::MAX),
        job.unique_key(),
        trace,
        NOTIFY_WITHIN_SECS,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Enqueued { id: enqueued.id.into(), merged: enqueued.merged })
}
