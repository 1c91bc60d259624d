//! The identity provider, or the decision to do without.

use super::state::require_open;
use crate::{Cx, Result, oidc};
use serde_json::json;
use store::config;

/// Where it stands that the step was skipped.
pub(super) const SKIPPED: &str = "onboarding_oidc";

/// Stores the provider.
pub async fn set_oidc(cx: &Cx, draft: oidc::Draft, base: &str) -> Result<oidc::Shown> {
    let cx = cx.as_admin()?;
    require_open(&cx.services).await?;
    oidc::put(&cx, draft, base).await
}

/// Notes that there is to be none for now; the settings can change that at any time.
pub async fn skip_oidc(cx: &Cx) -> Result<()> {
    let cx = cx.as_admin()?;
    require_open(&cx.services).await?;
    let mut tx = cx.system("skip a step of the onboarding").await?;
    config::get_or_insert(&mut tx, SKIPPED, &json!({ "skipped": true })).await?;
    cx.audit(&mut tx, "onboarding.skip_oidc", SKIPPED, None, json!({})).await?;
    tx.commit().await?;
    Ok(())
}
