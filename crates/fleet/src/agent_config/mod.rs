//! The configuration of a user's container: rendered from the database, fetched by the container.

mod render;
mod serve;

pub use serve::{Answer, Report, serve};

use crate::Result;
use domain::UserId;
use store::{Tx, listen};

/// Tells the user's container, if it runs, that there is something new. Part of the changing transaction.
pub(crate) async fn changed(tx: &mut Tx, user: UserId) -> Result<()> {
    Ok(tx.notify(listen::AGENT_CONFIG, &user.uuid().to_string()).await?)
}
