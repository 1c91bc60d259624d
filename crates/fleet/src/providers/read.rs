//! Read providers. Keys stay sealed; the row tells whether one is set.

use crate::{Cx, Error, Result};
use domain::ProviderId;
use store::providers::{self, Provider};

/// The acting user's providers, oldest first.
pub async fn list(cx: &Cx) -> Result<Vec<Provider>> {
    let mut tx = cx.begin().await?;
    Ok(providers::list(&mut tx).await?)
}

/// One of them.
pub async fn get(cx: &Cx, id: ProviderId) -> Result<Provider> {
    let mut tx = cx.begin().await?;
    providers::get(&mut tx, id).await?.ok_or(Error::NotFound("provider"))
}
