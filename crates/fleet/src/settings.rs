//! The instance's settings, as admins read and change them. Every process follows the changes (`services`).

use crate::{
    Cx, Error, Result, Services, containers as user_containers,
    knowledge::{self, KeyChange},
};
use ::jobs::{self, kinds::EmbedPending};
use domain::settings::{AllowedHost, Settings};
use serde_json::json;
use store::{
    Tx,
    config::{self, Versioned},
    containers, listen,
};

pub use crate::services::settings::SETTINGS_KEY;

/// The settings with their version, for an admin.
pub async fn get(cx: &Cx) -> Result<Versioned<Settings>> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    stored(&mut tx).await
}

/// Replaces the settings if their version is still `expected`, and changes the key of the embedding endpoint.
pub async fn replace(
    cx: &Cx,
    settings: Settings,
    key: KeyChange,
    expected: i64,
) -> Result<Versioned<Settings>> {
    let cx = cx.as_admin()?;
    let mut settings = settings.check()?;
    let mut tx = cx.begin().await?;
    let before = stored(&mut tx).await?;
    if settings.limits != before.value.limits {
        user_containers::check_limits(&mut tx, &settings, settings.limits).await?;
    }
    let (pool, old) = (settings.subnet_pool, before.value.subnet_pool);
    // The internal port answers only addresses of the pool.
    if !pool.contains(&old) && containers::any_exists(&mut tx).await? {
        let detail =
            format!("Containers live in {old}. Choose a pool that contains it, or remove them first.");
        return Err(Error::conflict("subnet_pool_in_use", detail));
    }
    let has_new_knowledge = apply_knowledge(&cx, &mut tx, &before.value, &mut settings, key).await?;
    let version = put(&cx, &mut tx, &settings, expected).await?;
    if has_new_knowledge {
        jobs::enqueue(&mut tx, &cx.actor, &EmbedPending {}, jobs::Options::default()).await?;
    }
    let detail = json!({ "before": before.value, "after": settings });
    cx.audit(&mut tx, "settings.change", SETTINGS_KEY, None, detail).await?;
    tx.commit().await?;
    // The admin's next request sees the change at once, if it comes here.
    cx.services.settings.replace(settings.clone());
    Ok(Versioned { value: settings, version })
}

/// Brings the settings of knowledge into their stored form. Answers whether texts have to be embedded or indexed again.
async fn apply_knowledge(
    cx: &Cx,
    tx: &mut Tx,
    before: &Settings,
    settings: &mut Settings,
    key: KeyChange,
) -> Result<bool> {
    let embeddings = &mut settings.knowledge.embeddings;
    if let Some(entered) = &embeddings.base_url {
        embeddings.base_url = Some(knowledge::base_url(entered)?);
    }
    embeddings.api_key = knowledge::change_key(cx, tx, &before.knowledge.embeddings, embeddings, key).await?;
    Ok(settings.knowledge != before.knowledge)
}

/// Allows a private host and port for providers, in the admin's own transaction.
pub(crate) async fn allow_host(cx: &Cx, host: AllowedHost) -> Result<()> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    let Versioned { value: mut settings, version } = stored(&mut tx).await?;
    if settings.allowed_hosts.contains(&host) {
        return Ok(());
    }
    settings.allowed_hosts.push(host.clone());
    put(&cx, &mut tx, &settings, version).await?;
    let subject = format!("{}:{}", host.host, host.port);
    cx.audit(&mut tx, "settings.allow_host", &subject, None, json!({})).await?;
    tx.commit().await?;
    // The next check uses the list: this process must not wait for its own notification.
    cx.services.settings.replace(settings);
    Ok(())
}

async fn stored(tx: &mut Tx) -> Result<Versioned<Settings>> {
    Ok(config::get(tx, SETTINGS_KEY).await?.unwrap_or(Versioned { value: Settings::default(), version: 0 }))
}

async fn put(cx: &Cx, tx: &mut Tx, settings: &Settings, expected: i64) -> Result<i64> {
    if expected == 0 {
        // Only the system may create the row; it starts with the defaults.
        let mut system = cx.system("first change of the settings").await?;
        config::get_or_insert(&mut system, SETTINGS_KEY, &Settings::default()).await?;
        system.commit().await?;
    }
    let version = config::replace(tx, SETTINGS_KEY, settings, expected.max(1)).await?.ok_or(Error::Stale)?;
    tx.notify(listen::SETTINGS, SETTINGS_KEY).await?;
    Ok(version)
}

/// Takes over the agent image that the set-up built on this host, if it is another one than before.
pub async fn set_agent_image(services: &Services, image: &str) -> Result<()> {
    let mut tx = services.store.system("agent image of the set-up").await?;
    config::get_or_insert(&mut tx, SETTINGS_KEY, &Settings::default()).await?;
    let Versioned { value, version } = stored(&mut tx).await?;
    if value.agent_image == image {
        return Ok(());
    }
    let settings = Settings { agent_image: image.to_owned(), ..value };
    config::replace(&mut tx, SETTINGS_KEY, &settings, version).await?.ok_or(Error::Stale)?;
    tx.notify(listen::SETTINGS, SETTINGS_KEY).await?;
    tx.commit().await?;
    services.settings.replace(settings);
    Ok(())
}
