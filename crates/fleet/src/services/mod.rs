//! What use-cases work with, put together once per process.
//!
//! Owns what a process keeps in memory: caches, the settings, the registry of active turns. What is done with any of it
//! is in the modules of the use-cases.

pub(crate) mod active_turns;
mod discovery_cache;
mod embedding_faults;
mod gateway_pool;
pub(crate) mod identity;
pub(crate) mod job_stats;
pub(crate) mod settings;

use crate::Result;
use active_turns::ActiveTurns;
use discovery_cache::DiscoveryCache;
use domain::{Clock, InstanceId, knowledge::Embedder, settings::Settings};
use embedding_faults::EmbeddingFaults;
use gateway_pool::GatewayPool;
use job_stats::StatsCache;
use providers::Outbound;
use secrets::{KeyRing, Passwords};
use settings::SettingsWatch;
use std::sync::Arc;
use store::{Store, listen::NotificationHub};

/// The parts that `main` brings.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The instance's keys.
    pub ring: KeyRing,
    /// What the database announces, for all listeners of this process.
    pub notifications: NotificationHub,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The only way to call other hosts.
    pub outbound: Outbound,
    /// The embedding model inside Mosaic.
    pub embedder: Arc<dyn Embedder>,
}

/// Everything that a use-case needs.
pub struct Services {
    /// The database, opened per actor.
    pub store: Store,
    /// What the database announces.
    pub notifications: NotificationHub,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The only HTTP client for calls to other hosts.
    pub outbound: Outbound,
    /// The embedding model inside Mosaic.
    pub embedder: Arc<dyn Embedder>,
    /// Which installation this is.
    pub instance: InstanceId,
    /// The settings as this process knows them.
    pub settings: SettingsWatch,
    pub(crate) ring: KeyRing,
    pub(crate) passwords: Passwords,
    pub(crate) gateways: GatewayPool,
    pub(crate) discovery: DiscoveryCache,
    pub(crate) active_turns: ActiveTurns,
    pub(crate) job_stats: StatsCache,
    pub(crate) embedding_faults: EmbeddingFaults,
}

impl Services {
    /// Puts the parts together. Creates the instance's identity at the very first start.
    ///
    /// # Errors
    /// When MOSAIC_SECRET_KEY does not fit the stored keys, or the database does not answer.
    pub async fn assemble(parts: Parts) -> Result<Arc<Self>> {
        let Parts { store, ring, notifications, clock, outbound, embedder } = parts;
        let instance = identity::ensure(&store, &ring, clock.now()).await?;
        let settings = SettingsWatch::load(&store).await?;
        Ok(Arc::new(Self {
            instance,
            settings,
            passwords: Passwords::default(),
            gateways: GatewayPool::new()?,
            discovery: DiscoveryCache::default(),
            active_turns: ActiveTurns::default(),
            job_stats: StatsCache::default(),
            embedding_faults: EmbeddingFaults::default(),
            store,
            notifications,
            clock,
            outbound,
            embedder,
            ring,
        }))
    }

    /// The settings as stored now, for work that another process asked for: the change that it depends on may be
    /// younger than the last notification that arrived here.
    pub async fn stored_settings(&self) -> Result<Settings> {
        settings::read(&self.store).await
    }

    /// The token of the one-time setup link, equal on every replica.
    pub fn setup_token(&self) -> secrecy::SecretString {
        self.ring.setup_token(self.instance)
    }
}
