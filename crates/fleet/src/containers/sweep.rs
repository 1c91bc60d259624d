//! Compare what the rows say with what the engine has, and put right what drifted apart.

use super::{owner, wake};
use crate::{Error, Result, Services};
use domain::{
    ContainerId,
    containers::{ContainerError, Containers, RunState, Seen},
    lifecycle::Observed,
    turn::Stage,
};
use jobs::{ActsFor, Job, kinds};
use std::{collections::HashMap, time::Duration};
use store::containers::{self, Container, Sight};

/// Looks at every container that should run: one that is said to be ready and is not there any more is no longer
/// believed, and one that nobody brings up gets a job. What was given up waits for its user. Answers how many
/// were put right.
pub async fn sweep(services: &Services, engine: &dyn Containers) -> Result<usize> {
    let there: HashMap<ContainerId, Seen> = engine
        .list(services.instance)
        .await
        .map_err(away)?
        .into_iter()
        .map(|seen| (seen.owner.container, seen))
        .collect();
    let mut tx = services.store.system("sweep of containers").await?;
    let rows = containers::wanted_running(&mut tx).await?;
    drop(tx);
    let mut mended = 0;
    for row in rows {
        let believed = row.observed() == Observed::Ready;
        let gone = believed && !runs(&row, there.get(&row.id));
        // The list is older than the row: asked again before it counts.
        let gone = gone && !runs(&row, engine.inspect(&owner(services, &row)).await.map_err(away)?.as_ref());
        if (gone || !believed) && row.observed() != Observed::Failed && mend(services, &row).await? {
            mended += 1;
        }
    }
    Ok(mended)
}

fn runs(row: &Container, seen: Option<&Seen>) -> bool {
    seen.is_some_and(|seen| seen.generation == row.generation && seen.state == RunState::Running)
}

/// Enqueues its start unless a job is at it.
async fn mend(services: &Services, row: &Container) -> Result<bool> {
    let mut tx = services.store.system("sweep of containers").await?;
    let at_it = [
        kinds::StartContainer { container_id: row.id }.unique_key(),
        kinds::RestartContainer { container_id: row.id }.unique_key(),
        kinds::StopContainer { container_id: row.id }.unique_key(),
    ];
    for key in at_it.into_iter().flatten() {
        if jobs::is_active(&mut tx, &key).await? {
            return Ok(false);
        }
    }
    if row.observed() == Observed::Ready {
        let sight = Sight::Stage(Stage::Queued);
        if !containers::observe(&mut tx, row.id, row.generation, &sight, "Its container is gone.").await? {
            return Ok(false);
        }
    }
    wake::enqueue_start(&mut tx, ActsFor::User(row.user_id), row.id).await?;
    tx.commit().await?;
    services.gateways.forget(row.id);
    Ok(true)
}

fn away(error: ContainerError) -> Error {
    // The engine's own words are for the log: they may name paths of the host.
    tracing::warn!(%error, "sweep of containers");
    Error::Unavailable {
        code: error.code(),
        detail: "The server's container engine does not answer.".into(),
        retry_after: Duration::from_secs(5),
    }
}
