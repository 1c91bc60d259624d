//! Saving: a new finding, or one more time what is there.

use super::{Draft, Finding, View, draft, list_in_search, read};
use crate::{Cx, Error, Result};
use std::collections::BTreeSet;
use store::findings;

/// What became of it.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The finding as it is now.
    pub view: View,
    /// Whether it said the same as one that was there, and became part of it.
    pub merged: bool,
}

/// Saves a finding. One with the same content takes it in: tags are added, the longer life counts, a title fills a
/// missing one.
pub async fn save(cx: &Cx, draft: Draft) -> Result<Saved> {
    let user = cx.user()?;
    let new = draft.check(cx)?;
    let hash = draft::hash(&new.content);
    let mut tx = cx.begin().await?;
    draft.source.check(&mut tx).await?;
    // The second look is for somebody who saves the same at this moment.
    for _ in 0..2 {
        let before = findings::same(&mut tx, user, &hash, new.created_at).await?;
        let (finding, merged) = match before {
            Some(before) => (merge(before, &new), true),
            None if findings::insert(&mut tx, user, &hash, &new).await? => (new.clone(), false),
            None => continue,
        };
        if merged {
            findings::update(&mut tx, &hash, &finding).await?;
        }
        list_in_search(cx, &mut tx, user, &finding).await?;
        let view = read::view(cx, &mut tx, finding).await?;
        tx.commit().await?;
        return Ok(Saved { view, merged });
    }
    Err(Error::conflict("busy", "Somebody else saves the same right now. Try again."))
}

fn merge(before: Finding, new: &Finding) -> Finding {
    let mut tags: BTreeSet<String> = before.tags.into_iter().collect();
    // Of too many, those that were there stay.
    for tag in &new.tags {
        if tags.len() < draft::TAGS {
            tags.insert(tag.clone());
        }
    }
    Finding {
        title: before.title.or_else(|| new.title.clone()),
        tags: tags.into_iter().collect(),
        // No end is later than any.
        expires_at: before.expires_at.zip(new.expires_at).map(|(one, other)| one.max(other)),
        updated_at: new.updated_at,
        ..before
    }
}
