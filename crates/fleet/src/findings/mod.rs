//! Findings: saved by users and agents, merged where they say the same, found again by words and by meaning.

mod change;
mod draft;
mod read;
mod save;
mod search;

pub use change::{FindingPatch, change, remove};
pub(crate) use draft::expiry;
pub use draft::{FindingDraft, FindingSource};
pub use read::{FindingView, get, list};
pub use save::{SavedFinding, save};
pub use search::{FindingHit, FindingSearchResults, search};
pub use store::findings::{Finding, FindingFilter, Similar};

use crate::{Cx, Result, knowledge};
use domain::{
    UserId,
    knowledge::{Kind, chunks},
};
use store::{
    Tx,
    knowledge::{NewChunk, replace},
};

/// Makes a search find the finding as it is now, and enqueues its embedding.
async fn index(cx: &Cx, tx: &mut Tx, user: UserId, finding: &Finding) -> Result<()> {
    let text = match &finding.title {
        Some(title) => format!("{title}\n{}", finding.content),
        None => finding.content.clone(),
    };
    let chunks: Vec<NewChunk<'_>> = (0..)
        .zip(chunks(&text))
        .map(|(ordinal, text)| NewChunk {
            parent_id: finding.id.uuid(),
            ordinal,
            conversation_id: None,
            agent_id: finding.agent_id,
            role: None,
            tags: &finding.tags,
            at: finding.created_at,
            expires_at: finding.expires_at,
            text,
        })
        .collect();
    let language = knowledge::language(&cx.services);
    replace(tx, user, Kind::Finding, &language, finding.id.uuid(), &chunks).await?;
    knowledge::enqueue_embed(tx, user).await
}
