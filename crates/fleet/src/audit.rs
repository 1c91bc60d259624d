//! Who did what: the admin's view of the log, and each user's own.

use crate::{Cx, Result};
use chrono::{DateTime, Utc};
use domain::AuditId;
use store::audit;

pub use store::audit::{Filter, Outcome, Recorded};

/// Where a page begins: behind the last entry of the one before.
pub type Position = (DateTime<Utc>, AuditId);

/// The log, newest first, for an admin.
pub async fn list(cx: &Cx, filter: &Filter, before: Option<Position>, limit: u32) -> Result<Vec<Recorded>> {
    let mut tx = cx.as_admin()?.begin().await?;
    Ok(audit::list(&mut tx, filter, before, limit.into()).await?)
}

/// Records that the log was taken away as a file: who reads everything is seen as well.
pub async fn note_export(cx: &Cx, format: &'static str) -> Result<()> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    cx.audit(&mut tx, "audit.export", format, None, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// What the acting user did, and what others did to his things. Of others' addresses he is told nothing.
pub async fn own(cx: &Cx, before: Option<Position>, limit: u32) -> Result<Vec<Recorded>> {
    let me = cx.user()?.uuid();
    let mut tx = cx.begin().await?;
    let mut entries = audit::list(&mut tx, &Filter::default(), before, limit.into()).await?;
    for entry in entries.iter_mut().filter(|entry| entry.actor_id != Some(me)) {
        entry.address.clear();
    }
    Ok(entries)
}
