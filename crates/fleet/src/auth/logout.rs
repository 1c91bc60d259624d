//! Sign-out.

use crate::{Cx, Result};
use domain::SessionId;
use serde_json::json;
use store::credentials;

/// Ends the session; ending one that has ended is fine.
pub async fn logout(cx: &Cx, session: SessionId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    if credentials::delete_session(&mut tx, session).await? {
        cx.audit(&mut tx, "auth.logout", &user.to_string(), Some(user), json!({})).await?;
    }
    tx.commit().await?;
    Ok(())
}
