//! `memory_get`, `memory_set` and `memory_list`.

use super::Caller;
use crate::{
    Error, Result,
    knowledge::By,
    memory::{self, Memory, Put},
};
use domain::AgentId;
use serde::Deserialize;
use serde_json::{Value, json};

/// Keys of one answer.
const MOST_KEYS: u32 = 100;

/// Whose memory: the calling agent's own, or the one that all of the user's agents share.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Whose {
    #[default]
    Own,
    Shared,
}

impl Whose {
    fn of(self, caller: &Caller) -> Option<AgentId> {
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
    whose: Whose,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Set {
    key: String,
    value: Value,
    if_version: Option<i64>,
    ttl_seconds: Option<u32>,
    #[serde(default)]
    whose: Whose,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    #[serde(default)]
    prefix: String,
    after: Option<String>,
    limit: Option<u32>,
    #[serde(default)]
    whose: Whose,
}

/// A value; version 0 when there is none.
pub(super) async fn get(caller: &Caller, get: Get) -> Result<Value> {
    match memory::get(&caller.cx, get.whose.of(caller), &get.key).await {
        Ok(memory) => Ok(shown(&memory)),
        Err(Error::NotFound("memory")) => Ok(json!({ "key": get.key, "value": null, "version": 0 })),
        Err(error) => Err(error),
    }
}

/// Remembers a value.
pub(super) async fn set(caller: &Caller, set: Set) -> Result<Value> {
    let Set { key, value, if_version, ttl_seconds, whose } = set;
    let put = Put { agent: whose.of(caller), key, value, if_version, ttl_seconds, by: By::Agent };
    let memory = memory::put(&caller.cx, put).await?;
    Ok(json!({ "key": memory.key, "version": memory.version }))
}

/// Keys with their values.
pub(super) async fn list(caller: &Caller, list: List) -> Result<Value> {
    let List { prefix, after, limit, whose } = list;
    let limit = limit.map_or(MOST_KEYS, |limit| limit.clamp(1, MOST_KEYS));
    let agent = whose.of(caller);
    let found = memory::list(&caller.cx, agent, &prefix, after.as_deref(), limit).await?;
    Ok(json!({ "items": found.iter().map(shown).collect::<Vec<_>>() }))
}

fn shown(memory: &Memory) -> Value {
    json!({ "key": memory.key, "value": memory.value, "version": memory.version })
}
