//! Sign-out at both ends: from here to the provider, and from the provider to here.

use super::{SIGNED_OUT, config, discovery::discover};
use crate::{Cx, Error, Origin, Result, Services};
use domain::{Actor, SessionId};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use store::{oidc, sessions};
use tokio::time::timeout;

/// How long a sign-out waits for a provider that does not answer.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(2);

/// Where to send the browser of this session, so that it is signed out at its provider too. `None` for a session that
/// began with a password, and when the provider does not answer in time.
pub async fn end_session_url(cx: &Cx, session: SessionId, base: &str) -> Result<Option<String>> {
    let mut tx = cx.begin().await?;
    let issuer = sessions::oidc_issuer(&mut tx, session).await?;
    drop(tx);
    let Some(stored) = config::stored(&cx.services).await? else { return Ok(None) };
    if issuer.as_ref() != Some(&stored.issuer) {
        return Ok(None);
    }
    let discovered = timeout(PROVIDER_TIMEOUT, discover(&cx.services, &stored.issuer)).await;
    let Ok(Ok(provider)) = discovered else { return Ok(None) };
    Ok(provider.end_session_url(&stored.client_id, &format!("{base}{SIGNED_OUT}")))
}

/// Accepts a logout token of the provider: ends the session that it names, or all sessions of the person. Each token is
/// accepted once.
pub async fn backchannel_logout(services: &Arc<Services>, origin: Origin, token: &str) -> Result<()> {
    let cx = Cx {
        actor: Actor::System("logout by the identity provider"),
        origin,
        services: Arc::clone(services),
    };
    let stored = config::required(services).await?;
    let provider = discover(services, &stored.issuer).await?;
    let ended = provider.verify_logout_token(&stored.client_id, token, services.clock.now())?;

    let mut tx = cx.begin().await?;
    if !oidc::use_logout_token(&mut tx, &stored.issuer, &ended.id, ended.forget_after).await? {
        return Err(Error::refused("oidc_replayed", "This logout token was used before."));
    }
    let (subject, session) = (ended.subject.as_deref(), ended.session.as_deref());
    let mut owners = sessions::delete_of_oidc(&mut tx, &stored.issuer, subject, session).await?;
    owners.sort_unstable();
    owners.dedup();
    for owner in owners {
        cx.audit(&mut tx, "auth.logout", &owner.to_string(), Some(owner), json!({ "via": "oidc" })).await?;
    }
    tx.commit().await?;
    Ok(())
}
