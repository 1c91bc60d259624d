//! The first chat of a fresh OpenClaw takes seconds longer than any later one. Where no user waits for an answer, Mosaic
//! runs that chat at once, with an agent of its own and a model that Mosaic plays: it costs no tokens and leaves nothing
//! in any history.

use crate::{Error, Result, Services, gateways};
use domain::ContainerId;
use jobs::{ActsFor, Options, kinds::WarmUp};
use store::{
    Tx,
    containers::{self, Container},
    idle,
};

/// Enqueues it, in the transaction that stores that the container is ready. A user who waits already brings the first
/// chat.
pub(super) async fn enqueue_if_unused(tx: &mut Tx, row: &Container) -> Result<()> {
    if idle::is_at_rest(tx, row.id).await? {
        let job = WarmUp { container_id: row.id };
        jobs::enqueue(tx, ActsFor::User(row.user_id), &job, Options::default()).await?;
    }
    Ok(())
}

/// Runs that chat, unless a user came meanwhile. A failure costs only the head start.
pub async fn warm_up(services: &Services, id: ContainerId) -> Result<()> {
    let mut tx = services.store.system("warm-up of a container").await?;
    let Some(row) = containers::get(&mut tx, id).await? else { return Ok(()) };
    if !row.is_up() || !idle::is_at_rest(&mut tx, id).await? {
        return Ok(());
    }
    let Some(handle) = gateways::reach(services, &mut tx, &row).await? else { return Ok(()) };
    drop(tx);
    handle.gateway.warm_up().await.map_err(|error| {
        tracing::debug!(?error, container = %id, "a container was not warmed up");
        Error::Unavailable {
            code: "not_warmed_up",
            detail: "The container did not answer; its first chat takes a little longer.".into(),
            retry_after: std::time::Duration::from_secs(1),
        }
    })
}
