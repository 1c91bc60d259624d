//! `system_config`: instance-wide facts as versioned JSON documents.

use crate::{Error, Result, Tx};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A stored fact with its version.
#[derive(Debug, Clone)]
pub struct Fact<T> {
    /// The document.
    pub value: T,
    /// Counts changes.
    pub version: i64,
}

/// Reads a fact; `None` when it was never stored.
pub async fn get<T: DeserializeOwned>(tx: &mut Tx, key: &'static str) -> Result<Option<Fact<T>>> {
    let row: Option<(Value, i64)> = sqlx::query_as("select value, version from system_config where key = $1")
        .bind(key)
        .fetch_optional(tx.conn())
        .await?;
    let Some((value, version)) = row else { return Ok(None) };
    let value = serde_json::from_value(value).map_err(|_| Error::Corrupt { what: key })?;
    Ok(Some(Fact { value, version }))
}

/// Stores a fact unless there is one, and reads what is stored then: replicas that start at the same
/// moment agree on the first one's.
pub async fn get_or_insert<T: Serialize + DeserializeOwned>(
    tx: &mut Tx,
    key: &'static str,
    value: &T,
) -> Result<Fact<T>> {
    sqlx::query("insert into system_config (key, value) values ($1, $2) on conflict (key) do nothing")
        .bind(key)
        .bind(json(key, value)?)
        .execute(tx.conn())
        .await?;
    get(tx, key).await?.ok_or(Error::Corrupt { what: key })
}

/// Stores what was seen, whatever was seen before; writes nothing when it is the same.
pub async fn put<T: Serialize>(tx: &mut Tx, key: &'static str, value: &T) -> Result<()> {
    sqlx::query(
        "insert into system_config (key, value) values ($1, $2)
         on conflict (key) do update set value = excluded.value, version = system_config.version + 1, updated_at = now()
         where system_config.value is distinct from excluded.value",
    )
    .bind(key)
    .bind(json(key, value)?)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces a fact whose version is still `expected`; `None` when somebody was faster.
pub async fn replace<T: Serialize>(
    tx: &mut Tx,
    key: &'static str,
    value: &T,
    expected: i64,
) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar(
        "update system_config set value = $2, version = version + 1, updated_at = now()
         where key = $1 and version = $3 returning version",
    )
    .bind(key)
    .bind(json(key, value)?)
    .bind(expected)
    .fetch_optional(tx.conn())
    .await?)
}

fn json<T: Serialize>(key: &'static str, value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|_| Error::Corrupt { what: key })
}
