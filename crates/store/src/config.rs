//! `system_config`: instance-wide facts as versioned JSON documents.

use crate::{Error, Result, Tx};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A stored document with the number of its changes.
#[derive(Debug, Clone)]
pub struct Versioned<T> {
    pub value: T,
    pub version: i64,
}

/// Reads a document; `None` when it was never stored.
pub async fn get<T: DeserializeOwned>(tx: &mut Tx, key: &'static str) -> Result<Option<Versioned<T>>> {
    let row = sqlx::query!("select value, version from system_config where key = $1", key)
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let value = serde_json::from_value(row.value).map_err(|_| Error::Corrupt { what: key })?;
    Ok(Some(Versioned { value, version: row.version }))
}

/// Stores a document unless there is one, and reads what is stored then: replicas that start at the same moment agree
/// on the first one's.
pub async fn get_or_insert<T: Serialize + DeserializeOwned>(
    tx: &mut Tx,
    key: &'static str,
    value: &T,
) -> Result<Versioned<T>> {
    sqlx::query!(
        "insert into system_config (key, value) values ($1, $2) on conflict (key) do nothing",
        key,
        json(key, value)?
    )
    .execute(tx.conn())
    .await?;
    get(tx, key).await?.ok_or(Error::Corrupt { what: key })
}

/// Stores a document in place of any other; writes nothing when it is the same.
pub async fn put<T: Serialize>(tx: &mut Tx, key: &'static str, value: &T) -> Result<()> {
    sqlx::query!(
        "insert into system_config (key, value) values ($1, $2)
         on conflict (key) do update set value = excluded.value, version = system_config.version + 1, updated_at = now()
         where system_config.value is distinct from excluded.value",
        key,
        json(key, value)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces a document whose version is still `expected`; `None` when another change came first.
pub async fn replace<T: Serialize>(
    tx: &mut Tx,
    key: &'static str,
    value: &T,
    expected: i64,
) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "update system_config set value = $2, version = version + 1, updated_at = now()
         where key = $1 and version = $3 returning version",
        key,
        json(key, value)?,
        expected,
    )
    .fetch_optional(tx.conn())
    .await?)
}

fn json<T: Serialize>(key: &'static str, value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|_| Error::Corrupt { what: key })
}
