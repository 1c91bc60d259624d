//! Containers: the row, the wish, and the events. What was seen, the generations and the configuration in force
//! have files of their own; each change is one statement, guarded by the generation where a late writer could do harm.

mod applied;
mod generation;
mod observation;

use crate::{Result, Tx, listen};
use chrono::{DateTime, Utc};
use domain::{
    ContainerId, UserId,
    image::PinnedImage,
    lifecycle::{Desired, DesiredState, Observed},
    limits::{Limits, OwnLimits},
    turn::Stage,
};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

pub use applied::{has_newest, newest_change, set_applied, set_applied_change, set_disk_full};
pub use generation::{NewToken, adopt_generation, begin_generation, revoke_token};
pub use observation::{ContainerObservation, observe};

/// A container's row.
#[derive(Debug, Clone, FromRow)]
pub struct Container {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: ContainerId,
    /// Whose it is.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    desired: String,
    /// Counts creates.
    pub generation: i64,
    observed: String,
    stage: String,
    /// Since when it is in that stage.
    pub stage_since: DateTime<Utc>,
    /// When the present start was asked for.
    pub wanted_since: Option<DateTime<Utc>>,
    /// `ip:port` where OpenClaw answers.
    pub address: Option<String>,
    /// Image of the present generation.
    pub image: Option<String>,
    /// Sealed gateway token.
    pub gateway_token: Option<Vec<u8>>,
    /// Config version in force, as the container reported.
    pub applied_version: Option<String>,
    /// What OpenClaw said of a config it refused.
    pub config_error: Option<String>,
    /// Why it failed: `{code, title, detail}`.
    pub failure: Option<Value>,
    /// The start job of the present start.
    pub start_job: Option<Uuid>,
    /// When it last became ready; a second look at a ready one changes nothing.
    pub ready_at: Option<DateTime<Utc>>,
    /// Last chat activity.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Why it waits or went down.
    pub reason: Option<String>,
    /// Memory of the host that is set aside for it.
    pub reserved_bytes: i64,
    /// Since when its start waits for memory.
    pub place_wanted_at: Option<DateTime<Utc>>,
    /// Whether its owner stopped it himself.
    pub put_to_sleep: bool,
    /// The image with which it last became ready.
    pub good_image: Option<String>,
    /// An image with which it did not become ready.
    pub refused_image: Option<String>,
    /// The newest image when it was last asked for anew.
    pub asked_image: Option<String>,
    /// The image with which its volume was last looked through for session logs in files.
    pub logs_read_of: Option<String>,
    /// Whether it last said that its state volume is full.
    pub disk_full: bool,
    /// The limits that its user has of his own.
    #[sqlx(json)]
    pub own_limits: OwnLimits,
    /// The limits that the present generation was made with.
    #[sqlx(json(nullable))]
    pub made_limits: Option<Limits>,
    /// Whether it is about to take over a change of its user's providers or agents.
    pub takes_over: bool,
}

impl Container {
    /// What is wanted.
    pub fn desired(&self) -> Desired {
        Desired::from_stored(&self.desired)
    }
    /// What was last seen.
    pub fn observed(&self) -> Observed {
        Observed::from_stored(&self.observed)
    }
    /// How far the start has come.
    pub fn stage(&self) -> Stage {
        Stage::from_stored(&self.stage)
    }
    /// The wish, for the planner.
    pub fn wanted(&self) -> DesiredState {
        DesiredState { desired: self.desired(), generation: self.generation }
    }
    /// The image of the present generation.
    pub fn image(&self) -> Option<PinnedImage> {
        self.image.clone().map(PinnedImage::from)
    }
    /// What it may use when it is made the next time, where everybody's limits are `instance`.
    pub fn limits(&self, instance: Limits) -> Limits {
        self.own_limits.over(instance)
    }
    /// What the present generation may use; of an old one nobody noted it.
    pub fn has_limits(&self, instance: Limits) -> Limits {
        self.made_limits.unwrap_or_else(|| self.limits(instance))
    }
    /// Whether a message can be sent to it now, and meets the newest configuration.
    pub fn is_ready(&self) -> bool {
        self.is_up() && !self.takes_over
    }

    /// Whether it answers and is wanted to.
    pub fn is_up(&self) -> bool {
        self.desired() == Desired::Running && self.observed() == Observed::Ready && self.address.is_some()
    }
}

// `takes_over`: a change of its user's providers or agents is younger than the newest one that the container said
// it has, but not older than 15 s: a message sent now could still meet the old key or model.
pub(crate) const COLUMNS: &str = "id, user_id, desired, generation, observed, stage, stage_since, wanted_since, address, image, \
                       gateway_token, applied_version, config_error, failure, start_job, ready_at, last_used_at, \
                       reason, reserved_bytes, place_wanted_at, put_to_sleep, good_image, refused_image, asked_image, \
                       logs_read_of, disk_full, \
                       made_limits, (select limits from users u where u.id = user_id) as own_limits, \
                       config_error is null and exists (
                           select from (select updated_at from llm_providers p where p.user_id = user_containers.user_id
                                        union all
                                        select updated_at from user_agent_configs a where a.user_id = user_containers.user_id) change
                           where change.updated_at > coalesce(applied_change, '-infinity')
                             and change.updated_at > clock_timestamp() - interval '15 seconds') as takes_over";

