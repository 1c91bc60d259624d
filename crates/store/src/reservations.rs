//! Places in the host's memory: each container that runs, or is about to, has one. Who gets the next one is decided
//! under one lock, so that all workers together never give out more than there is.

use crate::{Result, Tx};
use domain::ContainerId;
use sqlx::FromRow;
use uuid::Uuid;

/// What became of asking for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// Memory is set aside.
    Granted,
    /// It waits behind others.
    Waiting {
        /// How many bytes must become free for it and for all who wait longer, beyond what is already on its way out.
        short: i64,
    },
}

/// How the memory is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Standing {
    /// Bytes set aside for all containers.
    pub reserved: i64,
    /// How many containers that are.
    pub running: i64,
    /// How many wait.
    pub waiting: i64,
}

/// Sets `bytes` aside for a container that does not run, unless that would exceed `budget` or overtake somebody who
/// waits longer; then it waits from now on. One that has its place keeps it, and gives back what it needs no more;
/// one that needs more than it has asks anew.
pub async fn take(tx: &mut Tx, id: ContainerId, bytes: i64, budget: i64) -> Result<Reservation> {
    lock(tx).await?;
    if fits(tx, id, bytes).await? {
        return Ok(Reservation::Granted);
    }
    let (others, leaving, before): (i64, i64, i64) = sqlx::query_as(
        "select coalesce(sum(c.reserved_bytes) filter (where c.id <> me.id), 0)::bigint,
                coalesce(sum(c.reserved_bytes)
                    filter (where c.id <> me.id and c.desired in ('stopped', 'removed')), 0)::bigint,
                coalesce(sum(c.place_bytes) filter (where c.reserved_bytes = 0 and c.desired = 'running'
                    and (c.place_wanted_at, c.id) < (coalesce(me.place_wanted_at, 'infinity'), me.id)), 0)::bigint
         from user_containers me cross join user_containers c where me.id = $1",
    )
    .bind(id.uuid())
    .fetch_one(tx.conn())
    .await?;
    let needed = others.saturating_add(before).saturating_add(bytes);
    // A host with less than one container's share of memory still runs one.
    if needed <= budget || (others, before) == (0, 0) {
        note(tx, id, bytes).await?;
        return Ok(Reservation::Granted);
    }
    sqlx::query(
        "update user_containers set place_wanted_at = coalesce(place_wanted_at, clock_timestamp()), place_bytes = $2
         where id = $1",
    )
    .bind(id.uuid())
    .bind(bytes)
    .execute(tx.conn())
    .await?;
    Ok(Reservation::Waiting { short: needed - leaving - budget })
}

/// Whether it has a place of at least that size, which is as large from now on; a smaller one it has no more.
async fn fits(tx: &mut Tx, id: ContainerId, bytes: i64) -> Result<bool> {
    let kept: Option<i64> = sqlx::query_scalar(
        "update user_containers set reserved_bytes = case when reserved_bytes >= $2 then $2 else 0 end
         where id = $1 and reserved_bytes > 0 returning reserved_bytes",
    )
    .bind(id.uuid())
    .bind(bytes)
    .fetch_optional(tx.conn())
    .await?;
    Ok(kept.is_some_and(|kept| kept > 0))
}

/// Sets memory aside for a container that runs already, whatever the budget says.
pub async fn note(tx: &mut Tx, id: ContainerId, bytes: i64) -> Result<()> {
    sqlx::query(
        "update user_containers set place_wanted_at = null,
             reserved_bytes = case reserved_bytes when 0 then $2 else reserved_bytes end
         where id = $1",
    )
    .bind(id.uuid())
    .bind(bytes)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many wait longer than this one; `None` when it does not wait.
pub async fn ahead(tx: &mut Tx, id: ContainerId) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar(
        "select count(c.id) from user_containers me
         left join user_containers c on c.reserved_bytes = 0 and c.desired = 'running'
             and (c.place_wanted_at, c.id) < (me.place_wanted_at, me.id)
         where me.id = $1 and me.place_wanted_at is not null group by me.id",
    )
    .bind(id.uuid())
    .fetch_optional(tx.conn())
    .await?)
}

/// Who waits longest for a place.
pub async fn next(tx: &mut Tx) -> Result<Option<ContainerId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "select id from user_containers where place_wanted_at is not null and reserved_bytes = 0 and desired = 'running'
         order by place_wanted_at, id limit 1",
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(ContainerId::from))
}

/// How the memory is given out at this moment.
pub async fn standing(tx: &mut Tx) -> Result<Standing> {
    Ok(sqlx::query_as(
        "select coalesce(sum(reserved_bytes), 0)::bigint as reserved, count(*) filter (where reserved_bytes > 0) as running,
                count(*) filter (where place_wanted_at is not null and reserved_bytes = 0 and desired = 'running') as waiting
         from user_containers",
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn lock(tx: &mut Tx) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtext('mosaic places'))").execute(tx.conn()).await?;
    Ok(())
}
