//! Worker processes, for admins.

use crate::{Cx, Result};
use ::jobs::workers::{self, WorkerView};
use chrono::{DateTime, Utc};
use domain::WorkerId;
use serde::Serialize;
use utoipa::ToSchema;

/// One worker process; started again, it is another one.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Worker {
    id: WorkerId,
    host: String,
    pid: i32,
    version: String,
    /// `alive`, `stopped` (it shut down in order) or `silent`.
    state: &'static str,
    lanes: Vec<Load>,
    started_at: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    stopped_at: Option<DateTime<Utc>>,
}

/// Its slots in one lane.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WorkerLoad)]
struct Load {
    lane: String,
    slots: i64,
    busy: i64,
}

impl From<WorkerView> for Worker {
    fn from(worker: WorkerView) -> Self {
        let busy = worker.busy.0;
        let load =
            |(lane, slots): (String, i64)| Load { busy: busy.get(&lane).copied().unwrap_or(0), lane, slots };
        Self {
            id: worker.id,
            host: worker.host,
            pid: worker.pid,
            version: worker.version,
            state: match (worker.alive, worker.stopped_at) {
                (true, _) => "alive",
                (false, Some(_)) => "stopped",
                (false, None) => "silent",
            },
            lanes: worker.lanes.0.into_iter().map(load).collect(),
            started_at: worker.started_at,
            last_seen: worker.last_seen,
            stopped_at: worker.stopped_at,
        }
    }
}

/// Workers that are alive, or stopped or were last seen within the last day.
pub async fn workers(cx: &Cx) -> Result<Vec<Worker>> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    Ok(workers::list(&mut tx).await?.into_iter().map(Worker::from).collect())
}
