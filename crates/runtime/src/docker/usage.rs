//! The memory that a container uses.

use super::{Connection, container::find, error::translate};
use bollard::{models::ContainerMemoryStats, query_parameters::StatsOptionsBuilder};
use domain::containers::{ContainerError, Owner, RunState};
use futures_util::TryStreamExt;

/// In bytes, without page cache that the kernel can free at once. `None` unless it runs.
pub(super) async fn memory_bytes(
    connection: &Connection,
    owner: &Owner,
) -> Result<Option<u64>, ContainerError> {
    let Some(container) = find(connection, owner).await? else { return Ok(None) };
    if !matches!(container.state, RunState::Running | RunState::Paused) {
        return Ok(None);
    }
    let once = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
    let mut stats = std::pin::pin!(connection.docker.stats(&container.docker_id, Some(once)));
    let stats = stats.try_next().await.map_err(translate)?;
    Ok(stats.and_then(|stats| stats.memory_stats).and_then(without_cache))
}

fn without_cache(memory: ContainerMemoryStats) -> Option<u64> {
    // cgroup v2 calls it inactive_file, v1 total_inactive_file.
    let stats = memory.stats.unwrap_or_default();
    let cache = ["inactive_file", "total_inactive_file"].iter().find_map(|name| stats.get(*name)).copied();
    Some(memory.usage?.saturating_sub(cache.unwrap_or_default()))
}
