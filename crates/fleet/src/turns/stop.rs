//! Stop a running turn, from any replica.

use crate::{Cx, Error, Result};
use domain::TurnId;
use store::turns;

/// Asks for a stop. What has arrived is kept; stopping a turn that has ended is fine.
pub async fn stop(cx: &Cx, id: TurnId) -> Result<()> {
    let mut tx = cx.begin().await?;
    turns::get(&mut tx, id).await?.ok_or(Error::NotFound("turn"))?;
    turns::request_stop(&mut tx, id).await?;
    tx.commit().await?;
    // Driven right here: no need to wait for the notification.
    cx.services.drivers.stop(id);
    Ok(())
}
