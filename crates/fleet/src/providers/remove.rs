//! Delete a provider that no agent uses.

use crate::{Cx, Error, Result, agent_config};
use domain::ProviderId;
use serde_json::json;
use store::{agents, idempotency, providers};

/// Deletes it; refused while agents name it, with their names.
pub async fn remove(cx: &Cx, id: ProviderId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let provider = providers::get(&mut tx, id).await?.ok_or(Error::NotFound("provider"))?;
    let prefix = format!("{}/", provider.slug);
    let users: Vec<String> = agents::list(&mut tx)
        .await?
        .into_iter()
        .filter(|agent| {
            agent.model.starts_with(&prefix) || agent.fallbacks.iter().any(|model| model.starts_with(&prefix))
        })
        .map(|agent| agent.name)
        .collect();
    if !users.is_empty() {
        let detail = format!("It is used by {}. Give them another model first.", users.join(", "));
        return Err(Error::conflict("provider_in_use", detail));
    }
    providers::delete(&mut tx, id).await?;
    idempotency::forget(&mut tx, user, id.uuid()).await?;
    cx.audit(&mut tx, "provider.delete", &id.to_string(), Some(user), json!({ "slug": provider.slug }))
        .await?;
    agent_config::changed(&mut tx, user).await?;
    tx.commit().await?;
    Ok(())
}
