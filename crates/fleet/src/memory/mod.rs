//! What agents remember: JSON by key, for one agent or for all of a user's, with versions to compare by.

use crate::{Cx, Error, Result, findings::end, knowledge::By};
use domain::{AgentId, Invalid, invalid};
use serde_json::Value;
use store::{
    Tx, agents,
    memories::{self, MemoryScope},
};

pub use store::memories::{Memory, Past};

/// The longest key, in characters.
const KEY: usize = 200;
/// The largest value as JSON text, in bytes.
const VALUE: usize = 64 << 10;
/// The most keys of a user.
const KEYS: i64 = 10_000;
/// All values of a user as JSON text, in bytes.
const ALL: i64 = 16 << 20;

/// A value to be remembered.
#[derive(Debug, Clone)]
pub struct Put {
    /// Whose; `None` = shared by all of the user's agents.
    pub agent: Option<AgentId>,
    /// Its name.
    pub key: String,
    /// What is to be remembered.
    pub value: Value,
    /// Only if this is the version now; 0 = only if there is none.
    pub if_version: Option<i64>,
    /// How long; `None` = for ever.
    pub ttl_seconds: Option<u32>,
    /// Who says so.
    pub by: By,
}

/// What is remembered by this key.
pub async fn get(cx: &Cx, agent: Option<AgentId>, key: &str) -> Result<Memory> {
    let mut tx = cx.begin().await?;
    let shelf = shelf(cx, &mut tx, agent).await?;
    current(cx, &mut tx, shelf, key).await?.ok_or(Error::NotFound("memory"))
}

/// Keys that begin with `prefix`, in their order, after the last one of the page before.
pub async fn list(
    cx: &Cx,
    agent: Option<AgentId>,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Memory>> {
    let prefix = invalid::text("prefix", prefix, KEY)?;
    let after = after.map(|key| invalid::text("cursor", key, KEY)).transpose()?;
    let mut tx = cx.begin().await?;
    let shelf = shelf(cx, &mut tx, agent).await?;
    let now = cx.services.clock.now();
    Ok(memories::list(&mut tx, shelf, &prefix, now, after.as_deref(), limit.into()).await?)
}

/// Remembers a value. Two that write at once are told apart by `if_version`; without it the later one wins.
pub async fn put(cx: &Cx, put: Put) -> Result<Memory> {
    let now = cx.services.clock.now();
    let key = invalid::line("key", &put.key, KEY)?;
    let bytes = check_value(&put.value)?;
    let expires_at = end(put.ttl_seconds, now)?;
    let mut tx = cx.begin().await?;
    let shelf = shelf(cx, &mut tx, put.agent).await?;
    let before = memories::lock(&mut tx, shelf, &key).await?;
    let version = check_version(cx, before.as_ref(), put.if_version)?;
    let (keys, all) = memories::size(&mut tx, shelf.user).await?;
    if keys >= KEYS && before.is_none() || all + bytes > ALL {
        let detail = format!("Memory is full: at most {KEYS} keys and {} MiB. Delete some.", ALL >> 20);
        return Err(Error::conflict("memory_full", detail));
    }
    let memory = Memory { key, value: Some(put.value), version: version + 1, expires_at, updated_at: now };
    write(&mut tx, shelf, &memory, put.by).await?;
    tx.commit().await?;
    Ok(memory)
}

/// Forgets a key; its history is kept for a while.
pub async fn remove(cx: &Cx, agent: Option<AgentId>, key: &str, by: By) -> Result<()> {
    let mut tx = cx.begin().await?;
    let shelf = shelf(cx, &mut tx, agent).await?;
    let before = current(cx, &mut tx, shelf, key).await?.ok_or(Error::NotFound("memory"))?;
    let now = cx.services.clock.now();
    let gone =
        Memory { value: None, version: before.version + 1, expires_at: None, updated_at: now, ..before };
    write(&mut tx, shelf, &gone, by).await?;
    tx.commit().await?;
    Ok(())
}

/// The latest versions of a key, also of a deleted one; latest first.
pub async fn history(cx: &Cx, agent: Option<AgentId>, key: &str) -> Result<Vec<Past>> {
    let key = known_key(key)?;
    let mut tx = cx.begin().await?;
    let shelf = shelf(cx, &mut tx, agent).await?;
    let history = memories::history(&mut tx, shelf, &key).await?;
    if history.is_empty() { Err(Error::NotFound("memory")) } else { Ok(history) }
}

/// The shelf of the acting user, whose agent it must be.
async fn shelf(cx: &Cx, tx: &mut Tx, agent: Option<AgentId>) -> Result<MemoryScope> {
    if let Some(agent) = agent {
        agents::get(tx, agent).await?.ok_or(Error::NotFound("agent"))?;
    }
    Ok(MemoryScope { user: cx.user()?, agent })
}

/// A text that cannot be a key names nothing.
fn known_key(key: &str) -> Result<String> {
    invalid::line("key", key, KEY).map_err(|_| Error::NotFound("memory"))
}

/// What counts now of a key.
async fn current(cx: &Cx, tx: &mut Tx, shelf: MemoryScope, key: &str) -> Result<Option<Memory>> {
    let now = cx.services.clock.now();
    Ok(memories::lock(tx, shelf, &known_key(key)?).await?.filter(|memory| is_there(memory, now)))
}

fn is_there(memory: &Memory, now: chrono::DateTime<chrono::Utc>) -> bool {
    memory.value.is_some() && memory.expires_at.is_none_or(|end| end > now)
}

/// The version to count on from, if it is the expected one.
fn check_version(cx: &Cx, before: Option<&Memory>, expected: Option<i64>) -> Result<i64> {
    let now = cx.services.clock.now();
    let there = before.filter(|memory| is_there(memory, now)).map_or(0, |memory| memory.version);
    match expected {
        Some(expected) if expected != there => {
            let detail = format!(
                "The version is {there} (0 = there is none), not {expected}. Read it again and repeat the change."
            );
            Err(Error::conflict("version_conflict", detail))
        }
        _ => Ok(before.map_or(0, |memory| memory.version)),
    }
}

async fn write(tx: &mut Tx, shelf: MemoryScope, memory: &Memory, by: By) -> Result<()> {
    if memories::write(tx, shelf, memory, by.as_str()).await? {
        return Ok(());
    }
    let detail = "Somebody else wrote it at this moment. Read it again and repeat the change.";
    Err(Error::conflict("version_conflict", detail))
}

/// The size of a value that can be stored.
fn check_value(value: &Value) -> Result<i64> {
    let text = value.to_string();
    if text.len() > VALUE {
        let detail =
            format!("A value may have {} KiB as JSON; this has {}.", VALUE >> 10, text.len().div_ceil(1024));
        return Err(Error::TooLarge(detail));
    }
    if has_nul(value) {
        return Err(Invalid::new("value", "Remove the NUL character.").into());
    }
    Ok(i64::try_from(text.len()).unwrap_or(i64::MAX))
}

/// Postgres cannot store it, in no text and no key.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
