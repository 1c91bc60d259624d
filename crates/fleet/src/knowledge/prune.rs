//! What is over is deleted: findings and memories past their time. Nobody saw them any more before.

use crate::{Progress, Result, Services};
use chrono::TimeDelta;
use store::{findings, memories};
use uuid::Uuid;

/// Rows that one transaction deletes.
const BATCH: i64 = 500;
/// So long the history of a deleted memory is kept.
const HISTORY: TimeDelta = TimeDelta::days(30);

/// Deletes findings and memories whose time is over, and what is left of memories that were deleted long ago. Answers
/// how many rows. Ends early when it is told to stop; the next run goes on.
pub async fn prune(services: &Services, job: &dyn Progress) -> Result<u64> {
    let mut pruned = 0;
    while !job.cancel().is_cancelled() {
        let now = services.clock.now();
        let mut tx = services.store.system("findings and memories past their time").await?;
        let expired = findings::expired(&mut tx, now, BATCH).await?;
        let mut deleted = 0;
        for own in expired.chunk_by(|(one, _), (other, _)| one == other) {
            let ids: Vec<Uuid> = own.iter().map(|(_, id)| *id).collect();
            let Some((user, _)) = own.first() else { continue };
            deleted += findings::delete(&mut tx, *user, &ids).await?;
        }
        deleted += memories::prune(&mut tx, now, now - HISTORY, BATCH).await?;
        tx.commit().await?;
        if deleted == 0 {
            break;
        }
        pruned += deleted;
    }
    Ok(pruned)
}
