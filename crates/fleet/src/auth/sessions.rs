//! The acting user's own browser sessions.

use crate::{Cx, Error, Result};
use domain::SessionId;
use serde_json::json;
use store::{credentials, sessions, sessions::Session};

/// The sessions that are still valid.
pub async fn list_sessions(cx: &Cx) -> Result<Vec<Session>> {
    let mut tx = cx.begin().await?;
    Ok(sessions::list(&mut tx, super::idle_hours(&cx.services)).await?)
}

/// Ends one at once.
pub async fn end_session(cx: &Cx, id: SessionId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    if !credentials::delete_session(&mut tx, id).await? {
        return Err(Error::NotFound("session"));
    }
    cx.audit(&mut tx, "session.end", &id.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Signs out: ends the session of this request. A session that has ended already is fine.
pub async fn logout(cx: &Cx, session: SessionId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    if credentials::delete_session(&mut tx, session).await? {
        cx.audit(&mut tx, "auth.logout", &user.to_string(), Some(user), json!({})).await?;
    }
    tx.commit().await?;
    Ok(())
}
