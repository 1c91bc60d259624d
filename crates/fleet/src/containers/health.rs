//! Gateways that hang inside a living container: the engine sees nothing wrong with those, so they are asked.

use super::{
    crash::{is_expected_ready, runs},
    ensure_running,
};
use crate::{Result, Services};
use domain::{ContainerId, containers::ContainerState};
use futures_util::{StreamExt, stream};
use openclaw::Readiness;
use std::{collections::HashMap, net::SocketAddr, time::Duration};
use store::containers::Container;

/// Asked at the same time.
const AT_ONCE: usize = 16;
/// Looks at one that says nothing, and what lies between them: one may be missed by a process that is busy.
const LOOKS: u32 = 3;
const BETWEEN: Duration = Duration::from_secs(3);

/// Asks every container that is believed to answer, and runs. One from which nothing comes is no longer believed, and
/// a start looks after it: that waits for it a while longer, then ends it and starts it again. Answers how many.
pub(super) async fn check(
    services: &Services,
    rows: &[Container],
    there: &HashMap<ContainerId, ContainerState>,
) -> Result<usize> {
    let up: Vec<Container> =
        rows.iter().filter(|row| is_expected_ready(row) && runs(row, there.get(&row.id))).cloned().collect();
    let asked = up.into_iter().map(async |row| (!answers(services, &row).await).then_some(row));
    let looked: Vec<_> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    let mut suspected = 0;
    for row in looked.into_iter().flatten() {
        suspected += usize::from(ensure_running::suspect_silent(services, &row).await?);
    }
    Ok(suspected)
}

/// Anything that it says is a sign of life, also that it is loading or draining.
async fn answers(services: &Services, row: &Container) -> bool {
    let Some(address) = row.address.as_deref().and_then(|text| text.parse::<SocketAddr>().ok()) else {
        // Ready without an address: nobody can talk to it.
        return false;
    };
    let probe = services.gateways.probe(address);
    for look in 1..=LOOKS {
        if matches!(probe.ready().await, Readiness::Ready | Readiness::Loading) {
            return true;
        }
        if look < LOOKS {
            tokio::time::sleep(BETWEEN).await;
        }
    }
    false
}
