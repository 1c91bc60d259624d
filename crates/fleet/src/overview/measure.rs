//! How much memory the containers use.

use crate::{Result, Services, containers::owner};
use domain::{containers::Containers, lifecycle::Observed};
use futures_util::{StreamExt, stream};
use store::{containers, overview};

/// Containers that are measured at the same time.
const MEASURE_CONCURRENCY: usize = 8;

/// Asks the engine for the memory of each container that answers, and stores it. Answers how many. A container that has
/// just stopped is left out.
pub async fn measure(services: &Services, engine: &dyn Containers) -> Result<usize> {
    let mut tx = services.store.system("memory of containers").await?;
    let rows = containers::all(&mut tx).await?;
    drop(tx);
    let up = rows.into_iter().filter(|row| matches!(row.observed, Observed::Ready | Observed::Paused));
    let asked = up.map(async |row| {
        let used = engine.memory(&owner(services, &row)).await;
        used.map(|used| used.map(|used| (row, used)))
    });
    let found: Vec<_> = stream::iter(asked).buffer_unordered(MEASURE_CONCURRENCY).collect().await;
    let mut measured = 0;
    let mut tx = services.store.system("memory of containers").await?;
    for used in found {
        let Some((row, used)) = used? else { continue };
        overview::record_usage(&mut tx, row.id, row.user_id, used).await?;
        measured += 1;
    }
    tx.commit().await?;
    Ok(measured)
}
