//! Gateways that hang inside a running container. The engine does not notice those, so each gateway is probed.

use super::{
    ensure_running,
    state::{is_expected_ready, is_running},
};
use crate::{Result, Services};
use domain::{ContainerId, containers::ContainerState};
use futures_util::{StreamExt, stream};
use openclaw::Readiness;
use std::{collections::HashMap, net::SocketAddr, time::Duration};
use store::containers::Container;

/// Gateways that are probed at the same time.
const PROBE_CONCURRENCY: usize = 16;
/// Probes without an answer until a gateway counts as hung: a busy process may miss one.
const MAX_PROBES: u32 = 3;
const PROBE_INTERVAL: Duration = Duration::from_secs(3);

/// Probes every container that runs and should be ready. One that does not answer is marked so, and its start is
/// enqueued: that waits a while longer, then stops the container and starts it again. Answers how many.
pub(super) async fn check(
    services: &Services,
    rows: &[Container],
    observed: &HashMap<ContainerId, ContainerState>,
) -> Result<usize> {
    let up: Vec<Container> = rows
        .iter()
        .filter(|row| is_expected_ready(row) && is_running(row, observed.get(&row.id)))
        .cloned()
        .collect();
    let probed = up.into_iter().map(async |row| (!answers(services, &row).await).then_some(row));
    let silent: Vec<_> = stream::iter(probed).buffer_unordered(PROBE_CONCURRENCY).collect().await;
    let mut marked = 0;
    for row in silent.into_iter().flatten() {
        marked += usize::from(ensure_running::mark_unresponsive(services, &row).await?);
    }
    Ok(marked)
}

/// Any answer is a sign of life, also that it loads or drains.
async fn answers(services: &Services, row: &Container) -> bool {
    let Some(address) = row.address.as_deref().and_then(|text| text.parse::<SocketAddr>().ok()) else {
        // Ready without an address: it cannot be reached.
        return false;
    };
    let probe = services.gateways.probe(address);
    for number in 1..=MAX_PROBES {
        if matches!(probe.readiness().await, Readiness::Ready | Readiness::Loading) {
            return true;
        }
        if number < MAX_PROBES {
            tokio::time::sleep(PROBE_INTERVAL).await;
        }
    }
    false
}
