//! Which models an account offers, asked at its provider.

use super::{allowed_hosts, target::stored_target};
use crate::{Cx, Error, Fault, Result};
use ::providers::{Cause, ModelInfo, list_models};
use domain::ProviderId;
use store::providers;

/// The models of a saved provider; `None` when it has no list of them.
pub async fn models(cx: &Cx, id: ProviderId) -> Result<Option<Vec<ModelInfo>>> {
    let mut tx = cx.begin().await?;
    let provider = providers::get(&mut tx, id).await?.ok_or(Error::NotFound("provider"))?;
    let target = stored_target(cx, &mut tx, &provider).await?;
    tx.commit().await?;
    let allowed = allowed_hosts(&cx.services).await?;
    match list_models(&cx.services.outbound, &allowed, &target).await {
        Ok(models) => Ok(Some(models)),
        Err(failure) if failure.cause == Cause::NotFound => Ok(None),
        Err(failure) => Err(Error::Upstream {
            code: failure.cause.code(),
            detail: format!("{} {}", failure.title(), failure.cause.next_step()),
            fault: Fault::Upstream,
        }),
    }
}
