//! What agents remember: JSON by key, for one agent or for all of a user's, with versions to compare by.

use crate::{Cx, Error, Result, findings::expiry, knowledge::SavedBy};
use domain::{AgentId, Invalid, invalid};
use serde_json::Value;
use store::{
    Tx, agents,
    memories::{self, MemoryScope},
};

pub use store::memories::{Memory, MemoryVersion};

const MAX_KEY_CHARS: usize = 200;
/// Of one value as JSON text.
const MAX_VALUE_BYTES: usize = 64 << 10;
/// Of one user.
const MAX_KEYS: i64 = 10_000;
/// Of all values of a user as JSON text.
const MAX_TOTAL_BYTES: i64 = 16 << 20;

/// A value to store under a key.
#[derive(Debug, Clone)]
pub struct MemoryWrite {
    /// The agent that the memory belongs to; `None` = shared by all of the user's agents.
    pub agent: Option<AgentId>,
    /// The key.
    pub key: String,
    /// Any JSON.
    pub value: Value,
    /// The write fails unless this is the current version; 0 = unless there is no value.
    pub if_version: Option<i64>,
    /// How long it is kept; `None` = for ever.
    pub ttl_seconds: Option<u32>,
    /// Who writes it.
    pub by: SavedBy,
}

/// The value of a key.
pub async fn get(cx: &Cx, agent: Option<AgentId>, key: &str) -> Result<Memory> {
    let mut tx = cx.begin().await?;
    let scope = scope(cx, &mut tx, agent).await?;
    current(cx, &mut tx, scope, key).await?.ok_or(Error::NotFound("memory"))
}

/// Keys that begin with `prefix`, in alphabetical order, after the last one of the previous page.
pub async fn list(
    cx: &Cx,
    agent: Option<AgentId>,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Memory>> {
    let prefix = invalid::text("prefix", prefix, MAX_KEY_CHARS)?;
    let after = after.map(|key| invalid::text("cursor", key, MAX_KEY_CHARS)).transpose()?;
    let mut tx = cx.begin().await?;
    let scope = scope(cx, &mut tx, agent).await?;
    let now = cx.services.clock.now();
    Ok(memories::list(&mut tx, scope, &prefix, now, after.as_deref(), limit.into()).await?)
}

/// Stores a value. Of two writes at the same time `if_version` lets one fail; without it the later one wins.
pub async fn put(cx: &Cx, new: MemoryWrite) -> Result<Memory> {
    let now = cx.services.clock.now();
    let key = invalid::line("key", &new.key, MAX_KEY_CHARS)?;
    let bytes = check_value(&new.value)?;
    let expires_at = expiry(new.ttl_seconds, now)?;
    let mut tx = cx.begin().await?;
    let scope = scope(cx, &mut tx, new.agent).await?;
    let before = memories::lock(&mut tx, scope, &key).await?;
    let version = check_version(cx, before.as_ref(), new.if_version)?;
    let (keys, total) = memories::size(&mut tx, scope.user).await?;
    if keys >= MAX_KEYS && before.is_none() || total + bytes > MAX_TOTAL_BYTES {
        let detail = format!(
            "Memory is full: at most {MAX_KEYS} keys and {} MiB. Delete some.",
            MAX_TOTAL_BYTES >> 20
        );
        return Err(Error::conflict("memory_full", detail));
    }
    let memory = Memory { key, value: Some(new.value), version: version + 1, expires_at, updated_at: now };
    write(&mut tx, scope, &memory, new.by).await?;
    tx.commit().await?;
    Ok(memory)
}

/// Deletes a key; its history is kept for a while.
pub async fn remove(cx: &Cx, agent: Option<AgentId>, key: &str, by: SavedBy) -> Result<()> {
    let mut tx = cx.begin().await?;
    let scope = scope(cx, &mut tx, agent).await?;
    let before = current(cx, &mut tx, scope, key).await?.ok_or(Error::NotFound("memory"))?;
    let now = cx.services.clock.now();
    let deleted =
        Memory { value: None, version: before.version + 1, expires_at: None, updated_at: now, ..before };
    write(&mut tx, scope, &deleted, by).await?;
    tx.commit().await?;
    Ok(())
}

/// The latest versions of a key, latest first; also of a deleted key.
pub async fn history(cx: &Cx, agent: Option<AgentId>, key: &str) -> Result<Vec<MemoryVersion>> {
    let key = parse_key(key)?;
    let mut tx = cx.begin().await?;
    let scope = scope(cx, &mut tx, agent).await?;
    let history = memories::history(&mut tx, scope, &key).await?;
    if history.is_empty() { Err(Error::NotFound("memory")) } else { Ok(history) }
}

/// Fails if the agent is not the acting user's.
async fn scope(cx: &Cx, tx: &mut Tx, agent: Option<AgentId>) -> Result<MemoryScope> {
    if let Some(agent) = agent {
        agents::get(tx, agent).await?.ok_or(Error::NotFound("agent"))?;
    }
    Ok(MemoryScope { user: cx.user()?, agent })
}

/// A text that cannot be a key is the key of no memory.
fn parse_key(key: &str) -> Result<String> {
    invalid::line("key", key, MAX_KEY_CHARS).map_err(|_| Error::NotFound("memory"))
}

/// The value of a key, unless it is deleted or expired.
async fn current(cx: &Cx, tx: &mut Tx, scope: MemoryScope, key: &str) -> Result<Option<Memory>> {
    let now = cx.services.clock.now();
    Ok(memories::lock(tx, scope, &parse_key(key)?).await?.filter(|memory| is_current(memory, now)))
}

fn is_current(memory: &Memory, now: chrono::DateTime<chrono::Utc>) -> bool {
    memory.value.is_some() && memory.expires_at.is_none_or(|end| end > now)
}

/// The version before this write. Fails if it is not the expected one.
fn check_version(cx: &Cx, before: Option<&Memory>, expected: Option<i64>) -> Result<i64> {
    let now = cx.services.clock.now();
    let current = before.filter(|memory| is_current(memory, now)).map_or(0, |memory| memory.version);
    match expected {
        Some(expected) if expected != current => {
            let detail = format!(
                "The version is {current} (0 = there is no value), not {expected}. Read it again and repeat the change."
            );
            Err(Error::conflict("version_conflict", detail))
        }
        _ => Ok(before.map_or(0, |memory| memory.version)),
    }
}

async fn write(tx: &mut Tx, scope: MemoryScope, memory: &Memory, by: SavedBy) -> Result<()> {
    if memories::write(tx, scope, memory, by.as_str()).await? {
        return Ok(());
    }
    let detail = "Another request changed it at the same time. Read it again and repeat the change.";
    Err(Error::conflict("version_conflict", detail))
}

/// Checks that a value can be stored, and returns its size in bytes.
fn check_value(value: &Value) -> Result<i64> {
    let text = value.to_string();
    if text.len() > MAX_VALUE_BYTES {
        let detail = format!(
            "A value may have {} KiB as JSON; this one has {}.",
            MAX_VALUE_BYTES >> 10,
            text.len().div_ceil(1024)
        );
        return Err(Error::TooLarge(detail));
    }
    if has_nul(value) {
        return Err(Invalid::new("value", "Remove the NUL character.").into());
    }
    Ok(i64::try_from(text.len()).unwrap_or(i64::MAX))
}

/// Postgres cannot store a NUL character, neither in a text nor in a name.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
