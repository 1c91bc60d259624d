//! Retention of histories: of jobs, and of the containers' events.

use crate::{Progress, Result, Services};
use ::jobs::prune;
use store::{containers, timings};

/// Jobs that one transaction deletes.
const BATCH_SIZE: u32 = 1000;

/// Deletes jobs that ended, and events of containers that happened, longer ago than the setting says, and workers that are
/// long gone. Answers how many jobs. Ends early when it is cancelled; the next run continues.
pub async fn prune(services: &Services, job: &dyn Progress) -> Result<u64> {
    let mut tx = services.store.system("prune workers").await?;
    prune::workers(&mut tx).await?;
    timings::prune(&mut tx).await?;
    tx.commit().await?;
    let days = services.stored_settings().await?.job_retention_days;
    let store = &services.store;
    store
        .run_system("retention of the events of containers", async |tx| {
            containers::prune_events(tx, days).await
        })
        .await?;
    let mut pruned = 0;
    while days > 0 && !job.cancel().is_cancelled() {
        let deleted = store
            .run_system("retention of jobs", async |tx| prune::finished(tx, days, BATCH_SIZE).await)
            .await?;
        pruned += deleted;
        if deleted < u64::from(BATCH_SIZE) {
            break;
        }
    }
    Ok(pruned)
}
