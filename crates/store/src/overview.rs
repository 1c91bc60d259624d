//! Everybody's containers, as admins see them: how they stand and what they use, never what is in them.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{
    ContainerId, UserId,
    lifecycle::Observed,
    limits::{Limits, OwnLimits},
};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

/// A measurement counts for so long (seconds): the next one is due each minute.
const FRESH: f64 = 180.0;

/// A container with its user's name.
#[derive(Debug, Clone, FromRow)]
pub struct Row {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: ContainerId,
    /// Whose it is.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// His name.
    pub username: String,
    /// It is one of the instance's own agents.
    pub system: bool,
    /// What is wanted, as stored.
    pub desired: String,
    observed: String,
    /// Since when it is like this.
    pub since: DateTime<Utc>,
    /// Seconds since its last use; only while it answers or is paused.
    pub idle_seconds: Option<i64>,
    /// When it last became ready; only while it answers or is paused.
    pub started_at: Option<DateTime<Utc>>,
    /// Last chat activity.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Image of the present generation.
    pub image: Option<String>,
    /// The limits that its user has of his own.
    #[sqlx(json)]
    pub own_limits: OwnLimits,
    /// The limits that the present generation was made with.
    #[sqlx(json(nullable))]
    pub made_limits: Option<Limits>,
    /// Memory in use, as last measured.
    pub memory_bytes: Option<i64>,
    /// Starts after the first.
    pub restarts: i64,
    /// Why it failed: `{code, title, detail}`.
    pub failure: Option<Value>,
    /// Why it waits or went down, in a sentence.
    pub reason: Option<String>,
    /// Whether it last said that its state volume is full.
    pub disk_full: bool,
}

impl Row {
    /// What was last seen.
    pub fn observed(&self) -> Observed {
        Observed::from_stored(&self.observed)
    }
}

/// Containers by their users' names, behind the name `after`.
pub async fn list(tx: &mut Tx, after: Option<&str>, limit: i64) -> Result<Vec<Row>> {
    Ok(sqlx::query_as(
        "select c.id, c.user_id, u.username, exists (select from system_containers s where s.user_id = u.id) as system, c.desired, c.observed, c.stage_since as since,
                case when c.observed in ('ready', 'paused') then
                    extract(epoch from now() - greatest(c.last_used_at, c.ready_at, c.stage_since))::bigint end as idle_seconds,
                case when c.observed in ('ready', 'paused') then c.ready_at end as started_at,
                c.last_used_at, c.image, c.failure, c.reason, c.disk_full, c.made_limits, u.limits as own_limits,
                case when c.observed in ('ready', 'paused') then m.memory_bytes end as memory_bytes,
                greatest((select count(*) from container_events e
                          where e.container_id = c.id and e.what = 'booting') - 1, 0) as restarts
         from user_containers c
         join users u on u.id = c.user_id
         left join container_usage m
             on m.container_id = c.id and m.measured_at > now() - make_interval(secs => $3)
         where $1::text is null or lower(u.username) > lower($1)
         order by lower(u.username) limit $2",
    )
    .bind(after)
    .bind(limit)
    .bind(FRESH)
    .fetch_all(tx.conn())
    .await?)
}

/// How many containers are in which state, as last seen.
pub async fn states(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    let sql = "select observed, count(*) from user_containers group by observed";
    Ok(sqlx::query_as(sql).fetch_all(tx.conn()).await?)
}

/// Notes what a container uses now.
pub async fn measured(tx: &mut Tx, id: ContainerId, user: UserId, bytes: u64) -> Result<()> {
    sqlx::query(
        "insert into container_usage (container_id, user_id, memory_bytes) values ($1, $2, $3)
         on conflict (container_id) do update set memory_bytes = excluded.memory_bytes, measured_at = now()",
    )
    .bind(id.uuid())
    .bind(user.uuid())
    .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
    .execute(tx.conn())
    .await?;
    Ok(())
}
