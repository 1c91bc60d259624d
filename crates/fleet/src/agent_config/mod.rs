//! The configuration of a user's container: rendered from the database, fetched by the container.

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

/// Tells the user's container, if it runs, that there is something new, and has a job see to it that it arrives.
/// Part of the changing transaction.
pub(crate) async fn changed(tx: &mut Tx, user: UserId) -> Result<()> {
    tx.notify(listen::AGENT_CONFIG, &user.uuid().to_string()).await?;
    let Some(row) = containers::get_of(tx, user).await?.filter(Container::is_up) else { return Ok(()) };
    let job = ApplyConfig { container_id: row.id };
    jobs::enqueue(tx, ActsFor::User(user), &job, jobs::Options::default()).await?;
    Ok(())
}
