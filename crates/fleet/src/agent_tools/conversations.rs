//! `conversations_search`.

use super::{Caller, MOST, USUAL};
use crate::{
    Result,
    conversations::{self, Hit, Search},
};
use chrono::{DateTime, Utc};
use domain::{conversation::MessageRole, invalid};
use serde::Deserialize;
use serde_json::{Value, json};

/// So much of a message is shown, in characters: a model reads it.
const SHOWN: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    query: String,
    limit: Option<usize>,
    role: Option<MessageRole>,
    since: Option<String>,
    until: Option<String>,
}

/// In all conversations of the user, whichever of his agents spoke.
pub(super) async fn search(caller: &Caller, arguments: Arguments) -> Result<Value> {
    let Arguments { query, limit, role, since, until } = arguments;
    let search = Search {
        query,
        limit: limit.unwrap_or(USUAL).clamp(1, MOST),
        agent: None,
        role,
        since: moment("since", since.as_deref())?,
        until: moment("until", until.as_deref())?,
    };
    let found = conversations::search(&caller.cx, &search).await?;
    let items: Vec<Value> = found.hits.into_iter().map(shown).collect();
    Ok(json!({ "items": items, "note": found.note }))
}

fn shown(hit: Hit) -> Value {
    let message = hit.found.message;
    let text: String = match message.text.char_indices().nth(SHOWN) {
        // Of a long one the part that was found.
        Some(_) => hit.snippet.iter().map(|part| part.text.as_str()).collect(),
        None => message.text.clone(),
    };
    json!({
        "conversation": hit.found.title,
        "conversationId": hit.found.conversation_id,
        "at": message.at,
        "role": message.role(),
        "tool": message.tool_name,
        "text": text,
    })
}

fn moment(field: &'static str, text: Option<&str>) -> Result<Option<DateTime<Utc>>> {
    Ok(text.map(|text| invalid::moment(field, text)).transpose()?)
}
