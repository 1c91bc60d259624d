//! `finding_save` and `findings_search`.

use super::{Caller, DEFAULT_HITS, MAX_HITS};
use crate::{
    Result,
    findings::{self, Finding, FindingDraft, FindingSource},
    knowledge::{Filter, SavedBy},
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

/// Saves a finding of the calling agent.
pub(super) async fn save(caller: &Caller, save: Save) -> Result<Value> {
    let Save { content, title, tags, ttl_seconds } = save;
    let source =
        FindingSource { agent: caller.agent.as_ref().map(|agent| agent.id), ..FindingSource::default() };
    let draft = FindingDraft { title, content, tags, ttl_seconds, source, by: SavedBy::Agent };
    let saved = findings::save(&caller.cx, draft).await?;
    Ok(json!({ "id": saved.view.finding.id, "merged": saved.merged }))
}

/// Searches all findings of the user, saved by them or by any of their agents.
pub(super) async fn search(caller: &Caller, search: Search) -> Result<Value> {
    let Search { query, limit, tags } = search;
    let filter = Filter { tags, ..Filter::default() };
    let limit = limit.unwrap_or(DEFAULT_HITS).clamp(1, MAX_HITS);
    let results = findings::search(&caller.cx, &query, filter, limit).await?;
    let items: Vec<Value> = results.hits.into_iter().map(|hit| to_json(hit.view.finding)).collect();
    Ok(json!({ "items": items, "note": results.note }))
}

fn to_json(finding: Finding) -> Value {
    json!({
        "id": finding.id,
        "title": finding.title,
        "content": finding.content,
        "tags": finding.tags,
        "savedAt": finding.created_at,
    })
}
