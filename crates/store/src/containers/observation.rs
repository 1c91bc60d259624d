//! What was seen of a container, stored with its event in one statement that is guarded by the generation.

use super::{notify_changed, record_event};
use crate::{Result, Tx};
use domain::{ContainerId, UserId, lifecycle::Observed, turn::Stage};
use serde_json::Value;

/// What was observed of a container.
#[derive(Debug, Clone)]
pub enum ContainerObservation {
    /// The start reached this stage.
    Stage(Stage),
    /// It cannot be started now, but later; until then it needs no memory.
    Deferred,
    /// OpenClaw answers at this `ip:port`.
    Ready { address: String },
    /// It is frozen and should be.
    Paused,
    /// It is down and should be.
    Stopped,
    /// The container no longer exists.
    Absent,
    /// It did not come up, or went down by itself; `{code, title, detail}`.
    Failed { failure: Value },
}

impl ContainerObservation {
    /// The text in `container_events.what`.
    const fn event(&self) -> &'static str {
        match self {
            Self::Stage(stage) => stage.as_str(),
            Self::Deferred => Stage::Queued.as_str(),
            Self::Ready { .. } => "ready",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Absent => "removed",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether it no longer needs memory.
    const fn is_down(&self) -> bool {
        matches!(self, Self::Deferred | Self::Stopped | Self::Absent | Self::Failed { .. })
    }

    /// Whether its owner is shown the detail for as long as this state lasts.
    const fn has_reason(&self) -> bool {
        matches!(self, Self::Stage(Stage::Queued) | Self::Deferred | Self::Failed { .. })
    }
}

/// Stores what was seen of `generation` together with its event, and notifies all listeners. `false`: the row belongs
/// to another generation by now, nothing was changed.
pub async fn observe(
    tx: &mut Tx,
    id: ContainerId,
    generation: i64,
    observation: &ContainerObservation,
    detail: &str,
) -> Result<bool> {
    let (observed, stage, address, failure) = match observation {
        ContainerObservation::Stage(stage) => (Observed::Starting, *stage, None, None),
        ContainerObservation::Deferred => (Observed::Starting, Stage::Queued, None, None),
        ContainerObservation::Ready { address } => {
            (Observed::Ready, Stage::Ready, Some(address.as_str()), None)
        }
        ContainerObservation::Paused => (Observed::Paused, Stage::Queued, None, None),
        ContainerObservation::Stopped => (Observed::Stopped, Stage::Queued, None, None),
        ContainerObservation::Absent => (Observed::Absent, Stage::Queued, None, None),
        ContainerObservation::Failed { failure } => (Observed::Failed, Stage::Queued, None, Some(failure)),
    };
    let user = sqlx::query_scalar!(
        "with before as (select id, stage, stage_since, observed, reason from user_containers where id = $1 and generation = $2 for update),
         timing as (
             insert into stage_timings (stage, ms)
             select stage, (extract(epoch from clock_timestamp() - stage_since) * 1000)::bigint from before
             where $8 and reason is null and stage <> $4 and stage <> 'ready')
         update user_containers c set observed = $3, stage = $4, address = $5, failure = $6,
             stage_since = case when b.stage = $4 and b.observed = $3 then c.stage_since else clock_timestamp() end,
             ready_at = case when $7 and b.observed not in ('ready', 'paused') then clock_timestamp() else ready_at end,
             good_image = case when $7 then c.image else good_image end,
             asked_image = case when $7 then null else asked_image end, reason = $9,
             reserved_bytes = case when $10 then 0 else reserved_bytes end,
             admission_requested_at = case when $10 then null else admission_requested_at end,
             wanted_since = case when $7 then null else wanted_since end,
             updated_at = now()
         from before b where c.id = b.id returning c.user_id",
        id.uuid(),
        generation,
        observed.as_str(),
        stage.as_str(),
        address,
        failure,
        matches!(observation, ContainerObservation::Ready { .. }),
        // A duration is usual only where the start went on, and waited for nothing that may be missing.
        stage != Stage::Queued,
        Some(detail).filter(|detail| observation.has_reason() && !detail.is_empty()),
        observation.is_down(),
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(user) = user else { return Ok(false) };
    record_event(tx, id, UserId::from(user), generation, observation.event(), detail).await?;
    notify_changed(tx, id).await?;
    Ok(true)
}
