//! Chats: create, list, read, rename, delete.

use crate::{Cx, Error, Result, conversations, idempotency};
use chrono::{DateTime, Utc};
use domain::{ChatId, invalid};
use serde_json::json;
use store::{chats, turns};

pub use store::{chats::Chat, turns::Turn};

const MAX_TITLE_CHARS: usize = 200;

/// Creates an empty chat. Without a title it later gets one from its first message.
pub async fn create(cx: &Cx, title: Option<&str>) -> Result<ChatId> {
    let title =
        title.map(|title| invalid::line("title", title, MAX_TITLE_CHARS)).transpose()?.unwrap_or_default();
    let id = ChatId::new(cx.services.clock.now());
    let mut tx = cx.begin().await?;
    if let Some(before) = idempotency::find_created(cx, &mut tx, "chat", id.uuid(), &json!(title)).await? {
        return Ok(before);
    }
    chats::insert(&mut tx, id, cx.user()?, &title).await?;
    tx.commit().await?;
    Ok(id)
}

/// One page of the acting user's chats, latest first.
pub async fn list(cx: &Cx, after: Option<(DateTime<Utc>, ChatId)>, limit: u32) -> Result<Vec<Chat>> {
    let mut tx = cx.begin().await?;
    Ok(chats::list(&mut tx, after, limit.into()).await?)
}

/// A chat with its turns, except replaced ones.
pub async fn get(cx: &Cx, id: ChatId) -> Result<(Chat, Vec<Turn>)> {
    let mut tx = cx.begin().await?;
    let chat = chats::get(&mut tx, id).await?.ok_or(Error::NotFound("chat"))?;
    let turns = turns::list(&mut tx, id).await?;
    Ok((chat, turns))
}

/// Changes the title of a chat.
pub async fn rename(cx: &Cx, id: ChatId, title: &str) -> Result<()> {
    let title = invalid::line("title", title, MAX_TITLE_CHARS)?;
    let mut tx = cx.begin().await?;
    if !chats::rename(&mut tx, id, &title).await? {
        return Err(Error::NotFound("chat"));
    }
    tx.commit().await?;
    Ok(())
}

/// Deletes a chat and its archived conversations, and stops a turn that still runs. The agents' own sessions are deleted
/// once their container is idle.
pub async fn delete(cx: &Cx, id: ChatId) -> Result<()> {
    let mut tx = cx.begin().await?;
    for turn in turns::list(&mut tx, id).await?.iter().filter(|turn| !turn.status.is_final()) {
        turns::request_stop(&mut tx, turn.id).await?;
    }
    if !chats::delete(&mut tx, id).await? {
        return Err(Error::NotFound("chat"));
    }
    conversations::forget_chat(&mut tx, cx.user()?, id).await?;
    idempotency::forget(&mut tx, cx.user()?, id.uuid()).await?;
    conversations::enqueue_prune(&mut tx, cx.user()?).await?;
    tx.commit().await?;
    Ok(())
}
