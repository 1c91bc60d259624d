//! The audit log: the admin's view, and each user's own.

use crate::{Cx, Result};
use chrono::{DateTime, Utc};
use domain::AuditId;
use store::audit;

pub use store::audit::{AuditEntry, Filter, Outcome};

/// Where a page begins: behind the last entry of the previous page.
pub type Position = (DateTime<Utc>, AuditId);

/// The log, newest first, for an admin.
pub async fn list(cx: &Cx, filter: &Filter, before: Option<Position>, limit: u32) -> Result<Vec<AuditEntry>> {
    let mut tx = cx.as_admin()?.begin().await?;
    Ok(audit::list(&mut tx, filter, before, limit.into()).await?)
}

/// Records that an admin downloaded the log.
pub async fn record_export(cx: &Cx, format: &'static str) -> Result<()> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    cx.audit(&mut tx, "audit.export", format, None, serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// What the acting user did, and what others did to the user's things. The addresses of others are left out.
pub async fn own(cx: &Cx, before: Option<Position>, limit: u32) -> Result<Vec<AuditEntry>> {
    let me = cx.user()?.uuid();
    let mut tx = cx.begin().await?;
    let mut entries = audit::list(&mut tx, &Filter::default(), before, limit.into()).await?;
    for entry in entries.iter_mut().filter(|entry| entry.actor_id != Some(me)) {
        entry.address.clear();
    }
    Ok(entries)
}
