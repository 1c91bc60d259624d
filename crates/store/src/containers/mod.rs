//! Containers: the row, the desired state, and the events. Observations, generations and the configuration in force have
//! files of their own; each change is one statement, guarded by the generation where a late writer could do harm.

mod applied;
mod generation;
mod observation;

use crate::{Result, Tx, listen, stored::Stored};
use chrono::{DateTime, Utc};
use domain::{
    ContainerId, UserId,
    image::PinnedImage,
    lifecycle::{Desired, DesiredState, Observed},
    limits::{LimitOverrides, Limits},
    turn::Stage,
};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

pub use applied::{has_newest_config, newest_change, set_applied, set_applied_change, set_disk_full};
pub use generation::{NewToken, adopt_generation, begin_generation, revoke_token};
pub use observation::{ContainerObservation, observe};

/// A container's row.
#[derive(Debug, Clone)]
pub struct Container {
    pub id: ContainerId,
    pub user_id: UserId,
    pub desired: Desired,
    /// Counts creates.
    pub generation: i64,
    /// What was last seen.
    pub observed: Observed,
    /// How far the start has come.
    pub stage: Stage,
    /// When it reached that stage.
    pub stage_since: DateTime<Utc>,
    /// When the present start was requested.
    pub wanted_since: Option<DateTime<Utc>>,
    /// `ip:port` where OpenClaw answers.
    pub address: Option<String>,
    /// Image of the present generation.
    pub image: Option<String>,
    /// Sealed gateway token.
    pub gateway_token: Option<Vec<u8>>,
    /// Config version in force, as the container reported.
    pub applied_version: Option<String>,
    /// OpenClaw's message about a config it refused.
    pub config_error: Option<String>,
    /// Why it failed: `{code, title, detail}`.
    pub failure: Option<Value>,
    /// The start job of the present start.
    pub start_job: Option<Uuid>,
    /// When it last became ready; observing a ready one again does not change it.
    pub ready_at: Option<DateTime<Utc>>,
    /// Last chat activity.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Why it waits or went down.
    pub reason: Option<String>,
    /// Memory of the host that is reserved for it.
    pub reserved_bytes: i64,
    /// Since when its start waits for memory.
    pub admission_requested_at: Option<DateTime<Utc>>,
    /// Whether its owner stopped it.
    pub stopped_by_user: bool,
    /// The image with which it last became ready.
    pub good_image: Option<String>,
    /// An image with which it did not become ready.
    pub refused_image: Option<String>,
    /// The newest image when a new container was last requested.
    pub asked_image: Option<String>,
    /// The image with which its volume was last searched for session logs in files.
    pub logs_read_of: Option<String>,
    /// Whether it last reported that its state volume is full.
    pub disk_full: bool,
    own_limits: Json<LimitOverrides>,
    made_limits: Option<Json<Limits>>,
    /// Whether it is about to apply a change of its user's providers or agents.
    pub config_pending: bool,
}

impl Container {
    /// The desired state, for the planner.
    pub fn desired_state(&self) -> DesiredState {
        DesiredState { desired: self.desired, generation: self.generation }
    }

    /// The image of the present generation.
    pub fn image(&self) -> Option<PinnedImage> {
        self.image.clone().map(PinnedImage::from)
    }

    /// The limits of its next generation: its user's own, and `instance` where there is none.
    pub fn limits(&self, instance: Limits) -> Limits {
        self.own_limits.apply_to(instance)
    }

    /// The limits that the present generation was made with; an old one has no record of them.
    pub fn made_limits(&self) -> Option<Limits> {
        self.made_limits.map(|Json(limits)| limits)
    }

    /// The limits of the present generation.
    pub fn current_limits(&self, instance: Limits) -> Limits {
        self.made_limits().unwrap_or_else(|| self.limits(instance))
    }

    /// Whether a message that is sent to it now is answered under the newest configuration.
    pub fn is_ready(&self) -> bool {
        self.is_up() && !self.config_pending
    }

    /// Whether it answers and should run.
    pub fn is_up(&self) -> bool {
        self.desired == Desired::Running && self.observed == Observed::Ready && self.address.is_some()
    }
}

/// Containers, by the text after the columns.
///
/// `config_pending`: a change of the user's providers or agents is newer than the newest one that the container
/// reported, but not older than 15 s: a message that is sent now could still be answered with the old key or model.
macro_rules! select_containers {
    ($from:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Container,
            r#"select id, user_id, desired as "desired: Stored<Desired>", generation,
                   observed as "observed: Stored<Observed>", stage as "stage: Stored<Stage>", stage_since, wanted_since,
                   address, image, gateway_token, applied_version, config_error, failure, start_job, ready_at,
                   last_used_at, reason, reserved_bytes, admission_requested_at, stopped_by_user, good_image,
                   refused_image, asked_image, logs_read_of, disk_full, made_limits as "made_limits: Json<Limits>",
                   (select limits from users u where u.id = user_id) as "own_limits!: Json<LimitOverrides>",
                   config_error is null and exists (
                       select from (select updated_at from llm_providers p where p.user_id = user_containers.user_id
                                    union all
                                    select updated_at from user_agent_configs a
                                    where a.user_id = user_containers.user_id) change
                       where change.updated_at > coalesce(applied_change, '-infinity')
                         and change.updated_at > clock_timestamp() - interval '15 seconds') as "config_pending!" "#
                + $from
            $(, $arg)*
        )
    };
}

