//! Worker processes as admins see them.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::WorkerId;
use sqlx::types::Json;
use std::collections::BTreeMap;

/// One worker process; started again, it is another one.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerView {
    pub id: WorkerId,
    /// Name of its machine.
    pub host: String,
    /// Its process id there.
    pub pid: i32,
    /// Version of the program.
    pub version: String,
    /// Slots per lane.
    pub lanes: Json<BTreeMap<String, i64>>,
    /// Running jobs per lane; lanes without running jobs are left out.
    pub busy: Json<BTreeMap<String, i64>>,
    pub started_at: DateTime<Utc>,
    /// Its last heartbeat.
    pub last_seen: DateTime<Utc>,
    /// When it shut down in order.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Whether it has not stopped and its last heartbeat is at most 30 seconds old, by the database's clock.
    pub alive: bool,
}

/// The workers that are alive, stopped within the last day, or were last seen within it; the newest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<WorkerView>> {
    Ok(sqlx::query_file_as!(WorkerView, "src/workers.sql").fetch_all(tx.conn()).await?)
}
