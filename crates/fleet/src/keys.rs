//! The instance's identity, its data key and the users' data keys.
//!
//! Together with the call sites of [`secrets::open`] this is where secrets become readable; a test pins
//! the list of those call sites.

mod rotate;

pub use rotate::{Standing, await_rotation, enqueue_rotation, rotate, standing};

use crate::{Error, Result, Services};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use domain::{InstanceId, UserId};
use secrets::{DataKey, KeyCheck, KeyRing, WrappedKey};
use serde::{Deserialize, Serialize};
use store::{Store, Tx, config, users};

/// Names of the facts in `system_config`.
const IDENTITY: &str = "identity";
const INSTANCE_KEY: &str = "instance_key";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredIdentity {
    instance: InstanceId,
    key_check: String,
}

impl StoredIdentity {
    fn new(ring: &KeyRing, instance: InstanceId) -> Result<Self> {
        let key_check = STANDARD.encode(KeyCheck::create(ring, instance)?.to_bytes());
        Ok(Self { instance, key_check })
    }

    fn check(&self) -> Result<KeyCheck> {
        Ok(KeyCheck::from_bytes(&STANDARD.decode(&self.key_check).map_err(Error::internal)?)?)
    }
}

/// Reads the identity, or makes it at the very first start. A key that does not fit is refused.
pub(crate) async fn identity(store: &Store, ring: &KeyRing, now: DateTime<Utc>) -> Result<InstanceId> {
    let mut tx = store.system("identity of the instance").await?;
    let fresh = StoredIdentity::new(ring, InstanceId::new(now))?;
    // Replicas that start at the same moment agree on the first one's.
    let stored = config::get_or_insert(&mut tx, IDENTITY, &fresh).await?.value;
    tx.commit().await?;
    stored.check()?.verify(ring, stored.instance)?;
    Ok(stored.instance)
}

/// The instance's own data key as `system_config` holds it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredKey {
    wrapped: String,
}

impl StoredKey {
    fn new(wrapped: &WrappedKey) -> Self {
        Self { wrapped: STANDARD.encode(wrapped.to_bytes()) }
    }

    fn wrapped(&self) -> Result<WrappedKey> {
        Ok(WrappedKey::from_bytes(&STANDARD.decode(&self.wrapped).map_err(Error::internal)?)?)
    }
}

/// The instance's own data key, made at its first secret. Wrapped like a user's, in `system_config`.
pub(crate) async fn of_instance(services: &Services, tx: &mut Tx) -> Result<DataKey> {
    let stored = match config::get::<StoredKey>(tx, INSTANCE_KEY).await? {
        Some(stored) => stored,
        None => {
            let fresh = services.ring.wrap(&DataKey::generate(&mut rand::rng()), None)?;
            config::get_or_insert(tx, INSTANCE_KEY, &StoredKey::new(&fresh)).await?
        }
    };
    Ok(services.ring.unwrap(&stored.value.wrapped()?, None)?)
}

/// The user's data key, made at his first secret.
pub(crate) async fn of_user(services: &Services, tx: &mut Tx, user: UserId) -> Result<DataKey> {
    let wrapped = match users::wrapped_key(tx, user).await? {
        Some(wrapped) => wrapped,
        None => {
            let fresh = services.ring.wrap(&DataKey::generate(&mut rand::rng()), Some(user))?;
            users::insert_wrapped_key(tx, user, &fresh.key_id().to_string(), &fresh.to_bytes()).await?
        }
    };
    Ok(services.ring.unwrap(&WrappedKey::from_bytes(&wrapped)?, Some(user))?)
}
