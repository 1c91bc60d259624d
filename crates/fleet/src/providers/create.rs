//! Save a provider.

use super::draft::{Draft, KeyRule, allow_host};
use crate::{
    Cx, Error, Result, agent_config, idempotency,
    keys::{self, aad},
};
use domain::{ProviderId, Slug};
use serde_json::json;
use store::providers::{self, NewProvider};

const MAX_PROVIDERS_PER_USER: usize = 50;

/// Stores a provider with its key sealed; answers with its id.
pub async fn create(cx: &Cx, draft: Draft) -> Result<ProviderId> {
    let user = cx.user()?;
    let allow_private_host = draft.allow_private_host;
    let checked = draft.check(KeyRule::Required)?;
    if allow_private_host {
        allow_host(cx, checked.kind, checked.base_url.as_deref()).await?;
    }
    let id = ProviderId::new(cx.services.clock.now());
    let mut tx = cx.begin().await?;
    let request = json!([checked.kind, checked.name, checked.base_url, checked.models, allow_private_host]);
    if let Some(before) = idempotency::find_created(cx, &mut tx, "provider", id.uuid(), &request).await? {
        return Ok(before);
    }
    if providers::list(&mut tx).await?.len() >= MAX_PROVIDERS_PER_USER {
        return Err(Error::conflict(
            "too_many_providers",
            format!("You have {MAX_PROVIDERS_PER_USER} providers. Delete one first."),
        ));
    }
    let data_key = keys::of_user(&cx.services, &mut tx, user).await?;
    let new = NewProvider {
        id,
        user,
        slug: Slug::from_name(&checked.name, "provider"),
        kind: checked.kind.as_str(),
        name: &checked.name,
        base_url: checked.base_url.as_deref(),
        key: checked.seal(&data_key, &aad::provider_api_key(id, user))?,
        models: &checked.models,
    };
    let slug = providers::insert(&mut tx, &new).await?;
    let detail = json!({ "kind": checked.kind, "slug": slug });
    cx.audit(&mut tx, "provider.create", &id.to_string(), Some(user), detail).await?;
    agent_config::changed(&mut tx, user).await?;
    tx.commit().await?;
    Ok(id)
}
