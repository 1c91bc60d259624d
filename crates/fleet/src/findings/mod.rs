//! Findings: saved by people and agents, merged where they say the same, found again by words and meaning.

mod change;
mod draft;
mod read;
mod save;

pub use change::{Patch, change, remove};
pub(crate) use draft::end;
pub use draft::{Draft, Source};
pub use read::{Match, Matches, View, get, list, search};
pub use save::{Saved, save};
pub use store::findings::{Finding, Narrow, Similar};

use crate::{Cx, Result, knowledge};
use domain::{
    UserId,
    knowledge::{Kind, chunks},
};
use store::{
    Tx,
    knowledge::{Piece, replace},
};

/// Makes the search find the finding as it is now, and asks for its vectors.
async fn list_in_search(cx: &Cx, tx: &mut Tx, user: UserId, finding: &Finding) -> Result<()> {
    let text = match &finding.title {
        Some(title) => format!("{title}\n{}", finding.content),
        None => finding.content.clone(),
    };
    let pieces: Vec<Piece<'_>> = (0..)
        .zip(chunks(&text))
        .map(|(ordinal, text)| Piece {
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
    replace(tx, user, Kind::Finding, &language, finding.id.uuid(), &pieces).await?;
    knowledge::enqueue_embed(tx, user).await
}
