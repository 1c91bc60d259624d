//! Deletes expired findings and memories. They were invisible already.

use crate::{Progress, Result, Services};
use chrono::TimeDelta;
use store::{findings, memories};
use uuid::Uuid;

/// Rows that one transaction deletes.
const DELETION_BATCH: i64 = 500;
/// How long the history of a deleted memory is kept.
const HISTORY_RETENTION: TimeDelta = TimeDelta::days(30);

/// Deletes expired findings and memories, and the history of memories that were deleted long ago. Returns the number of
/// rows. A cancelled run ends early, and the next one continues.
pub async fn prune(services: &Services, job: &dyn Progress) -> Result<u64> {
    let mut pruned = 0;
    while !job.cancel().is_cancelled() {
        let now = services.clock.now();
        let mut tx = services.store.system("expired findings and memories").await?;
        let expired = findings::expired(&mut tx, now, DELETION_BATCH).await?;
        let mut deleted = 0;
        for own in expired.chunk_by(|(one, _), (other, _)| one == other) {
            let ids: Vec<Uuid> = own.iter().map(|(_, id)| *id).collect();
            let Some((user, _)) = own.first() else { continue };
            deleted += findings::delete(&mut tx, *user, &ids).await?;
        }
        deleted += memories::prune(&mut tx, now, now - HISTORY_RETENTION, DELETION_BATCH).await?;
        tx.commit().await?;
        if deleted == 0 {
            break;
        }
        pruned += deleted;
    }
    Ok(pruned)
}
