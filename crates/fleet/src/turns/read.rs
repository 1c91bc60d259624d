//! Read one turn.

use crate::{Cx, Error, Result};
use domain::TurnId;
use store::turns::{self, Turn};

/// The turn as stored. While it runs its answer grows in the events, not here.
pub async fn get(cx: &Cx, id: TurnId) -> Result<Turn> {
    let mut tx = cx.begin().await?;
    turns::get(&mut tx, id).await?.ok_or(Error::NotFound("turn"))
}
