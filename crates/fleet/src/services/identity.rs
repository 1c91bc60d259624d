//! Which installation this is, and whether the key that this process was given fits it.

use crate::{Error, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use domain::InstanceId;
use secrets::{KeyCheck, KeyRing};
use serde::{Deserialize, Serialize};
use store::{Store, config};

/// Key of the identity in `system_config`.
pub(crate) const IDENTITY: &str = "identity";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredIdentity {
    pub(crate) instance: InstanceId,
    key_check: String,
}

impl StoredIdentity {
    pub(crate) fn new(ring: &KeyRing, instance: InstanceId) -> Result<Self> {
        let key_check = STANDARD.encode(KeyCheck::create(ring, instance)?.to_bytes());
        Ok(Self { instance, key_check })
    }

    pub(crate) fn check(&self) -> Result<KeyCheck> {
        Ok(KeyCheck::from_bytes(&STANDARD.decode(&self.key_check).map_err(Error::internal)?)?)
    }
}

/// Reads the identity, or creates it at the very first start. Refuses a key that does not fit.
pub(super) async fn ensure(store: &Store, ring: &KeyRing, now: DateTime<Utc>) -> Result<InstanceId> {
    let fresh = StoredIdentity::new(ring, InstanceId::new(now))?;
    // Replicas that start at the same moment agree on the one that was stored first.
    let stored = store
        .run_system("identity of the instance", async |tx| config::get_or_insert(tx, IDENTITY, &fresh).await)
        .await?
        .value;
    stored.check()?.verify(ring, stored.instance)?;
    Ok(stored.instance)
}
