//! The first chat of a fresh OpenClaw takes seconds longer than any later one. Where nobody waits for an answer it is
//! had at once, with an agent that nobody speaks to and a model that Mosaic plays: it costs no tokens and leaves
//! nothing in anybody's history.

use crate::{Error, Result, Services};
use domain::ContainerId;
use jobs::{ActsFor, Options, kinds::WarmUp};
use store::{
    Tx,
    containers::{self, Container},
    idle,
};

/// Asks for it, in the transaction that says that the container is ready. Whoever waits for an answer already has the
/// first chat himself.
pub(super) async fn ask(tx: &mut Tx, row: &Container) -> Result<()> {
    if idle::is_at_rest(tx, row.id).await? {
        let job = WarmUp { container_id: row.id };
        jobs::enqueue(tx, ActsFor::User(row.user_id), &job, Options::default()).await?;
    }
    Ok(())
}

/// Has that chat. Somebody who came meanwhile needs it no more; one that fails costs the head start only.
pub async fn warm_up(services: &Services, id: ContainerId) -> Result<()> {
    let mut tx = services.store.system("warm-up of a container").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    if !row.is_up() || !idle::is_at_rest(&mut tx, id).await? {
        return Ok(());
    }
    let Some(reached) = services.gateways.reach(services, &mut tx, &row).await? else { return Ok(()) };
    drop(tx);
    reached.gateway.warm_up().await.map_err(|error| {
        tracing::debug!(?error, container = %id, "a container was not warmed up");
        Error::Unavailable {
            code: "not_warmed_up",
            detail: "The container did not answer; its first chat takes a little longer.".into(),
            retry_after: std::time::Duration::from_secs(1),
        }
    })
}
