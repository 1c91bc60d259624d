//! Changes and deletes a finding.

use super::{Finding, FindingView, draft, index, read};
use crate::{Cx, Error, Result};
use domain::FindingId;
use store::findings;

/// What is to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct FindingPatch {
    /// The title; `Some(None)` removes it.
    pub title: Option<Option<String>>,
    /// The text.
    pub content: Option<String>,
    /// The tags.
    pub tags: Option<Vec<String>>,
    /// How long it is kept from now on, in seconds; `Some(None)` = for ever.
    pub ttl_seconds: Option<Option<u32>>,
}

/// Changes a finding. It is a conflict if another finding has the new content: the two would be one.
pub async fn change(cx: &Cx, id: FindingId, patch: FindingPatch) -> Result<FindingView> {
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
        expires_at: patch.ttl_seconds.map_or(Ok(before.expires_at), |ttl| draft::expiry(ttl, now))?,
        updated_at: now,
        ..before.clone()
    };
    let hash = draft::hash(&after.content);
    if findings::by_content(&mut tx, user, &hash, now).await?.is_some_and(|other| other.id != id) {
        let detail = "Another finding already has this content. Change that one, or delete it first.";
        return Err(Error::conflict("same_content", detail));
    }
    findings::update(&mut tx, &hash, &after).await?;
    if (&after.title, &after.content) != (&before.title, &before.content) {
        findings::unlink(&mut tx, id).await?;
    }
    index(cx, &mut tx, user, &after).await?;
    let view = read::view(cx, &mut tx, after).await?;
    tx.commit().await?;
    Ok(view)
}

/// Deletes a finding.
pub async fn remove(cx: &Cx, id: FindingId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    if findings::delete(&mut tx, user, &[id.uuid()]).await? == 0 {
        return Err(Error::NotFound("finding"));
    }
    tx.commit().await?;
    Ok(())
}
