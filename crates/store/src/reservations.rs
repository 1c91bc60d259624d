//! Memory of the host that is reserved for containers: each one that runs, or is about to, has a reservation. Who gets
//! the next one is decided under one lock, so that all workers together never reserve more than there is.

use crate::{Result, Tx};
use domain::ContainerId;

/// The answer to a request for memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    Granted,
    /// It waits behind others.
    Waiting {
        /// How many bytes must become free for it and for all that wait longer, beyond what is already being freed.
        short: i64,
    },
}

/// How the memory is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryUsage {
    /// Bytes reserved for all containers.
    pub reserved: i64,
    /// How many containers have a reservation.
    pub running: i64,
    /// How many wait for one.
    pub waiting: i64,
}

/// Reserves `bytes` for a container that does not run, unless that would exceed `budget` or overtake one that waits
/// longer; then it waits from now on. A container that has a reservation keeps it and gives back what it no longer
/// needs; one that needs more than it has requests anew.
pub async fn reserve(tx: &mut Tx, id: ContainerId, bytes: i64, budget: i64) -> Result<Reservation> {
    lock(tx).await?;
    if keep_or_release(tx, id, bytes).await? {
        return Ok(Reservation::Granted);
    }
    let row = sqlx::query!(
        r#"select coalesce(sum(c.reserved_bytes) filter (where c.id <> me.id), 0)::bigint as "others!",
                coalesce(sum(c.reserved_bytes)
                    filter (where c.id <> me.id and c.desired in ('stopped', 'removed')), 0)::bigint as "leaving!",
                coalesce(sum(c.requested_bytes) filter (where c.reserved_bytes = 0 and c.desired = 'running'
                    and (c.admission_requested_at, c.id)
                        < (coalesce(me.admission_requested_at, 'infinity'), me.id)), 0)::bigint as "before!"
         from user_containers me cross join user_containers c where me.id = $1"#,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    let needed = row.others.saturating_add(row.before).saturating_add(bytes);
    // A host with less memory than one container's limit still runs one.
    if needed <= budget || (row.others, row.before) == (0, 0) {
        set_reservation(tx, id, bytes).await?;
        return Ok(Reservation::Granted);
    }
    sqlx::query!(
        "update user_containers set admission_requested_at = coalesce(admission_requested_at, clock_timestamp()),
             requested_bytes = $2
         where id = $1",
        id.uuid(),
        bytes,
    )
    .execute(tx.conn())
    .await?;
    Ok(Reservation::Waiting { short: needed - row.leaving - budget })
}

/// If at least `bytes` are reserved, reduces that to `bytes` and returns `true`. Otherwise releases what is reserved and
/// returns `false`.
async fn keep_or_release(tx: &mut Tx, id: ContainerId, bytes: i64) -> Result<bool> {
    let reserved = sqlx::query_scalar!(
        "update user_containers set reserved_bytes = case when reserved_bytes >= $2 then $2 else 0 end
         where id = $1 and reserved_bytes > 0 returning reserved_bytes",
        id.uuid(),
        bytes,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(reserved.is_some_and(|reserved| reserved > 0))
}

/// Records the reservation, whatever the budget, and ends the wait.
pub async fn set_reservation(tx: &mut Tx, id: ContainerId, bytes: i64) -> Result<()> {
    sqlx::query!(
        "update user_containers set admission_requested_at = null,
             reserved_bytes = case reserved_bytes when 0 then $2 else reserved_bytes end
         where id = $1",
        id.uuid(),
        bytes,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many containers wait longer than this one; `None` when it does not wait.
pub async fn waiting_ahead(tx: &mut Tx, id: ContainerId) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        r#"select count(c.id) as "count!" from user_containers me
         left join user_containers c on c.reserved_bytes = 0 and c.desired = 'running'
             and (c.admission_requested_at, c.id) < (me.admission_requested_at, me.id)
         where me.id = $1 and me.admission_requested_at is not null group by me.id"#,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The container that waits longest.
pub async fn next_waiting(tx: &mut Tx) -> Result<Option<ContainerId>> {
    let id = sqlx::query_scalar!(
        "select id from user_containers
         where admission_requested_at is not null and reserved_bytes = 0 and desired = 'running'
         order by admission_requested_at, id limit 1",
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(ContainerId::from))
}

/// How the memory is used at this moment.
pub async fn usage(tx: &mut Tx) -> Result<MemoryUsage> {
    Ok(sqlx::query_as!(
        MemoryUsage,
        r#"select coalesce(sum(reserved_bytes), 0)::bigint as "reserved!",
                count(*) filter (where reserved_bytes > 0) as "running!",
                count(*) filter (where admission_requested_at is not null and reserved_bytes = 0
                    and desired = 'running') as "waiting!"
         from user_containers"#,
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn lock(tx: &mut Tx) -> Result<()> {
    // The name is a contract between releases: during a rolling upgrade both take this lock.
    sqlx::query!("select pg_advisory_xact_lock(hashtext('mosaic places'))").execute(tx.conn()).await?;
    Ok(())
}
