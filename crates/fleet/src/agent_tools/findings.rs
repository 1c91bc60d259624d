//! `finding_save` and `findings_search`.

use super::{Caller, MOST, USUAL};
use crate::{
    Result,
    findings::{self, Draft, Finding, Source},
    knowledge::{By, Filter},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Save {
    content: String,
    title: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    ttl_seconds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    query: String,
    limit: Option<usize>,
    #[serde(default)]
    tags: Vec<String>,
}

/// Saved in the name of the agent that calls.
pub(super) async fn save(caller: &Caller, save: Save) -> Result<Value> {
    let Save { content, title, tags, ttl_seconds } = save;
    let source = Source { agent: caller.agent.as_ref().map(|agent| agent.id), ..Source::default() };
    let draft = Draft { title, content, tags, ttl_seconds, source, by: By::Agent };
    let saved = findings::save(&caller.cx, draft).await?;
    Ok(json!({ "id": saved.view.finding.id, "merged": saved.merged }))
}

/// In all findings of the user, whichever of his agents saved them.
pub(super) async fn search(caller: &Caller, search: Search) -> Result<Value> {
    let Search { query, limit, tags } = search;
    let filter = Filter { tags, ..Filter::default() };
    let limit = limit.unwrap_or(USUAL).clamp(1, MOST);
    let found = findings::search(&caller.cx, &query, filter, limit).await?;
    let items: Vec<Value> = found.items.into_iter().map(|found| shown(found.view.finding)).collect();
    Ok(json!({ "items": items, "note": found.note }))
}

fn shown(finding: Finding) -> Value {
    json!({
        "id": finding.id,
        "title": finding.title,
        "content": finding.content,
        "tags": finding.tags,
        "savedAt": finding.created_at,
    })
}
