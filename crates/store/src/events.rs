//! The stored stream of a running turn.

use crate::{Result, Tx, listen, turns::Lease};
use domain::TurnId;
use serde_json::Value;
use uuid::Uuid;

/// One event to store.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The lease under which it is written; events of an older driver are dropped.
    pub lease: Lease,
    /// Order within the turn, from 1.
    pub seq: i32,
    /// stage, delta, tool, usage, done or error.
    pub kind: &'static str,
    pub data: Value,
}

/// One stored event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Order within the turn, from 1.
    pub seq: i32,
    pub kind: String,
    pub data: Value,
}

/// Appends the events of many turns in one statement and notifies their followers.
pub async fn append(tx: &mut Tx, events: &[NewEvent]) -> Result<()> {
    let turns: Vec<Uuid> = events.iter().map(|e| e.lease.turn.uuid()).collect();
    let fences: Vec<i64> = events.iter().map(|e| e.lease.fence).collect();
    let seqs: Vec<i32> = events.iter().map(|e| e.seq).collect();
    let kinds: Vec<&str> = events.iter().map(|e| e.kind).collect();
    let data: Vec<&Value> = events.iter().map(|e| &e.data).collect();
    sqlx::query!(
        "with written as (
             insert into turn_events (turn_id, seq, user_id, kind, data)
             select t.id, e.seq, t.user_id, e.kind, e.data
             from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::jsonb[]) as e(turn_id, fence, seq, kind, data)
             join turns t on t.id = e.turn_id and t.lease_fence = e.fence
             on conflict (turn_id, seq) do nothing
             returning turn_id)
         select pg_notify($6, turn_id::text) from (select distinct turn_id from written) w",
        &turns,
        &fences,
        &seqs,
        kinds as _,
        data as _,
        listen::TURN,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The events behind `after`, in order, at most `limit`.
pub async fn read(tx: &mut Tx, turn: TurnId, after: i32, limit: i64) -> Result<Vec<Event>> {
    Ok(sqlx::query_as!(
        Event,
        "select seq, kind, data from turn_events where turn_id = $1 and seq > $2 order by seq limit $3",
        turn.uuid(),
        after,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The lowest and highest stored position; `None` when nothing is stored.
pub async fn bounds(tx: &mut Tx, turn: TurnId) -> Result<Option<(i32, i32)>> {
    let row = sqlx::query!(
        "select min(seq) as low, max(seq) as high from turn_events where turn_id = $1",
        turn.uuid()
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row.low.zip(row.high))
}

/// Drops the events of turns that ended more than `seconds` ago: their text is folded into the turn.
pub async fn prune(tx: &mut Tx, seconds: f64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from turn_events e using turns t
         where t.id = e.turn_id and t.finished_at < clock_timestamp() - make_interval(secs => $1)",
        seconds,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