/// The user's container row, inserted when it is missing, and locked.
pub async fn ensure(tx: &mut Tx, id: ContainerId, user: UserId) -> Result<Container> {
    sqlx::query!(
        "insert into user_containers (id, user_id) values ($1, $2) on conflict (user_id) do nothing",
        id.uuid(),
        user.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(select_containers!("from user_containers where user_id = $1 for update", user.uuid())
        .fetch_one(tx.conn())
        .await?)
}

pub async fn get(tx: &mut Tx, id: ContainerId) -> Result<Option<Container>> {
    Ok(select_containers!("from user_containers where id = $1", id.uuid()).fetch_optional(tx.conn()).await?)
}

/// These containers, in any order; missing ones are left out.
pub(crate) async fn get_many(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Container>> {
    Ok(select_containers!("from user_containers where id = any($1)", ids).fetch_all(tx.conn()).await?)
}

/// The container of a user.
pub async fn get_of(tx: &mut Tx, user: UserId) -> Result<Option<Container>> {
    Ok(select_containers!("from user_containers where user_id = $1", user.uuid())
        .fetch_optional(tx.conn())
        .await?)
}

/// The container that has this gateway token and whose user is not disabled.
pub async fn by_token(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<Container>> {
    Ok(select_containers!(
        "from user_containers where gateway_token_hash = $1
         and exists (select from users u where u.id = user_id and u.disabled_at is null)",
        token_hash
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// All containers, for sweeps.
pub async fn all(tx: &mut Tx) -> Result<Vec<Container>> {
    Ok(select_containers!("from user_containers order by id").fetch_all(tx.conn()).await?)
}

/// Changes the desired state; the container of a disabled user cannot be started. When it is newly `Running` a new start
/// begins: stage, clock and failure are reset.
pub async fn set_desired(tx: &mut Tx, id: ContainerId, desired: Desired) -> Result<()> {
    sqlx::query!(
        "update user_containers set desired = $2, updated_at = now(),
             failure = case when $2 = 'running' then null else failure end,
             stage = case when $2 = 'running' and observed <> 'ready' and (desired <> 'running' or observed = 'failed') then 'queued' else stage end,
             stage_since = case when $2 = 'running' and observed <> 'ready' and (desired <> 'running' or observed = 'failed') then now() else stage_since end,
             wanted_since = case when $2 = 'running' and observed <> 'ready' and (desired <> 'running' or observed = 'failed' or wanted_since is null) then now() else wanted_since end,
             observed = case when $2 = 'running' and observed = 'failed' then 'starting' else observed end
         where id = $1 and ($2 <> 'running' or not exists (
             select from users u where u.id = user_id and u.disabled_at is not null))",
        id.uuid(),
        desired.as_str(),
    )
    .execute(tx.conn())
    .await?;
    notify_changed(tx, id).await
}

/// Records that its owner stopped it.
pub async fn set_stopped_by_user(tx: &mut Tx, id: ContainerId) -> Result<()> {
    sqlx::query!("update user_containers set stopped_by_user = true where id = $1", id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Records which job performs the present start.
pub async fn set_start_job(tx: &mut Tx, id: ContainerId, job: Uuid) -> Result<()> {
    sqlx::query!("update user_containers set start_job = $2 where id = $1", id.uuid(), job)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether any user's container exists, running or not.
pub async fn any_exists(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from user_containers where observed <> 'absent') as "exists!""#
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Records chat activity, for the idle policy; a container that its owner stopped may be started again.
pub async fn record_activity(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        "update user_containers set last_used_at = now(), stopped_by_user = false where user_id = $1",
        user.uuid()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn record_event(
    tx: &mut Tx,
    id: ContainerId,
    user: UserId,
    generation: i64,
    what: &str,
    detail: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into container_events (container_id, user_id, generation, what, detail) values ($1, $2, $3, $4, $5)",
        id.uuid(),
        user.uuid(),
        generation,
        what,
        detail,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes events that are older than so many days (0 = none), except starts: they are counted.
pub async fn prune_events(tx: &mut Tx, days: u32) -> Result<()> {
    sqlx::query!(
        "delete from container_events where $1 > 0 and what <> 'booting' and at < now() - make_interval(days => $1)",
        i32::try_from(days).unwrap_or(i32::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn notify_changed(tx: &mut Tx, id: ContainerId) -> Result<()> {
    tx.notify(listen::CONTAINER, &id.uuid().to_string()).await
}
