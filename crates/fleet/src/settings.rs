//! The instance's settings: read by everyone, changed by admins, live in every process.

use crate::{
    Cx, Error, Result,
    knowledge::{self, KeyChange},
};
use ::jobs::{self, kinds::EmbedPending};
use domain::settings::{AllowedHost, Settings};
use serde_json::json;
use std::sync::{Arc, PoisonError, RwLock};
use store::{
    Store, Tx,
    config::{self, Fact},
    containers,
    listen::{self, Listener, Notification, NotificationHub},
};

/// Where they stand in `system_config`, and what their notification bears.
pub const KEY: &str = "settings";

/// The settings as this process knows them; swapped whole, never half.
#[derive(Clone)]
pub struct Live {
    current: Arc<RwLock<Arc<Settings>>>,
}

impl Live {
    /// Reads them once; defaults where nothing was ever changed.
    pub async fn load(store: &Store) -> Result<Self> {
        let settings = read(store).await?;
        Ok(Self { current: Arc::new(RwLock::new(Arc::new(settings))) })
    }

    /// The settings now.
    pub fn get(&self) -> Arc<Settings> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, settings: Settings) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// Follows changes for as long as the process lives; the caller spawns it.
    pub async fn follow(self, store: Store, ear: NotificationHub) {
        let mut listener = ear.listen();
        loop {
            // Also at the beginning: what was changed between loading and listening is not announced again.
            match read(&store).await {
                Ok(settings) => self.set(settings),
                Err(error) => {
                    tracing::warn!(%error, "settings could not be read again; the old ones stay in force")
                }
            }
            changed(&mut listener).await;
        }
    }
}

async fn changed(listener: &mut Listener) {
    loop {
        match listener.next().await {
            Notification::Changed { channel, .. } if channel != listen::SETTINGS => {}
            Notification::Changed { .. } | Notification::Lagged => return,
        }
    }
}

/// The settings as stored now, for work that was asked for in another process: the change that it depends on may
/// be younger than what was heard here.
pub async fn read(store: &Store) -> Result<Settings> {
    let mut tx = store.system("settings").await?;
    Ok(config::get::<Settings>(&mut tx, KEY).await?.map(|fact| fact.value).unwrap_or_default())
}

/// The settings with their version, for an admin.
pub async fn get(cx: &Cx) -> Result<Fact<Settings>> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    stored(&mut tx).await
}

/// Replaces the settings whose version is still `expected`, and does with the key of the embedding endpoint as told.
pub async fn replace(cx: &Cx, settings: Settings, key: KeyChange, expected: i64) -> Result<Fact<Settings>> {
    let cx = cx.as_admin()?;
    let mut settings = settings.check()?;
    let mut tx = cx.begin().await?;
    let before = stored(&mut tx).await?;
    if settings.limits != before.value.limits {
        crate::containers::check_limits(&mut tx, &settings, settings.limits).await?;
    }
    let (pool, old) = (settings.subnet_pool, before.value.subnet_pool);
    // The internal port answers the pool's addresses only.
    if !pool.contains(&old) && containers::any_exists(&mut tx).await? {
        let detail =
            format!("Containers live in {old}. Choose a pool that contains it, or remove them first.");
        return Err(Error::conflict("subnet_pool_in_use", detail));
    }
    let knowledge = knowledge_changed(&cx, &mut tx, &before.value, &mut settings, key).await?;
    let version = put(&cx, &mut tx, &settings, expected).await?;
    if knowledge {
        jobs::enqueue(&mut tx, &cx.actor, &EmbedPending {}, jobs::Options::default()).await?;
    }
    cx.audit(&mut tx, "settings.change", KEY, None, json!({ "before": before.value, "after": settings }))
        .await?;
    tx.commit().await?;
    // Who changed it sees the change in his very next request, if it comes here.
    cx.services.settings.set(settings.clone());
    Ok(Fact { value: settings, version })
}

/// Brings what is said about knowledge into its stored form; whether texts have to be embedded or read again.
async fn knowledge_changed(
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
    let Fact { value: mut settings, version } = stored(&mut tx).await?;
    if settings.allowed_hosts.contains(&host) {
        return Ok(());
    }
    settings.allowed_hosts.push(host.clone());
    put(&cx, &mut tx, &settings, version).await?;
    cx.audit(&mut tx, "settings.allow_host", &format!("{}:{}", host.host, host.port), None, json!({}))
        .await?;
    tx.commit().await?;
    // This process must not wait for its own notification: the next check uses the list.
    cx.services.settings.set(settings);
    Ok(())
}

async fn stored(tx: &mut Tx) -> Result<Fact<Settings>> {
    Ok(config::get(tx, KEY).await?.unwrap_or(Fact { value: Settings::default(), version: 0 }))
}

async fn put(cx: &Cx, tx: &mut Tx, settings: &Settings, expected: i64) -> Result<i64> {
    if expected == 0 {
        // Only the system may create the row; it starts as the defaults.
        let mut system = cx.system("first change of the settings").await?;
        config::get_or_insert(&mut system, KEY, &Settings::default()).await?;
        system.commit().await?;
    }
    let version = config::replace(tx, KEY, settings, expected.max(1)).await?.ok_or(Error::Stale)?;
    tx.notify(listen::SETTINGS, KEY).await?;
    Ok(version)
}

/// Takes over the agent image that the set-up on this host built, where it is another one than before.
pub async fn set_agent_image(services: &crate::Services, image: &str) -> Result<()> {
    let mut tx = services.store.system("agent image of the set-up").await?;
    config::get_or_insert(&mut tx, KEY, &Settings::default()).await?;
    let Fact { value, version } = stored(&mut tx).await?;
    if value.agent_image == image {
        return Ok(());
    }
    let settings = Settings { agent_image: image.to_owned(), ..value };
    config::replace(&mut tx, KEY, &settings, version).await?.ok_or(Error::Stale)?;
    tx.notify(listen::SETTINGS, KEY).await?;
    tx.commit().await?;
    services.settings.set(settings);
    Ok(())
}
