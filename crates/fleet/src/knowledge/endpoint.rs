//! The embedding endpoint that an admin configured: its sealed key, and calls to it.

use crate::{
    Cx, Error, Result, Services, api_key_input,
    keys::{self, aad},
};
use ::providers::{AllowedHosts, ProviderAccount, catalog, embeddings};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    Invalid,
    knowledge::{EmbeddingPurpose, EmbeddingSettings, KeySummary},
    provider::ProviderKind,
};
use secrecy::SecretString;
use secrets::Sealed;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::{
    Tx,
    config::{self, Versioned},
};

/// The row of `system_config` that holds the key.
const CONFIG_ROW: &str = "embeddings_key";
/// How long a search waits for the vector of its query.
const QUERY_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a job waits for the vectors of a batch.
const BATCH_TIMEOUT: Duration = Duration::from_secs(60);

/// The key as `system_config` holds it.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredKey {
    sealed: Option<String>,
}

/// How an admin changes the key.
#[derive(Default)]
pub enum KeyChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is removed.
    Remove,
    /// It is replaced.
    Set(SecretString),
}

/// Checks the endpoint and stores its key in `tx`, a transaction of an admin. Returns what may be shown of the key. A
/// stored key is never sent to another address than the one that it was entered for.
pub(crate) async fn change_key(
    cx: &Cx,
    tx: &mut Tx,
    before: &EmbeddingSettings,
    after: &EmbeddingSettings,
    change: KeyChange,
) -> Result<KeySummary> {
    if after.base_url != before.base_url && before.api_key.set && matches!(change, KeyChange::Keep) {
        let message =
            "Enter the key again, or null for none: the stored key belongs to the previous address.";
        return Err(Invalid::new("knowledge.embeddings.apiKey", message).into());
    }
    let services = &cx.services;
    let secret = match change {
        KeyChange::Keep => return Ok(before.api_key.clone()),
        KeyChange::Remove => None,
        KeyChange::Set(entered) => api_key_input::trimmed("knowledge.embeddings.apiKey", &entered)?,
    };
    let sealed = match &secret {
        Some(secret) => Some(seal(services, secret).await?),
        None => None,
    };
    // Only the system may create the row. It starts empty.
    let empty = StoredKey::default();
    let create = async |tx: &mut Tx| config::get_or_insert(tx, CONFIG_ROW, &empty).await;
    services.store.run_system("first key of the embedding endpoint", create).await?;
    let Versioned { version, .. } = config::get::<StoredKey>(tx, CONFIG_ROW)
        .await?
        .ok_or_else(|| Error::internal("the row of the key is gone"))?;
    config::replace(tx, CONFIG_ROW, &StoredKey { sealed }, version).await?.ok_or(Error::Stale)?;
    Ok(secret.map_or_else(KeySummary::default, |secret| KeySummary {
        set: true,
        ends_in: api_key_input::ends_in(&secret),
    }))
}

async fn seal(services: &Services, secret: &SecretString) -> Result<String> {
    let read = async |tx: &mut Tx| keys::of_instance(services, tx).await;
    let key = services.store.run_system("the instance's data key", read).await?;
    Ok(STANDARD.encode(secrets::seal(&key, &aad::embeddings_api_key(services.instance), secret)?.to_bytes()))
}

/// Checks and normalizes the address.
pub(crate) fn base_url(entered: &str) -> std::result::Result<String, Invalid> {
    let url = catalog::base_url(ProviderKind::OpenaiCompatible, Some(entered))
        .map_err(|invalid| Invalid::new("knowledge.embeddings.baseUrl", invalid.message))?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The endpoint's vectors of `texts`. The error says in a sentence why there are none.
pub(super) async fn embed(
    services: &Services,
    settings: &EmbeddingSettings,
    texts: Vec<String>,
    purpose: EmbeddingPurpose,
) -> std::result::Result<Vec<Vec<f32>>, String> {
    let key = stored_key(services).await.map_err(|error| {
        tracing::error!(%error, "the key of the embedding endpoint cannot be read");
        "Its key cannot be read; enter it again in the settings.".to_owned()
    })?;
    let target = ProviderAccount {
        kind: ProviderKind::OpenaiCompatible,
        base_url: settings.base_url.clone(),
        key,
        models: settings.model.iter().cloned().collect(),
    };
    let allowed: AllowedHosts = services.settings.get().allowed_hosts.iter().collect();
    let timeout = match purpose {
        EmbeddingPurpose::Query => QUERY_TIMEOUT,
        EmbeddingPurpose::Passage => BATCH_TIMEOUT,
    };
    embeddings::embed(&services.outbound, &allowed, &target, &texts, timeout)
        .await
        .map_err(|failure| format!("{} {}", failure.title(), failure.cause.next_step()))
}

async fn stored_key(services: &Services) -> Result<Option<SecretString>> {
    let mut tx = services.store.system("the key of the embedding endpoint").await?;
    let Some(sealed) =
        config::get::<StoredKey>(&mut tx, CONFIG_ROW).await?.and_then(|fact| fact.value.sealed)
    else {
        return Ok(None);
    };
    let key = keys::of_instance(services, &mut tx).await?;
    tx.commit().await?;
    let sealed = Sealed::from_bytes(&STANDARD.decode(sealed).map_err(Error::internal)?)?;
    // Opened to authenticate to the endpoint that it was entered for.
    Ok(Some(secrets::open(&key, &aad::embeddings_api_key(services.instance), &sealed)?))
}
