//! Retention of histories: of jobs, and of what containers went through.

use crate::{Progress, Result, Services, settings};
use ::jobs::prune;
use store::{containers, timings};

/// Jobs that one transaction deletes.
const BATCH: u32 = 1000;

/// Deletes jobs that ended, and what happened to containers, longer ago than the setting says, and workers that are long
/// gone. Answers how many
/// jobs. Ends early when it is told to stop; the next run goes on.
pub async fn prune(services: &Services, job: &dyn Progress) -> Result<u64> {
    let mut tx = services.store.system("prune workers").await?;
    prune::workers(&mut tx).await?;
    timings::prune(&mut tx).await?;
    tx.commit().await?;
    let days = settings::read(&services.store).await?.job_retention_days;
    let mut tx = services.store.system("retention of what containers went through").await?;
    containers::prune_events(&mut tx, days).await?;
    tx.commit().await?;
    let mut pruned = 0;
    while days > 0 && !job.cancel().is_cancelled() {
        let mut tx = services.store.system("retention of jobs").await?;
        let deleted = prune::finished(&mut tx, days, BATCH).await?;
        tx.commit().await?;
        pruned += deleted;
        if deleted < u64::from(BATCH) {
            break;
        }
    }
    Ok(pruned)
}
