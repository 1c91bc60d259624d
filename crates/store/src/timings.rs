//! How long the stages of a start usually take here.

use crate::{Result, Tx};
use domain::turn::Stage;

/// Median duration in milliseconds of each stage over the last 50 starts of this instance.
pub async fn usual(tx: &mut Tx) -> Result<Vec<(Stage, u64)>> {
    let rows: Vec<(String, f64)> = sqlx::query_as(
        "select s.stage, percentile_cont(0.5) within group (order by t.ms)
         from (values ('queued'), ('creating'), ('booting'), ('loading')) s(stage)
         cross join lateral (select ms from stage_timings x where x.stage = s.stage order by id desc limit 50) t
         group by s.stage",
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(stage, ms)| (Stage::from_stored(&stage), ms.max(0.0) as u64)).collect())
}

/// Forgets durations that count for nothing any more.
pub async fn prune(tx: &mut Tx) -> Result<()> {
    let sql = "delete from stage_timings where id < (select max(id) from stage_timings) - 1000";
    sqlx::query(sql).execute(tx.conn()).await?;
    Ok(())
}
