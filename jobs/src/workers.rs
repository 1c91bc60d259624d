//! Worker processes as admins see them.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::WorkerId;
use sqlx::{FromRow, types::Json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One start of a worker process.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct WorkerView {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: WorkerId,
    /// Its machine.
    pub host: String,
    /// Its process id there.
    pub pid: i32,
    /// The version it runs.
    pub version: String,
    /// Slots per lane.
    pub lanes: Json<BTreeMap<String, i64>>,
    /// Jobs that it runs, per lane; lanes without any are left out.
    pub busy: Json<BTreeMap<String, i64>>,
    /// Its start.
    pub started_at: DateTime<Utc>,
    /// Its last heartbeat.
    pub last_seen: DateTime<Utc>,
    /// Its orderly end.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Whether it did not end and was heard of within half a minute, by the database's clock.
    pub alive: bool,
}

/// Those that live, and those that ended or fell silent within the last day; the youngest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<WorkerView>> {
    let sql = "select w.id, w.host, w.pid, w.version, w.lanes, w.started_at, w.last_seen, w.stopped_at,
                      w.stopped_at is null and w.last_seen > now() - interval '30 seconds' as alive,
                      coalesce((select jsonb_object_agg(b.lane, b.busy)
                                from (select j.lane, count(*) as busy from jobs j
                                      where j.state = 'running' and j.lease_owner = w.id group by j.lane) b),
                               '{}') as busy
               from workers w
               where greatest(w.last_seen, w.stopped_at) > now() - interval '1 day'
               order by w.started_at desc, w.id limit 500";
    Ok(sqlx::query_as(sql).fetch_all(tx.conn()).await?)
}
