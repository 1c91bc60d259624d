//! Change a provider. A changed kind or origin needs the key again: otherwise a person who can change the address could
//! have the stored key sent to their own server.

use super::draft::{Draft, KeyRule, allow_host};
use crate::{
    Cx, Error, Result, agent_config,
    keys::{self, aad},
};
use ::providers::catalog;
use domain::{Invalid, ProviderId, provider::ProviderKind};
use secrecy::SecretString;
use serde_json::json;
use store::providers::{self, Change, Provider};

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub kind: Option<String>,
    pub name: Option<String>,
    /// Own endpoint; `Some(None)` goes back to the kind's default.
    pub base_url: Option<Option<String>>,
    pub api_key: Option<SecretString>,
    pub models: Option<Vec<String>>,
    /// Admins only: the provider may be on a private host.
    pub allow_private_host: bool,
}

/// Changes a provider; `expected` is the version the client saw, if it says one.
pub async fn change(cx: &Cx, id: ProviderId, patch: Patch, expected: Option<i64>) -> Result<()> {
    let user = cx.user()?;
    let before = super::get(cx, id).await?;
    let allow_private_host = patch.allow_private_host;
    let checked = merged(&before, patch).check(KeyRule::MayBeStored)?;
    if checked.api_key.is_none() && before.api_key.is_some() {
        let moved = before.kind != checked.kind.as_str()
            || origin(before.kind.parse()?, before.base_url.as_deref())?
                != origin(checked.kind, checked.base_url.as_deref())?;
        if moved {
            return Err(Invalid::new(
                "apiKey",
                "Enter the key again: it would go to another place than before.",
            )
            .into());
        }
    }
    if allow_private_host {
        allow_host(cx, checked.kind, checked.base_url.as_deref()).await?;
    }
    let mut tx = cx.begin().await?;
    let data_key = keys::of_user(&cx.services, &mut tx, user).await?;
    let change = Change {
        kind: checked.kind.as_str(),
        name: &checked.name,
        base_url: checked.base_url.as_deref(),
        key: checked.seal(&data_key, &aad::provider_api_key(id, user))?,
        models: &checked.models,
    };
    if !providers::update(&mut tx, id, expected.unwrap_or(before.version), &change).await? {
        return Err(Error::Stale);
    }
    let key = if change.key.is_some() { "changed" } else { "kept" };
    cx.audit(
        &mut tx,
        "provider.change",
        &id.to_string(),
        Some(user),
        json!({ "kind": change.kind, "key": key }),
    )
    .await?;
    agent_config::changed(&mut tx, user).await?;
    tx.commit().await?;
    Ok(())
}

fn merged(before: &Provider, patch: Patch) -> Draft {
    Draft {
        kind: patch.kind.unwrap_or_else(|| before.kind.clone()),
        name: Some(patch.name.unwrap_or_else(|| before.name.clone())),
        base_url: patch.base_url.unwrap_or_else(|| before.base_url.clone()),
        api_key: patch.api_key,
        models: patch.models.unwrap_or_else(|| before.models.iter().map(|model| model.id.clone()).collect()),
        allow_private_host: patch.allow_private_host,
    }
}

fn origin(kind: ProviderKind, base_url: Option<&str>) -> Result<String> {
    Ok(catalog::base_url(kind, base_url)?.origin().ascii_serialization())
}
