//! Saves a finding, or merges it into one with the same content.

use super::{Finding, FindingDraft, FindingView, draft, index, read};
use crate::{Cx, Error, Result};
use std::collections::BTreeSet;
use store::findings;

/// What became of a finding that was handed in.
#[derive(Debug, Clone)]
pub struct SavedFinding {
    /// The finding as it is now.
    pub view: FindingView,
    /// Whether an earlier finding had the same content and took it in.
    pub merged: bool,
}

/// Saves a finding. If one with the same content exists, they are merged: tags are added, the later expiry counts, and a
/// title fills a missing one.
pub async fn save(cx: &Cx, draft: FindingDraft) -> Result<SavedFinding> {
    let user = cx.user()?;
    let new = draft.check(cx)?;
    let hash = draft::hash(&new.content);
    let mut tx = cx.begin().await?;
    draft.source.check(&mut tx).await?;
    // A second time, in case another request saves the same content between the query and the insert.
    for _ in 0..2 {
        let before = findings::by_content(&mut tx, user, &hash, new.created_at).await?;
        let (finding, merged) = match before {
            Some(before) => (merge(before, &new), true),
            None if findings::insert(&mut tx, user, &hash, &new).await? => (new.clone(), false),
            None => continue,
        };
        if merged {
            findings::update(&mut tx, &hash, &finding).await?;
        }
        index(cx, &mut tx, user, &finding).await?;
        let view = read::view(cx, &mut tx, finding).await?;
        tx.commit().await?;
        return Ok(SavedFinding { view, merged });
    }
    Err(Error::conflict("busy", "Another request is saving the same content. Try again."))
}

fn merge(before: Finding, new: &Finding) -> Finding {
    let mut tags: BTreeSet<String> = before.tags.into_iter().collect();
    // If there are too many, the earlier ones stay.
    for tag in &new.tags {
        if tags.len() < draft::MAX_TAGS {
            tags.insert(tag.clone());
        }
    }
    Finding {
        title: before.title.or_else(|| new.title.clone()),
        tags: tags.into_iter().collect(),
        // Without an expiry it is kept for ever, which is later than any expiry.
        expires_at: before.expires_at.zip(new.expires_at).map(|(one, other)| one.max(other)),
        updated_at: new.updated_at,
        ..before
    }
}
