//! The step of the identity provider: configured, or skipped.

use super::state::{OIDC_SKIPPED, require_open};
use crate::{Cx, Result, oidc};
use serde_json::json;
use store::config;

/// Stores the provider.
pub async fn set_oidc(cx: &Cx, draft: oidc::Draft, base: &str) -> Result<oidc::OidcSettings> {
    let cx = cx.as_admin()?;
    require_open(&cx.services).await?;
    oidc::put(&cx, draft, base).await
}

/// Records that there is none for now; the settings can change that at any time.
pub async fn skip_oidc(cx: &Cx) -> Result<()> {
    let cx = cx.as_admin()?;
    require_open(&cx.services).await?;
    let mut tx = cx.system("skip a step of the onboarding").await?;
    config::get_or_insert(&mut tx, OIDC_SKIPPED, &json!({ "skipped": true })).await?;
    cx.audit(&mut tx, "onboarding.skip_oidc", OIDC_SKIPPED, None, json!({})).await?;
    tx.commit().await?;
    Ok(())
}
