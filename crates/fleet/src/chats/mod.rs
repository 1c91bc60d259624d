//! Chats: create, list, read, rename, delete.

use crate::{Cx, Error, Result, conversations, idempotency};
use chrono::{DateTime, Utc};
use domain::{ChatId, invalid};
use serde_json::json;
use store::{chats, turns};

pub use store::{chats::Chat, turns::Turn};

/// The longest title, in characters.
const TITLE: usize = 200;

/// Starts an empty chat; without a title it takes the first words of the first message.
pub async fn create(cx: &Cx, title: Option<&str>) -> Result<ChatId> {
    let title = title.map(|title| invalid::line("title", title, TITLE)).transpose()?.unwrap_or_default();
    let id = ChatId::new(cx.services.clock.now());
    let mut tx = cx.begin().await?;
    if let Some(before) = idempotency::made_before(cx, &mut tx, "chat", id.uuid(), &json!(title)).await? {
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

/// A chat with the turns that stand.
pub async fn get(cx: &Cx, id: ChatId) -> Result<(Chat, Vec<Turn>)> {
    let mut tx = cx.begin().await?;
    let chat = chats::get(&mut tx, id).await?.ok_or(Error::NotFound("chat"))?;
    let turns = turns::list(&mut tx, id).await?;
    Ok((chat, turns))
}

/// Gives a chat another title.
pub async fn rename(cx: &Cx, id: ChatId, title: &str) -> Result<()> {
    let title = invalid::line("title", title, TITLE)?;
    let mut tx = cx.begin().await?;
    if !chats::rename(&mut tx, id, &title).await? {
        return Err(Error::NotFound("chat"));
    }
    tx.commit().await?;
    Ok(())
}

/// Deletes a chat, and forgets what was said in it; its agents' memory of it goes when nobody uses their container. A turn
/// that still runs is stopped.
pub async fn delete(cx: &Cx, id: ChatId) -> Result<()> {
    let mut tx = cx.begin().await?;
    for turn in turns::list(&mut tx, id).await?.iter().filter(|turn| !turn.status().is_final()) {
        turns::request_stop(&mut tx, turn.id).await?;
    }
    if !chats::delete(&mut tx, id).await? {
        return Err(Error::NotFound("chat"));
    }
    conversations::forget_chat(&mut tx, cx.user()?, id).await?;
    idempotency::forget(&mut tx, cx.user()?, id.uuid()).await?;
    conversations::ask_for_pruning(&mut tx, cx.user()?).await?;
    tx.commit().await?;
    Ok(())
}
