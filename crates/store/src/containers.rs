//! Containers: the wish, what was seen, and the events between, each change in one statement that is
//! guarded by the generation, so that a late writer changes nothing.

use crate::{Result, Tx, listen};
use chrono::{DateTime, Utc};
use domain::{
    ContainerId, UserId,
    lifecycle::{Desired, Observed, Wanted},
    turn::Stage,
};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

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
    pub fn wanted(&self) -> Wanted {
        Wanted { desired: self.desired(), generation: self.generation }
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
                       logs_read_of, \
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

/// Whether the container has said that it has its user's newest providers and agents.
pub async fn has_newest(tx: &mut Tx, id: ContainerId) -> Result<bool> {
    let newest: Option<bool> = sqlx::query_scalar(
        "select coalesce(c.applied_change, '-infinity') >= coalesce(max(change.updated_at), '-infinity')
         from user_containers c
         left join (select user_id, updated_at from llm_providers
                    union all
                    select user_id, updated_at from user_agent_configs) change on change.user_id = c.user_id
         where c.id = $1 group by c.id",
    )
    .bind(id.uuid())
    .fetch_optional(tx.conn())
    .await?;
    // What is gone lacks nothing.
    Ok(newest.unwrap_or(true))
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
pub async fn set_put_to_sleep(tx: &mut Tx, id: ContainerId) -> Result<()> {
    sqlx::query("update user_containers set put_to_sleep = true where id = $1")
        .bind(id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes the generation over that the engine has: the rows are older than it, as after a restored backup.
pub async fn overtake(tx: &mut Tx, id: ContainerId, generation: i64) -> Result<()> {
    sqlx::query("update user_containers set generation = $2 where id = $1 and generation < $2")
        .bind(id.uuid())
        .bind(generation)
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

/// The token of a new generation.
#[derive(Debug)]
pub struct NewToken<'a> {
    /// Sealed token.
    pub sealed: &'a [u8],
    /// SHA-256 of it.
    pub hash: &'a [u8],
}

/// Begins generation `from + 1` with a fresh token and revokes the old one; `None` when another worker was faster.
pub async fn begin_generation(
    tx: &mut Tx,
    id: ContainerId,
    from: i64,
    token: &NewToken<'_>,
    image: &str,
) -> Result<Option<i64>> {
    let generation: Option<i64> = sqlx::query_scalar(
        "update user_containers set generation = generation + 1, gateway_token = $3, gateway_token_hash = $4,
             image = $5, applied_version = null, config_error = null, address = null, observed = 'starting', updated_at = now()
         where id = $1 and generation = $2 returning generation",
    )
    .bind(id.uuid())
    .bind(from)
    .bind(token.sealed)
    .bind(token.hash)
    .bind(image)
    .fetch_optional(tx.conn())
    .await?;
    Ok(generation)
}

/// Revokes the token of a generation whose container is gone for good.
pub async fn revoke_token(tx: &mut Tx, id: ContainerId, generation: i64) -> Result<()> {
    sqlx::query(
        "update user_containers set gateway_token = null, gateway_token_hash = null
         where id = $1 and generation = $2",
    )
    .bind(id.uuid())
    .bind(generation)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was observed of a container.
#[derive(Debug, Clone)]
pub enum Sight {
    /// The start reached this stage.
    Stage(Stage),
    /// OpenClaw answers there.
    Ready {
        /// `ip:port`.
        address: String,
    },
    /// It is frozen and should be.
    Paused,
    /// It is down and should be.
    Stopped,
    /// It is gone.
    Absent,
    /// It did not come up, or went down by itself.
    Failed {
        /// `{code, title, detail}`.
        failure: Value,
    },
}

impl Sight {
    const fn word(&self) -> &'static str {
        match self {
            Self::Stage(stage) => stage.as_str(),
            Self::Ready { .. } => "ready",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Absent => "removed",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether it needs no memory any more.
    const fn is_down(&self) -> bool {
        matches!(self, Self::Stopped | Self::Absent | Self::Failed { .. })
    }

    /// Whether its detail is of interest to its owner for as long as it lasts.
    const fn has_reason(&self) -> bool {
        matches!(self, Self::Stage(Stage::Queued) | Self::Failed { .. })
    }
}

/// Stores what was seen of `generation` together with its event, and tells whoever waits.
/// `false`: the row belongs to another generation by now, nothing was changed.
pub async fn observe(
    tx: &mut Tx,
    id: ContainerId,
    generation: i64,
    sight: &Sight,
    detail: &str,
) -> Result<bool> {
    let (observed, stage, address, failure) = match sight {
        Sight::Stage(stage) => (Observed::Starting, *stage, None, None),
        Sight::Ready { address } => (Observed::Ready, Stage::Ready, Some(address.as_str()), None),
        Sight::Paused => (Observed::Paused, Stage::Queued, None, None),
        Sight::Stopped => (Observed::Stopped, Stage::Queued, None, None),
        Sight::Absent => (Observed::Absent, Stage::Queued, None, None),
        Sight::Failed { failure } => (Observed::Failed, Stage::Queued, None, Some(failure)),
    };
    let user: Option<Uuid> = sqlx::query_scalar(
        "with before as (select id, stage, stage_since, observed from user_containers where id = $1 and generation = $2 for update),
         timing as (
             insert into stage_timings (stage, ms)
             select stage, (extract(epoch from clock_timestamp() - stage_since) * 1000)::bigint from before
             where $8 and stage <> $4 and stage <> 'ready')
         update user_containers c set observed = $3, stage = $4, address = $5, failure = $6,
             stage_since = case when b.stage = $4 and b.observed = $3 then c.stage_since else clock_timestamp() end,
             ready_at = case when $7 and b.observed not in ('ready', 'paused') then clock_timestamp() else ready_at end,
             good_image = case when $7 then c.image else good_image end,
             asked_image = case when $7 then null else asked_image end, reason = $9,
             reserved_bytes = case when $10 then 0 else reserved_bytes end,
             place_wanted_at = case when $10 then null else place_wanted_at end,
             wanted_since = case when $7 then null else wanted_since end,
             updated_at = now()
         from before b where c.id = b.id returning c.user_id",
    )
    .bind(id.uuid())
    .bind(generation)
    .bind(observed.as_str())
    .bind(stage.as_str())
    .bind(address)
    .bind(failure)
    .bind(matches!(sight, Sight::Ready { .. }))
    .bind(matches!(sight, Sight::Stage(_) | Sight::Ready { .. }))
    .bind(Some(detail).filter(|detail| sight.has_reason() && !detail.is_empty()))
    .bind(sight.is_down())
    .fetch_optional(tx.conn())
    .await?;
    let Some(user) = user else { return Ok(false) };
    event(tx, id, UserId::from(user), generation, sight.word(), detail).await?;
    changed(tx, id).await?;
    Ok(true)
}

/// Whether any user's container exists, running or not.
pub async fn any_exists(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from user_containers where observed <> 'absent')")
        .fetch_one(tx.conn())
        .await?)
}

/// Notes what the container reported of its configuration.
pub async fn set_applied(
    tx: &mut Tx,
    id: ContainerId,
    version: Option<&str>,
    error: Option<&str>,
) -> Result<()> {
    let updated = sqlx::query(
        "update user_containers set applied_version = $2, config_error = $3, updated_at = now()
         where id = $1 and (applied_version is distinct from $2 or config_error is distinct from $3)",
    )
    .bind(id.uuid())
    .bind(version)
    .bind(error)
    .execute(tx.conn())
    .await?;
    if updated.rows_affected() > 0 {
        changed(tx, id).await?;
    }
    Ok(())
}

/// When the user last changed what his container's configuration is made of; `None` before he has anything.
pub async fn newest_change(tx: &mut Tx, user: UserId) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar(
        "select max(updated_at) from (select updated_at from llm_providers where user_id = $1
                                      union all
                                      select updated_at from user_agent_configs where user_id = $1) change",
    )
    .bind(user.uuid())
    .fetch_one(tx.conn())
    .await?)
}

/// Notes that the container has everything up to this change.
pub async fn set_applied_change(tx: &mut Tx, id: ContainerId, change: Option<DateTime<Utc>>) -> Result<()> {
    let updated = sqlx::query(
        "update user_containers set applied_change = $2 where id = $1 and applied_change is distinct from $2",
    )
    .bind(id.uuid())
    .bind(change)
    .execute(tx.conn())
    .await?;
    if updated.rows_affected() > 0 {
        changed(tx, id).await?;
    }
    Ok(())
}

/// Notes chat activity, for the idle reaper; what its owner put to sleep is awake again.
pub async fn touch(tx: &mut Tx, user: UserId) -> Result<()> {
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

pub(crate) async fn changed(tx: &mut Tx, id: ContainerId) -> Result<()> {
    tx.notify(listen::CONTAINER, &id.uuid().to_string()).await
}
