//! The end of the onboarding.

use super::state::{Completed, KEY, closed, is_completed};
use crate::{Cx, Error, Result};
use serde_json::json;
use store::{agents, config, providers};

/// Closes the onboarding for good. Needs a provider and an agent, because without them nothing answers.
pub async fn complete(cx: &Cx) -> Result<()> {
    let admin = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    if is_completed(&mut tx).await? {
        return Err(closed());
    }
    let provider = !providers::list(&mut tx).await?.is_empty();
    let agent = !agents::list(&mut tx).await?.is_empty();
    drop(tx);
    if !provider || !agent {
        let missing = if provider { "an agent" } else { "a provider" };
        return Err(Error::conflict("onboarding_incomplete", format!("Add {missing} first.")));
    }
    let mut tx = cx.system("close the onboarding").await?;
    let now = cx.services.clock.now();
    config::get_or_insert(&mut tx, KEY, &Completed { completed: true, at: now }).await?;
    tx.commit().await?;
    let mut tx = admin.begin().await?;
    admin.audit(&mut tx, "onboarding.complete", KEY, None, json!({})).await?;
    tx.commit().await?;
    Ok(())
}
