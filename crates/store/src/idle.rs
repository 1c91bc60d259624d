//! Containers that are not in use: for how long, and stopping them. What is decided after a read is compared again in
//! the statement that stops: a message that arrives at the same moment records its use under the row's lock, and the
//! second of the two sees the first.

use crate::{
    Result, Tx,
    containers::{self, Container, notify_changed, record_event},
};
use chrono::{DateTime, Utc};
use domain::{ContainerId, lifecycle::Desired};
use std::{collections::HashMap, time::Duration};
use uuid::Uuid;

/// A query of `user_containers` around two expressions. The first is the seconds since the last use: pausing is not a
/// use, resuming is. The second is whether the container is at rest: it is ready or paused, and no turn of its user is
/// open.
macro_rules! query_idle {
    ($query:ident, $before:literal, $between:literal, $after:literal $(, $arg:expr)* $(,)?) => {
        sqlx::$query!(
            $before
                + " extract(epoch from clock_timestamp() - greatest(
                     last_used_at, ready_at, case observed when 'ready' then stage_since end,
                     (select max(t.finished_at) from turns t where t.user_id = user_containers.user_id)))::float8 "
                + $between
                + " desired in ('running', 'paused') and observed in ('ready', 'paused') and not exists (
                     select from turns t
                     where t.user_id = user_containers.user_id and t.status in ('pending', 'running')) "
                + $after
            $(, $arg)*
        )
    };
}

/// A container at rest.
#[derive(Debug, Clone)]
pub struct IdleContainer {
    pub row: Container,
    /// Since its last use.
    pub idle: Duration,
    /// Since its start.
    pub age: Duration,
    /// How long it may idle by its user's setting; `None` = by the instance's.
    pub timeout: Option<Duration>,
}

fn duration(seconds: Option<f64>) -> Duration {
    Duration::try_from_secs_f64(seconds.unwrap_or_default()).unwrap_or_default()
}

/// All containers at rest, the longest idle first.
pub async fn list(tx: &mut Tx) -> Result<Vec<IdleContainer>> {
    let idle = query_idle!(
        query,
        "select id,",
        "as idle_seconds, extract(epoch from clock_timestamp() - ready_at)::float8 as age_seconds,
             (select idle_timeout_seconds from users u where u.id = user_id) as timeout_seconds
         from user_containers where",
        "order by idle_seconds desc",
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<Uuid> = idle.iter().map(|idle| idle.id).collect();
    let rows = containers::get_many(tx, &ids).await?;
    let mut rows: HashMap<Uuid, Container> = rows.into_iter().map(|row| (row.id.uuid(), row)).collect();
    let with_row = idle.into_iter().filter_map(|idle| {
        Some(IdleContainer {
            row: rows.remove(&idle.id)?,
            idle: duration(idle.idle_seconds),
            age: duration(idle.age_seconds),
            timeout: idle
                .timeout_seconds
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map(Duration::from_secs),
        })
    });
    Ok(with_row.collect())
}

/// For how long a ready container has not been used; `None` while it is in use, and where it is not ready.
pub async fn idle_time(tx: &mut Tx, id: ContainerId) -> Result<Option<Duration>> {
    let seconds = query_idle!(
        query_scalar,
        "select",
        "from user_containers where id = $1 and desired = 'running' and observed = 'ready' and",
        "",
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(seconds.map(duration))
}

/// Whether it is ready or paused, and no turn of its user is open.
pub async fn is_at_rest(tx: &mut Tx, id: ContainerId) -> Result<bool> {
    Ok(query_idle!(
        query_scalar,
        "select exists (select",
        "from user_containers where id = $1 and",
        r#") as "exists!""#,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Sets the container's desired state, if it has not been used for `idle` even now; `why` is recorded as its event.
/// Answers whether it did.
pub async fn request_stop_if_idle(
    tx: &mut Tx,
    row: &Container,
    desired: Desired,
    idle: Duration,
    why: &str,
) -> Result<bool> {
    let done = query_idle!(
        query,
        "update user_containers set desired = $2, updated_at = now() where id = $1 and generation = $3 and",
        ">= $4 and",
        "",
        row.id.uuid(),
        desired.as_str(),
        row.generation,
        idle.as_secs_f64(),
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    record_event(tx, row.id, row.user_id, row.generation, "wanted", why).await?;
    notify_changed(tx, row.id).await?;
    Ok(true)
}

/// Records a use that was found out afterwards.
pub async fn record_use(tx: &mut Tx, id: ContainerId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update user_containers set last_used_at = greatest(last_used_at, $2) where id = $1",
        id.uuid(),
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A session of OpenClaw in which an agent of the container's user may work without a message.
#[derive(Debug, Clone)]
pub struct LastSession {
    pub chat_id: Uuid,
    pub branch: i32,
    /// The agent's slug.
    pub slug: String,
}

/// The sessions that were used last, at most three.
pub async fn last_sessions(tx: &mut Tx, row: &Container) -> Result<Vec<LastSession>> {
    Ok(sqlx::query_as!(
        LastSession,
        "select c.id as chat_id, c.branch, a.slug from chats c join user_agent_configs a on a.id = c.agent_id
         where c.user_id = $1 and c.deleted_at is null order by c.updated_at desc limit 3",
        row.user_id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?)
}
