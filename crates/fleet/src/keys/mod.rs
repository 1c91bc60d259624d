//! The instance's data key and the users' data keys.
//!
//! Together with the call sites of [`secrets::open`] this is where secrets become readable; a test pins
//! the list of those call sites.

pub(crate) mod aad;
mod rotate;

pub use rotate::{KeyStatus, await_rotation, enqueue_rotation, rotate, status};

use crate::{Error, Result, Services};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::UserId;
use secrets::{DataKey, WrappedKey};
use serde::{Deserialize, Serialize};
use store::{Tx, config, users};

/// Key of the instance's data key in `system_config`.
const INSTANCE_DATA_KEY_SETTING: &str = "instance_key";

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

/// The instance's own data key, created with its first secret. Wrapped like a user's, in `system_config`.
pub(crate) async fn of_instance(services: &Services, tx: &mut Tx) -> Result<DataKey> {
    let stored = match config::get::<StoredKey>(tx, INSTANCE_DATA_KEY_SETTING).await? {
        Some(stored) => stored,
        None => {
            let fresh = services.ring.wrap(&DataKey::generate(&mut rand::rng()), None)?;
            config::get_or_insert(tx, INSTANCE_DATA_KEY_SETTING, &StoredKey::new(&fresh)).await?
        }
    };
    Ok(services.ring.unwrap(&stored.value.wrapped()?, None)?)
}

/// The user's data key, created with their first secret.
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
