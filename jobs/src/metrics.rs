//! How the queue stands in numbers, for those who watch the product: cheap enough to be asked every few seconds.

use crate::{Lane, Result, Tx, kinds};
use sqlx::FromRow;

/// Nobody counts further.
const MOST: i64 = 10_000;

/// Unfinished jobs of one kind.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Unfinished {
    /// What they do.
    pub kind: String,
    /// Where they wait.
    pub lane: String,
    /// How many wait; at most 10,000.
    pub queued: i64,
    /// How many run; at most 10,000.
    pub running: i64,
}

/// Unfinished jobs of every kind that this version knows, zeros included. A range of the board's index each.
pub async fn unfinished(tx: &mut Tx) -> Result<Vec<Unfinished>> {
    let sql = "select k.kind, k.lane,
                      (select count(*) from (select from jobs j
                          where j.state = 'queued' and j.lane = k.lane and j.kind = k.kind limit $3) q) as queued,
                      (select count(*) from (select from jobs j
                          where j.state = 'running' and j.lane = k.lane and j.kind = k.kind limit $3) r) as running
               from unnest($1::text[], $2::text[]) as k (kind, lane)";
    let kinds: Vec<&str> = kinds::ALL.iter().map(|(kind, _)| *kind).collect();
    let lanes: Vec<&str> = kinds::ALL.iter().map(|(_, lane)| lane.as_str()).collect();
    Ok(sqlx::query_as(sql).bind(kinds).bind(lanes).bind(MOST).fetch_all(tx.conn()).await?)
}

/// For how many seconds the oldest job of each lane has been due and not begun; 0 when none is.
pub async fn oldest_due(tx: &mut Tx) -> Result<Vec<(String, f64)>> {
    let sql = "select l.lane, coalesce(extract(epoch from now() - (
                          select min(first.due_at) from generate_series(0, 2) as level (priority)
                          cross join lateral (
                              select j.due_at from jobs j
                              where j.state = 'queued' and j.lane = l.lane and j.priority = level.priority
                                    and j.due_at <= now()
                              order by j.due_at limit 1) first)), 0)::float8
               from unnest($1::text[]) as l (lane)";
    let lanes: Vec<&str> = Lane::ALL.iter().map(|lane| lane.as_str()).collect();
    Ok(sqlx::query_as(sql).bind(lanes).fetch_all(tx.conn()).await?)
}

/// Workers that live, by the version that they run.
pub async fn workers(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    let sql = "select version, count(*) from workers
               where stopped_at is null and last_seen > now() - interval '30 seconds' group by version";
    Ok(sqlx::query_as(sql).fetch_all(tx.conn()).await?)
}
