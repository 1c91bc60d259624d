//! The embedding endpoint that an admin entered: its key, sealed, and calls to it.

use crate::{Cx, Error, Result, Services, api_key_input, keys};
use ::providers::{AllowedHosts, Target, catalog, embeddings};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    InstanceId, Invalid,
    knowledge::{Embeddings, ShownKey, Use},
    provider::ProviderKind,
};
use secrecy::SecretString;
use secrets::{Aad, Purpose, Sealed};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::{
    Tx,
    config::{self, Fact},
};

/// Where the key stands in `system_config`.
const KEY: &str = "embeddings_key";
/// A searcher waits no longer for the meaning of his query.
const FOR_A_QUERY: Duration = Duration::from_secs(4);
/// A job waits so long for a batch.
const FOR_PASSAGES: Duration = Duration::from_secs(60);

/// The key as `system_config` holds it.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredKey {
    sealed: Option<String>,
}

/// What an admin does with the key.
#[derive(Default)]
pub enum KeyChange {
    /// Nothing.
    #[default]
    Keep,
    /// Takes it away.
    Remove,
    /// Enters another one.
    Set(SecretString),
}

/// Checks the endpoint and stores its key in `tx`, an admin's. Answers what is to be shown of it. The stored key is only
/// ever sent to the address that it was entered for.
pub(crate) async fn change_key(
    cx: &Cx,
    tx: &mut Tx,
    before: &Embeddings,
    after: &Embeddings,
    change: KeyChange,
) -> Result<ShownKey> {
    if after.base_url != before.base_url && before.api_key.set && matches!(change, KeyChange::Keep) {
        let message = "Enter the key again, or null for none: the stored one belongs to the other address.";
        return Err(Invalid::new("knowledge.embeddings.apiKey", message).into());
    }
    let services = &cx.services;
    let secret = match change {
        KeyChange::Keep => return Ok(before.api_key.clone()),
        KeyChange::Remove => None,
        KeyChange::Set(typed) => api_key_input::trimmed("knowledge.embeddings.apiKey", &typed)?,
    };
    let sealed = match &secret {
        Some(secret) => Some(sealed(services, secret).await?),
        None => None,
    };
    // Only the system may create the row; it starts empty.
    let mut system = services.store.system("first key of the embedding endpoint").await?;
    config::get_or_insert(&mut system, KEY, &StoredKey::default()).await?;
    system.commit().await?;
    let Fact { version, .. } = config::get::<StoredKey>(tx, KEY)
        .await?
        .ok_or_else(|| Error::internal("the row of the key is gone"))?;
    config::replace(tx, KEY, &StoredKey { sealed }, version).await?.ok_or(Error::Stale)?;
    Ok(secret.map_or_else(ShownKey::default, |secret| ShownKey {
        set: true,
        ends_in: api_key_input::ends_in(&secret),
    }))
}

async fn sealed(services: &Services, secret: &SecretString) -> Result<String> {
    let mut tx = services.store.system("the instance's data key").await?;
    let key = keys::of_instance(services, &mut tx).await?;
    tx.commit().await?;
    Ok(STANDARD.encode(secrets::seal(&key, &key_place(services.instance), secret)?.to_bytes()))
}

/// Where the key is sealed for.
fn key_place(instance: InstanceId) -> Aad {
    Aad { purpose: Purpose::EmbeddingsApiKey, row: instance.uuid(), owner: None }
}

/// The address as it is stored: checked, and in one spelling.
pub(crate) fn base_url(entered: &str) -> std::result::Result<String, Invalid> {
    let url = catalog::base_url(ProviderKind::OpenaiCompatible, Some(entered))
        .map_err(|wrong| Invalid::new("knowledge.embeddings.baseUrl", wrong.message))?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Vectors of `texts` by the endpoint, or why there are none, as a sentence.
pub(super) async fn embed(
    services: &Services,
    chosen: &Embeddings,
    texts: Vec<String>,
    purpose: Use,
) -> std::result::Result<Vec<Vec<f32>>, String> {
    let key = stored(services).await.map_err(|error| {
        tracing::error!(%error, "the key of the embedding endpoint cannot be read");
        "Its key cannot be read; enter it again in the settings.".to_owned()
    })?;
    let target = Target {
        kind: ProviderKind::OpenaiCompatible,
        base_url: chosen.base_url.clone(),
        key,
        models: chosen.model.iter().cloned().collect(),
    };
    let allowed: AllowedHosts = services.settings.get().allowed_hosts.iter().collect();
    let patience = match purpose {
        Use::Query => FOR_A_QUERY,
        Use::Passage => FOR_PASSAGES,
    };
    embeddings::embed(&services.outbound, &allowed, &target, &texts, patience)
        .await
        .map_err(|failure| format!("{} {}", failure.title(), failure.cause.next_step()))
}

async fn stored(services: &Services) -> Result<Option<SecretString>> {
    let mut tx = services.store.system("the key of the embedding endpoint").await?;
    let Some(sealed) = config::get::<StoredKey>(&mut tx, KEY).await?.and_then(|fact| fact.value.sealed)
    else {
        return Ok(None);
    };
    let key = keys::of_instance(services, &mut tx).await?;
    tx.commit().await?;
    let sealed = Sealed::from_bytes(&STANDARD.decode(sealed).map_err(Error::internal)?)?;
    // Opened to be shown to the endpoint that it was entered for.
    Ok(Some(secrets::open(&key, &key_place(services.instance), &sealed)?))
}
