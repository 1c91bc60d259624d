//! The configuration of a user's container: rendered from the database and fetched by the container.

mod render;
mod serve;

pub use serve::{Answer, Report, serve};

use crate::Result;
use domain::UserId;
use jobs::{ActsFor, kinds::ApplyConfig};
use store::{
    Tx,
    containers::{self, Container},
    listen,
};

/// Notifies the user's container of a new configuration, and enqueues a job that checks that it arrives. Part of the
/// transaction that changes it.
pub(crate) async fn changed(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.notify(listen::AGENT_CONFIG, &user.uuid().to_string()).await?;
    let Some(row) = containers::get_of(tx, user).await?.filter(Container::is_up) else { return Ok(()) };
    let job = ApplyConfig { container_id: row.id };
    jobs::enqueue(tx, ActsFor::User(user), &job, jobs::Options::default()).await?;
    Ok(())
}