/// The user's container row, made when it is missing.
pub async fn ensure(tx: &mut Tx, id: ContainerId, user: UserId) -> Result<Container> {
    sqlx::query("insert into user_containers (id, user_id) values ($1, $2) on conflict (user_id) do nothing")
        .bind(id.uuid())
        .bind(user.uuid())
        .execute(tx.conn())
        .await?;
    let sql = format!("select {COLUMNS} from user_containers where user_id = $1 for update");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.uuid()).fetch_one(tx.conn()).await?)
}

/// The row of one container.
pub async fn get(tx: &mut Tx, id: ContainerId) -> Result<Option<Container>> {
    let sql = format!("select {COLUMNS} from user_containers where id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// The row of a user's container.
pub async fn get_of(tx: &mut Tx, user: UserId) -> Result<Option<Container>> {
    let sql = format!("select {COLUMNS} from user_containers where user_id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.uuid()).fetch_optional(tx.conn()).await?)
}

/// The container that bears this gateway token and whose user is not disabled.
pub async fn by_token(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<Container>> {
    let sql = format!(
        "select {COLUMNS} from user_containers where gateway_token_hash = $1
         and exists (select from users u where u.id = user_id and u.disabled_at is null)"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(token_hash).fetch_optional(tx.conn()).await?)
}

/// All containers, for sweeps.
pub async fn all(tx: &mut Tx) -> Result<Vec<Container>> {
    let sql = format!("select {COLUMNS} from user_containers order by id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(tx.conn()).await?)
}

/// Changes the wish; nothing can be wanted running for a user who is shut out. A fresh wish for running begins a new start: stage, clock and failure are reset.
pub async fn want(tx: &mut Tx, id: ContainerId, desired: Desired) -> Result<()> {
    sqlx::query(
        "update user_containers set desired = $2, updated_at = now(),
             failure = case when $2 = 'running' then null else failure end,
             stage = case when $2 = 'running' and observed <> 'ready' and (desired <> 'running' or observed = 'failed') then 'queued' else stage end,
             stage_since = case when $2 = 'running' and observed <> 'ready' and (desired <> 'running' or observed = 'failed') then now() else stage_since end,
             wanted_since = case when $2 = 'running' and observed <> 'ready' and (desired <> 'running' or observed = 'failed' or wanted_since is null) then now() else wanted_since end,
             observed = case when $2 = 'running' and observed = 'failed' then 'starting' else observed end
         where id = $1 and ($2 <> 'running' or not exists (
             select from users u where u.id = user_id and u.disabled_at is not null))",
    )
    .bind(id.uuid())
    .bind(desired.as_str())
    .execute(tx.conn())
    .await?;
    changed(tx, id).await
}

/// Notes that its owner stopped it himself.
pub async fn set_stopped_by_user(tx: &mut Tx, id: ContainerId) -> Result<()> {
    sqlx::query("update user_containers set put_to_sleep = true where id = $1")
        .bind(id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Remembers which job performs the present start.
pub async fn set_start_job(tx: &mut Tx, id: ContainerId, job: Uuid) -> Result<()> {
    sqlx::query("update user_containers set start_job = $2 where id = $1")
        .bind(id.uuid())
        .bind(job)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether any user's container exists, running or not.
pub async fn any_exists(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from user_containers where observed <> 'absent')")
        .fetch_one(tx.conn())
        .await?)
}

/// Notes chat activity, for the idle reaper; what its owner put to sleep is awake again.
pub async fn record_activity(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query("update user_containers set last_used_at = now(), put_to_sleep = false where user_id = $1")
        .bind(user.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub(crate) async fn event(
    tx: &mut Tx,
    id: ContainerId,
    user: UserId,
    generation: i64,
    what: &str,
    detail: &str,
) -> Result<()> {
    sqlx::query("insert into container_events (container_id, user_id, generation, what, detail) values ($1, $2, $3, $4, $5)")
        .bind(id.uuid())
        .bind(user.uuid())
        .bind(generation)
        .bind(what)
        .bind(detail)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Deletes events that are older than so many days (0 = none), but for the starts: they are counted.
pub async fn prune_events(tx: &mut Tx, days: u32) -> Result<()> {
    sqlx::query(
        "delete from container_events where $1 > 0 and what <> 'booting' and at < now() - make_interval(days => $1)",
    )
    .bind(i32::try_from(days).unwrap_or(i32::MAX))
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn changed(tx: &mut Tx, id: ContainerId) -> Result<()> {
    tx.notify(listen::CONTAINER, &id.uuid().to_string()).await
}
