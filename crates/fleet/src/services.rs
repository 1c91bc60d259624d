//! What use-cases are done with, put together once per process.

use crate::{Result, gateways::Gateways, jobs, knowledge::LastFault, oidc, settings, turns::Drivers};
use domain::{Clock, InstanceId, knowledge::Embedder};
use providers::Outbound;
use secrets::{KeyRing, Passwords};
use std::sync::Arc;
use store::{Store, listen::NotificationHub};

/// The parts that `main` brings.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The instance's keys.
    pub ring: KeyRing,
    /// NotificationHub of this process.
    pub ear: NotificationHub,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The one way out.
    pub outbound: Outbound,
    /// The embedding model inside Mosaic.
    pub embedder: Arc<dyn Embedder>,
}

/// Everything a use-case needs.
pub struct Services {
    /// The database, opened per actor.
    pub store: Store,
    /// Notifications.
    pub ear: NotificationHub,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The one outbound HTTP client.
    pub outbound: Outbound,
    /// The embedding model inside Mosaic.
    pub embedder: Arc<dyn Embedder>,
    /// Which installation this is.
    pub instance: InstanceId,
    /// The live settings.
    pub settings: settings::Live,
    pub(crate) ring: KeyRing,
    pub(crate) passwords: Passwords,
    pub(crate) gateways: Gateways,
    pub(crate) oidc: oidc::Live,
    pub(crate) drivers: Drivers,
    pub(crate) stats: jobs::Cached,
    pub(crate) embedding_fault: LastFault,
}

impl Services {
    /// Puts the parts together. Makes the instance's identity at the very first start;
    /// refuses when MOSAIC_SECRET_KEY does not fit the stored ones.
    pub async fn assemble(parts: Parts) -> Result<Arc<Self>> {
        let Parts { store, ring, ear, clock, outbound, embedder } = parts;
        let instance = crate::keys::identity(&store, &ring, clock.now()).await?;
        let settings = settings::Live::load(&store).await?;
        Ok(Arc::new(Self {
            instance,
            settings,
            passwords: Passwords::default(),
            gateways: Gateways::new()?,
            oidc: oidc::Live::default(),
            drivers: Drivers::default(),
            stats: jobs::Cached::default(),
            embedding_fault: LastFault::default(),
            store,
            ear,
            clock,
            outbound,
            embedder,
            ring,
        }))
    }

    /// The token of the one-time setup link, equal on every replica.
    pub fn setup_token(&self) -> secrecy::SecretString {
        self.ring.setup_token(self.instance)
    }
}
