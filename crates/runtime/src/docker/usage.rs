//! What a container uses.

use super::{Link, container::find, error::translate};
use bollard::{models::ContainerMemoryStats, query_parameters::StatsOptionsBuilder};
use domain::containers::{ContainerError, Owner, RunState};
use futures_util::TryStreamExt;

/// Its memory in bytes, without the page cache that the kernel would give back at once; `None` unless it runs.
pub(super) async fn memory(link: &Link, owner: &Owner) -> Result<Option<u64>, ContainerError> {
    let Some(seen) = find(link, owner).await? else { return Ok(None) };
    if !matches!(seen.state, RunState::Running | RunState::Paused) {
        return Ok(None);
    }
    let once = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
    let mut stats = std::pin::pin!(link.docker.stats(&seen.docker_id, Some(once)));
    let stats = stats.try_next().await.map_err(translate)?;
    Ok(stats.and_then(|stats| stats.memory_stats).and_then(used))
}

fn used(memory: ContainerMemoryStats) -> Option<u64> {
    // cgroup v2 calls it inactive_file, v1 total_inactive_file.
    let stats = memory.stats.unwrap_or_default();
    let idle = ["inactive_file", "total_inactive_file"].iter().find_map(|name| stats.get(*name)).copied();
    Some(memory.usage?.saturating_sub(idle.unwrap_or_default()))
}
