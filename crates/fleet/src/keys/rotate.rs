//! Rotation of the instance key: data keys that older keys wrap are wrapped by the newest one, online.
//!
//! Only the data keys are wrapped again; what they seal stays as it is. Every batch is a transaction of its own and
//! every key of the ring can unwrap, so everything stays readable at any moment, also when this ends half-way.

use super::{INSTANCE_DATA_KEY_SETTING, StoredKey};
use crate::{
    Cx, Error, Progress, Result, Services,
    services::identity::{IDENTITY, StoredIdentity},
};
use domain::{Actor, JobId};
use jobs::{ActsFor, JobView, kinds::RotateKeys};
use secrets::{KeyCheck, WrappedKey};
use serde_json::json;
use std::time::Duration;
use store::{Tx, config, users};

/// Data keys that are wrapped in one transaction.
const BATCH_SIZE: i64 = 100;

/// How the stored keys relate to the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyStatus {
    /// Keys of the ring besides the newest.
    pub older: usize,
    /// Stored keys that only an older key of the ring unwraps.
    pub behind: u64,
    /// Stored keys that no key of the ring unwraps.
    pub lost: u64,
}

/// Whether a rotation is needed, and whether the older keys can be removed.
pub async fn status(services: &Services) -> Result<KeyStatus> {
    let ids: Vec<String> = services.ring.ids().map(|id| id.to_string()).collect();
    let mut tx = services.store.system("do the stored keys fit").await?;
    let mut found = users::count_keys(&mut tx).await?;
    if let Some((wrapped, _)) = instance_key(&mut tx).await? {
        found.push((wrapped.key_id().to_string(), 1));
    }
    let (check, ..) = key_check(&mut tx).await?;
    found.push((check.key_id().to_string(), 1));
    let mut status = KeyStatus { older: ids.len() - 1, behind: 0, lost: 0 };
    for (id, count) in found {
        let count = u64::try_from(count).unwrap_or_default();
        match ids.iter().position(|known| *known == id) {
            Some(0) => {}
            Some(_) => status.behind += count,
            None => status.lost += count,
        }
    }
    Ok(status)
}

/// Enqueues the rotation.
pub async fn enqueue_rotation(services: &Services) -> Result<JobId> {
    let actor = Actor::System("rotation of the instance key, asked for on the server");
    let mut tx = services.store.begin(&actor).await?;
    let job = RotateKeys { key: services.ring.newest_id().to_string() };
    let job = jobs::enqueue(&mut tx, ActsFor::from(&actor), &job, jobs::Options::default()).await?;
    tx.commit().await?;
    Ok(job.id)
}

/// Waits for its end, for at most `timeout`. Answers with the job as it is then.
pub async fn await_rotation(services: &Services, id: JobId, timeout: Duration) -> Result<Option<JobView>> {
    let actor = Actor::System("waiting for the rotation of the instance key");
    Ok(jobs::wait(&services.store, &services.notifications, &actor, id, timeout).await?)
}

/// The job: wraps every data key by the newest key. A job that was interrupted continues where it was. `expected` is the
/// key that the job was enqueued for.
pub async fn rotate(cx: &Cx, job: &dyn Progress, expected: &str) -> Result<u64> {
    let services = &cx.services;
    let newest = services.ring.newest_id().to_string();
    if newest != expected {
        return Err(Error::Unavailable {
            code: "other_key",
            detail: "This worker runs with another first key in MOSAIC_SECRET_KEY. Restart it.".into(),
            retry_after: Duration::from_secs(2),
        });
    }
    let (mut done, mut lost, mut last) = (0, 0, None);
    job.phase("users").await;
    loop {
        let mut tx = services.store.system("rotation of the instance key").await?;
        let batch = users::keys_wrapped_by_others(&mut tx, &newest, last, BATCH_SIZE).await?;
        let Some((end, _)) = batch.last() else { break };
        last = Some(*end);
        for (user, wrapped) in batch {
            match services.ring.rewrap(&WrappedKey::from_bytes(&wrapped)?, Some(user)) {
                Ok(fresh) => {
                    users::replace_wrapped_key(&mut tx, user, &newest, &fresh.to_bytes()).await?;
                    done += 1;
                }
                Err(secrets::Error::UnknownKey { .. }) => lost += 1,
                Err(error) => return Err(error.into()),
            }
        }
        tx.commit().await?;
    }
    job.phase("instance").await;
    // Another process may create the instance's key just now: then the newest key wraps it already.
    done += u64::from(rewrap_instance(services).await?);
    // Last of all: it says which keys are needed, and until here the older ones are.
    if lost == 0 {
        renew_check(services).await?;
    }
    let mut tx = cx.begin().await?;
    cx.audit(&mut tx, "keys.rotate", &newest, None, json!({ "wrapped": done, "lost": lost })).await?;
    tx.commit().await?;
    if lost > 0 {
        let detail = format!(
            "{lost} keys are wrapped by a key that MOSAIC_SECRET_KEY does not name (any more). Put it back behind the new one and rotate again."
        );
        return Err(Error::conflict("key_missing", detail));
    }
    Ok(done)
}

async fn rewrap_instance(services: &Services) -> Result<bool> {
    let mut tx = services.store.system("rotation of the instance key").await?;
    let Some((wrapped, version)) = instance_key(&mut tx).await? else { return Ok(false) };
    if wrapped.key_id() == services.ring.newest_id() {
        return Ok(false);
    }
    let fresh = StoredKey::new(&services.ring.rewrap(&wrapped, None)?);
    config::replace(&mut tx, INSTANCE_DATA_KEY_SETTING, &fresh, version).await?.ok_or(Error::Stale)?;
    tx.commit().await?;
    Ok(true)
}

async fn renew_check(services: &Services) -> Result<()> {
    let mut tx = services.store.system("rotation of the instance key").await?;
    let (check, stored, version) = key_check(&mut tx).await?;
    if check.key_id() == services.ring.newest_id() {
        return Ok(());
    }
    check.verify(&services.ring, stored.instance)?;
    let fresh = StoredIdentity::new(&services.ring, stored.instance)?;
    config::replace(&mut tx, IDENTITY, &fresh, version).await?.ok_or(Error::Stale)?;
    tx.commit().await?;
    Ok(())
}

async fn instance_key(tx: &mut Tx) -> Result<Option<(WrappedKey, i64)>> {
    let Some(fact) = config::get::<StoredKey>(tx, INSTANCE_DATA_KEY_SETTING).await? else { return Ok(None) };
    Ok(Some((fact.value.wrapped()?, fact.version)))
}

async fn key_check(tx: &mut Tx) -> Result<(KeyCheck, StoredIdentity, i64)> {
    let fact = config::get::<StoredIdentity>(tx, IDENTITY).await?;
    let fact = fact.ok_or_else(|| Error::internal("the instance has no identity"))?;
    Ok((fact.value.check()?, fact.value, fact.version))
}
