//! Saved providers: read, asked for their models, deleted. Keys stay sealed; the row tells whether one is set.

use super::allowed_hosts;
use crate::{
    Cx, Error, Fault, Result, agent_config,
    keys::{self, aad},
};
use ::providers::{Cause, ModelInfo, ProviderAccount, list_models};
use domain::ProviderId;
use secrets::Sealed;
use serde_json::json;
use store::{
    Tx, agents, idempotency,
    providers::{self, Provider},
};

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

/// The models of a saved provider; `None` when it offers no list of them.
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

/// A saved provider with its key, for the outbound client. The stored key goes only to the stored address: neither can
/// be replaced by input.
pub(super) async fn stored_target(cx: &Cx, tx: &mut Tx, provider: &Provider) -> Result<ProviderAccount> {
    let key = match &provider.api_key {
        Some(bytes) => {
            let data_key = keys::of_user(&cx.services, tx, provider.user_id).await?;
            let aad = aad::provider_api_key(provider.id, provider.user_id);
            // Opened to ask its own provider something.
            Some(secrets::open(&data_key, &aad, &Sealed::from_bytes(bytes)?)?)
        }
        None => None,
    };
    Ok(ProviderAccount {
        kind: provider.kind.parse()?,
        base_url: provider.base_url.clone(),
        key,
        models: provider.models.iter().map(|model| model.id.clone()).collect(),
    })
}

/// Deletes a provider. Refused while agents use it; the refusal names them.
pub async fn remove(cx: &Cx, id: ProviderId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let provider = providers::get(&mut tx, id).await?.ok_or(Error::NotFound("provider"))?;
    let prefix = format!("{}/", provider.slug);
    let uses_it = |model: &String| model.starts_with(&prefix);
    let users: Vec<String> = agents::list(&mut tx)
        .await?
        .into_iter()
        .filter(|agent| uses_it(&agent.model) || agent.fallbacks.iter().any(uses_it))
        .map(|agent| agent.name)
        .collect();
    if !users.is_empty() {
        let detail = format!("It is used by {}. Give them another model first.", users.join(", "));
        return Err(Error::conflict("provider_in_use", detail));
    }
    providers::delete(&mut tx, id).await?;
    idempotency::forget(&mut tx, user, id.uuid()).await?;
    let detail = json!({ "slug": provider.slug });
    cx.audit(&mut tx, "provider.delete", &id.to_string(), Some(user), detail).await?;
    agent_config::changed(&mut tx, user).await?;
    tx.commit().await?;
    Ok(())
}
