//! How long the stages of a start usually take on this instance.

use crate::{Result, Tx, stored::Stored};
use domain::turn::Stage;

/// Median duration in milliseconds of each stage over the last 50 starts.
pub async fn median_durations(tx: &mut Tx) -> Result<Vec<(Stage, u64)>> {
    let rows = sqlx::query!(
        r#"select s.stage as "stage!: Stored<Stage>", percentile_cont(0.5) within group (order by t.ms) as "ms!"
         from (values ('queued'), ('creating'), ('booting'), ('loading')) s(stage)
         cross join lateral (select ms from stage_timings x where x.stage = s.stage order by id desc limit 50) t
         group by s.stage"#,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.stage.into(), row.ms.max(0.0) as u64)).collect())
}

/// Deletes all but the last thousand durations.
pub async fn prune(tx: &mut Tx) -> Result<()> {
    sqlx::query!("delete from stage_timings where id < (select max(id) from stage_timings) - 1000")
        .execute(tx.conn())
        .await?;
    Ok(())
}
