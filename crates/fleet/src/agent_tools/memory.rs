//! `memory_get`, `memory_set` and `memory_list`.

use super::Caller;
use crate::{
    Error, Result,
    knowledge::SavedBy,
    memory::{self, Memory, MemoryWrite},
};
use domain::AgentId;
use serde::Deserialize;
use serde_json::{Value, json};

/// Keys in one answer.
const MAX_KEYS: u32 = 100;

/// The calling agent's own memory, or the one that all of the user's agents share.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MemoryOwner {
    #[default]
    Own,
    Shared,
}

impl MemoryOwner {
    fn agent(self, caller: &Caller) -> Option<AgentId> {
        match self {
            Self::Own => caller.agent.as_ref().map(|agent| agent.id),
            Self::Shared => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Get {
    key: String,
    #[serde(default)]
    whose: MemoryOwner,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Set {
    key: String,
    value: Value,
    if_version: Option<i64>,
    ttl_seconds: Option<u32>,
    #[serde(default)]
    whose: MemoryOwner,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    #[serde(default)]
    prefix: String,
    after: Option<String>,
    limit: Option<u32>,
    #[serde(default)]
    whose: MemoryOwner,
}

/// Reads a value; version 0 if there is none.
pub(super) async fn get(caller: &Caller, get: Get) -> Result<Value> {
    match memory::get(&caller.cx, get.whose.agent(caller), &get.key).await {
        Ok(memory) => Ok(to_json(&memory)),
        Err(Error::NotFound("memory")) => Ok(json!({ "key": get.key, "value": null, "version": 0 })),
        Err(error) => Err(error),
    }
}

/// Stores a value.
pub(super) async fn set(caller: &Caller, set: Set) -> Result<Value> {
    let Set { key, value, if_version, ttl_seconds, whose } = set;
    let write =
        MemoryWrite { agent: whose.agent(caller), key, value, if_version, ttl_seconds, by: SavedBy::Agent };
    let memory = memory::put(&caller.cx, write).await?;
    Ok(json!({ "key": memory.key, "version": memory.version }))
}

/// Lists keys with their values.
pub(super) async fn list(caller: &Caller, list: List) -> Result<Value> {
    let List { prefix, after, limit, whose } = list;
    let limit = limit.map_or(MAX_KEYS, |limit| limit.clamp(1, MAX_KEYS));
    let agent = whose.agent(caller);
    let memories = memory::list(&caller.cx, agent, &prefix, after.as_deref(), limit).await?;
    Ok(json!({ "items": memories.iter().map(to_json).collect::<Vec<_>>() }))
}

fn to_json(memory: &Memory) -> Value {
    json!({ "key": memory.key, "value": memory.value, "version": memory.version })
}
