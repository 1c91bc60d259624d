//! `conversations_search`.

use super::{Caller, DEFAULT_HITS, MAX_HITS};
use crate::{
    Result,
    conversations::{self, MessageHit, MessageSearch},
};
use chrono::{DateTime, Utc};
use domain::{conversation::MessageRole, invalid};
use serde::Deserialize;
use serde_json::{Value, json};

/// A longer message is replaced by its snippet, to save the agent's prompt.
const MAX_SHOWN_CHARS: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    query: String,
    limit: Option<usize>,
    role: Option<MessageRole>,
    since: Option<String>,
    until: Option<String>,
}

/// Searches all conversations of the user, with any of their agents.
pub(super) async fn search(caller: &Caller, arguments: Arguments) -> Result<Value> {
    let Arguments { query, limit, role, since, until } = arguments;
    let search = MessageSearch {
        query,
        limit: limit.unwrap_or(DEFAULT_HITS).clamp(1, MAX_HITS),
        agent: None,
        role,
        since: time("since", since.as_deref())?,
        until: time("until", until.as_deref())?,
    };
    let results = conversations::search(&caller.cx, &search).await?;
    let items: Vec<Value> = results.hits.into_iter().map(to_json).collect();
    Ok(json!({ "items": items, "note": results.note }))
}

fn to_json(hit: MessageHit) -> Value {
    let message = hit.archived.message;
    let text: String = match message.text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some(_) => hit.snippet.iter().map(|part| part.text.as_str()).collect(),
        None => message.text.clone(),
    };
    json!({
        "conversation": hit.archived.title,
        "conversationId": hit.archived.conversation_id,
        "at": message.at,
        "role": message.role,
        "tool": message.tool_name,
        "text": text,
    })
}

fn time(field: &'static str, text: Option<&str>) -> Result<Option<DateTime<Utc>>> {
    Ok(text.map(|text| invalid::timestamp(field, text)).transpose()?)
}
