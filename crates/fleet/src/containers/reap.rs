//! Stop containers that nobody uses.

use crate::{Result, Services, settings};
use jobs::{ActsFor, kinds::StopContainer};
use store::idle;

/// Wants every container stopped that is idle for longer than the setting says, and enqueues the stops. A running
/// turn is no idleness. Answers how many. Their state stays; the next message starts them again.
pub async fn reap(services: &Services) -> Result<usize> {
    let minutes = settings::read(&services.store).await?.idle_timeout_minutes;
    if minutes == 0 {
        return Ok(0);
    }
    let mut tx = services.store.system("stop idle containers").await?;
    let gone = idle::let_go(&mut tx, minutes).await?;
    for (id, user) in &gone {
        let stop = StopContainer { container_id: *id };
        // As its owner would: his own stop may be waiting under the same key.
        jobs::enqueue(&mut tx, ActsFor::User(*user), &stop, jobs::Options::default()).await?;
    }
    tx.commit().await?;
    Ok(gone.len())
}
