//! The containers of all users, as admins see them: their state and what they use, never what is in them.

use crate::{Result, Tx, stored::Stored};
use chrono::{DateTime, Utc};
use domain::{
    ContainerId, UserId,
    lifecycle::{Desired, Observed},
    limits::{LimitOverrides, Limits},
};
use serde_json::Value;
use sqlx::types::Json;

/// How long a measurement counts: one is due each minute.
const MEASUREMENT_MAX_AGE_SECONDS: f64 = 180.0;

/// A container with its user's name.
#[derive(Debug, Clone)]
pub struct ContainerOverview {
    pub id: ContainerId,
    pub user_id: UserId,
    pub username: String,
    /// Whether it is one of the instance's own agents.
    pub system: bool,
    pub desired: Desired,
    pub observed: Observed,
    /// When it reached this state.
    pub since: DateTime<Utc>,
    /// Seconds since its last use; only while it is ready or paused.
    pub idle_seconds: Option<i64>,
    /// When it last became ready; only while it is ready or paused.
    pub started_at: Option<DateTime<Utc>>,
    /// Last chat activity.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Image of the present generation.
    pub image: Option<String>,
    /// The user's own limits.
    pub own_limits: Json<LimitOverrides>,
    /// The limits that the present generation was made with.
    pub made_limits: Option<Json<Limits>>,
    /// Memory in use, as last measured.
    pub memory_bytes: Option<i64>,
    /// Starts after the first.
    pub restarts: i64,
    /// Why it failed: `{code, title, detail}`.
    pub failure: Option<Value>,
    /// Why it waits or went down, in a sentence.
    pub reason: Option<String>,
    /// Whether it last reported that its state volume is full.
    pub disk_full: bool,
}

/// Containers by their users' names, behind the name `after`.
pub async fn list(tx: &mut Tx, after: Option<&str>, limit: i64) -> Result<Vec<ContainerOverview>> {
    Ok(sqlx::query_as!(
        ContainerOverview,
        r#"select c.id, c.user_id, u.username,
                exists (select from system_containers s where s.user_id = u.id) as "system!",
                c.desired as "desired: Stored<Desired>", c.observed as "observed: Stored<Observed>",
                c.stage_since as since,
                case when c.observed in ('ready', 'paused') then
                    extract(epoch from now() - greatest(c.last_used_at, c.ready_at, c.stage_since))::bigint end as idle_seconds,
                case when c.observed in ('ready', 'paused') then c.ready_at end as started_at,
                c.last_used_at, c.image, c.failure, c.reason, c.disk_full,
                c.made_limits as "made_limits: Json<Limits>", u.limits as "own_limits: Json<LimitOverrides>",
                case when c.observed in ('ready', 'paused') then m.memory_bytes end as memory_bytes,
                greatest((select count(*) from container_events e
                          where e.container_id = c.id and e.what = 'booting') - 1, 0) as "restarts!"
         from user_containers c
         join users u on u.id = c.user_id
         left join container_usage m
             on m.container_id = c.id and m.measured_at > now() - make_interval(secs => $3)
         where $1::text is null or lower(u.username) > lower($1)
         order by lower(u.username) limit $2"#,
        after,
        limit,
        MEASUREMENT_MAX_AGE_SECONDS,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many containers were last seen in which state.
pub async fn count_by_state(tx: &mut Tx) -> Result<Vec<(Observed, i64)>> {
    let rows = sqlx::query!(
        r#"select observed as "observed: Stored<Observed>", count(*) as "count!" from user_containers group by observed"#
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.observed.into(), row.count)).collect())
}

/// Records how much memory a container uses now.
pub async fn record_usage(tx: &mut Tx, id: ContainerId, user: UserId, bytes: u64) -> Result<()> {
    sqlx::query!(
        "insert into container_usage (container_id, user_id, memory_bytes) values ($1, $2, $3)
         on conflict (container_id) do update set memory_bytes = excluded.memory_bytes, measured_at = now()",
        id.uuid(),
        user.uuid(),
        i64::try_from(bytes).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
