//! The queue in numbers, for monitoring: cheap enough to be read every few seconds.

use crate::{Lane, Result, Tx, kinds};

/// Counting stops here.
const MAX_COUNTED: i64 = 10_000;

/// Unfinished jobs of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub kind: String,
    pub lane: String,
    /// At most 10,000.
    pub queued: i64,
    /// At most 10,000.
    pub running: i64,
}

/// Unfinished jobs of every kind that this version knows, zeros included. Each number is read from a range of the
/// board's index.
pub async fn unfinished(tx: &mut Tx) -> Result<Vec<Unfinished>> {
    let (kinds, lanes): (Vec<&str>, Vec<&str>) =
        kinds::ALL.iter().map(|(kind, lane)| (*kind, lane.as_str())).unzip();
    let unfinished = sqlx::query_file_as!(
        Unfinished,
        "src/unfinished.sql",
        &kinds as &[&str],
        &lanes as &[&str],
        MAX_COUNTED,
    );
    Ok(unfinished.fetch_all(tx.conn()).await?)
}

/// For how many seconds the oldest job of each lane has been due without starting; 0 if there is none.
pub async fn oldest_due(tx: &mut Tx) -> Result<Vec<(String, f64)>> {
    let lanes: Vec<&str> = Lane::ALL.iter().map(|lane| lane.as_str()).collect();
    let rows = sqlx::query_file!("src/oldest_due.sql", &lanes as &[&str]).fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(|row| (row.lane, row.seconds)).collect())
}

/// How many workers are alive, by the version that they run.
pub async fn workers(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select version, count(*) as "count!" from workers
           where stopped_at is null and last_seen > now() - interval '30 seconds' group by version"#,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.version, row.count)).collect())
}
