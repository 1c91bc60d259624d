//! Containers that nobody uses: how long, and letting them go. What is decided after a look is compared again in the
//! statement that lets go: a message that arrives at the same moment notes its use under the row's lock, and whoever
//! comes second sees the other.

use crate::{
    Result, Tx,
    containers::{COLUMNS, Container, changed, event},
};
use chrono::{DateTime, Utc};
use domain::{ContainerId, lifecycle::Desired};
use sqlx::{AssertSqlSafe, FromRow};
use std::time::Duration;
use uuid::Uuid;

// Seconds since anybody used it. A pause is no use, an awakening is.
macro_rules! idle_seconds {
    () => {
        "extract(epoch from clock_timestamp() - greatest(
             last_used_at, ready_at, case observed when 'ready' then stage_since end,
             (select max(t.finished_at) from turns t where t.user_id = user_containers.user_id)))::float8"
    };
}

// It answers, or is paused, and no turn of its user is open.
macro_rules! at_rest {
    () => {
        "desired in ('running', 'paused') and observed in ('ready', 'paused') and not exists (
             select from turns t where t.user_id = user_containers.user_id and t.status in ('pending', 'running'))"
    };
}

/// A container without an open turn.
#[derive(Debug, Clone, FromRow)]
pub struct Idle {
    /// Its row.
    #[sqlx(flatten)]
    pub row: Container,
    idle_seconds: Option<f64>,
    age_seconds: Option<f64>,
    timeout_seconds: Option<i32>,
}

impl Idle {
    /// Since its last use.
    pub fn idle(&self) -> Duration {
        seconds(self.idle_seconds)
    }

    /// Since its start.
    pub fn age(&self) -> Duration {
        seconds(self.age_seconds)
    }

    /// After which its user wants it stopped; `None` = as the instance says.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs)
    }
}

fn seconds(number: Option<f64>) -> Duration {
    Duration::try_from_secs_f64(number.unwrap_or_default()).unwrap_or_default()
}

/// Every container without an open turn, the longest idle first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Idle>> {
    let sql = format!(
        "select {COLUMNS}, {} as idle_seconds,
                extract(epoch from clock_timestamp() - ready_at)::float8 as age_seconds,
                (select idle_timeout_seconds from users u where u.id = user_id) as timeout_seconds
         from user_containers where {} order by idle_seconds desc",
        idle_seconds!(),
        at_rest!()
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql)).fetch_all(tx.conn()).await?)
}

/// For how long nobody has used a container that answers; `None` while somebody does, and where it does not answer.
pub async fn quiet_for(tx: &mut Tx, id: ContainerId) -> Result<Option<Duration>> {
    let sql = concat!(
        "select ",
        idle_seconds!(),
        " from user_containers where id = $1 and desired = 'running' and observed = 'ready' and ",
        at_rest!()
    );
    let quiet: Option<Option<f64>> =
        sqlx::query_scalar(sql).bind(id.uuid()).fetch_optional(tx.conn()).await?;
    Ok(quiet.map(seconds))
}

/// Whether it answers, or is paused, and no turn of its user is open.
pub async fn is_at_rest(tx: &mut Tx, id: ContainerId) -> Result<bool> {
    let sql = concat!("select exists (select from user_containers where id = $1 and ", at_rest!(), ")");
    Ok(sqlx::query_scalar(sql).bind(id.uuid()).fetch_one(tx.conn()).await?)
}

/// Wants the container `desired` instead of running, if nobody has used it for `idle` even now; `why` is kept as its
/// event. Answers whether it did.
pub async fn request_stop_if_idle(
    tx: &mut Tx,
    row: &Container,
    desired: Desired,
    idle: Duration,
    why: &str,
) -> Result<bool> {
    let sql = concat!(
        "update user_containers set desired = $2, updated_at = now() where id = $1 and generation = $3 and ",
        at_rest!(),
        " and ",
        idle_seconds!(),
        " >= $4"
    );
    let gone = sqlx::query(sql)
        .bind(row.id.uuid())
        .bind(desired.as_str())
        .bind(row.generation)
        .bind(idle.as_secs_f64())
        .execute(tx.conn())
        .await?;
    if gone.rows_affected() == 0 {
        return Ok(false);
    }
    event(tx, row.id, row.user_id, row.generation, "wanted", why).await?;
    changed(tx, row.id).await?;
    Ok(true)
}

/// Notes a use that was seen afterwards.
pub async fn note_use(tx: &mut Tx, id: ContainerId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("update user_containers set last_used_at = greatest(last_used_at, $2) where id = $1")
        .bind(id.uuid())
        .bind(at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Where an agent of the container's user may be at work without being asked: a session of OpenClaw's.
#[derive(Debug, Clone, FromRow)]
pub struct LastSession {
    /// The chat.
    pub chat_id: Uuid,
    /// Its branch.
    pub branch: i32,
    /// The agent's slug.
    pub slug: String,
}

/// The sessions that were used last, at most three.
pub async fn last_sessions(tx: &mut Tx, row: &Container) -> Result<Vec<LastSession>> {
    Ok(sqlx::query_as(
        "select c.id as chat_id, c.branch, a.slug from chats c join user_agent_configs a on a.id = c.agent_id
         where c.user_id = $1 and c.deleted_at is null order by c.updated_at desc limit 3",
    )
    .bind(row.user_id.uuid())
    .fetch_all(tx.conn())
    .await?)
}
