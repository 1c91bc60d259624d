//! The board's numbers.

use super::owner_filter;
use crate::{Cx, Result};
use std::sync::Arc;
use tokio::time::Instant;

pub use crate::services::job_stats::Stats;

/// The numbers of the actor's jobs, at most a second old (longer only where counting takes long).
pub async fn stats(cx: &Cx) -> Result<Arc<Stats>> {
    let owner = owner_filter(cx)?;
    if let Some(stats) = cx.services.job_stats.get(owner) {
        return Ok(stats);
    }
    let started = Instant::now();
    let mut tx = cx.begin().await?;
    let stats = Arc::new(Stats::count(&mut tx, owner).await?);
    drop(tx);
    cx.services.job_stats.put(owner, &stats, started.elapsed());
    Ok(stats)
}
