//! Changing and forgetting a finding.

use super::{Finding, View, draft, list_in_search, read};
use crate::{Cx, Error, Result};
use domain::FindingId;
use store::findings;

/// What is to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// Another title; `Some(None)` = none.
    pub title: Option<Option<String>>,
    /// Another text.
    pub content: Option<String>,
    /// Other tags.
    pub tags: Option<Vec<String>>,
    /// How long from now it is to be kept; `Some(None)` = for ever.
    pub ttl_seconds: Option<Option<u32>>,
}

/// Changes a finding. Another one with that content is a clash: they would be one.
pub async fn change(cx: &Cx, id: FindingId, patch: Patch) -> Result<View> {
    let (user, now) = (cx.user()?, cx.services.clock.now());
    let mut tx = cx.begin().await?;
    let before = findings::lock(&mut tx, id, now).await?.ok_or(Error::NotFound("finding"))?;
    let after = Finding {
        title: match &patch.title {
            Some(title) => draft::title(title.as_deref())?,
            None => before.title.clone(),
        },
        content: patch.content.as_deref().map_or_else(|| Ok(before.content.clone()), draft::content)?,
        tags: patch.tags.as_deref().map_or_else(|| Ok(before.tags.clone()), draft::tags)?,
        expires_at: patch.ttl_seconds.map_or(Ok(before.expires_at), |ttl| draft::end(ttl, now))?,
        updated_at: now,
        ..before.clone()
    };
    let hash = draft::hash(&after.content);
    if findings::same(&mut tx, user, &hash, now).await?.is_some_and(|same| same.id != id) {
        let detail = "Another finding has this content already. Change that one, or delete it first.";
        return Err(Error::conflict("same_content", detail));
    }
    findings::update(&mut tx, &hash, &after).await?;
    if (&after.title, &after.content) != (&before.title, &before.content) {
        findings::unlink(&mut tx, id).await?;
    }
    list_in_search(cx, &mut tx, user, &after).await?;
    let view = read::view(cx, &mut tx, after).await?;
    tx.commit().await?;
    Ok(view)
}

/// Forgets a finding.
pub async fn remove(cx: &Cx, id: FindingId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    if findings::delete(&mut tx, user, &[id.uuid()]).await? == 0 {
        return Err(Error::NotFound("finding"));
    }
    tx.commit().await?;
    Ok(())
}
