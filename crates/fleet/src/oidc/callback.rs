//! The second half of a sign-in: back from the provider.

use super::{
    account, admission, config,
    discovery::{allowed_hosts, discover, registration},
    start::flow,
};
use crate::{
    Cx, Error, Origin, Result, Services,
    auth::{SignIn, count_sign_in, open_session},
    containers::{PrewarmTrigger, prewarm},
};
use ::oidc::{Identity, OutboundAccess};
use domain::Actor;
use secrecy::SecretString;
use secrets::{Token, TokenKind};
use serde_json::json;
use std::sync::Arc;
use store::{audit, credentials::OidcSession, oidc, oidc::Provider, users};

/// What the browser brings back in the address.
#[derive(Debug, Clone, Default)]
pub struct Callback {
    pub code: Option<String>,
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The issuer that sends it back, if the provider says so (RFC 9207).
    pub issuer: Option<String>,
}

/// Ends a sign-in that this browser began, and opens a session. Every refusal has its own code; it is audited if the
/// sign-in began here.
pub async fn callback(
    services: &Arc<Services>,
    origin: Origin,
    base: &str,
    browser: Option<SecretString>,
    user_agent: &str,
    callback: Callback,
) -> Result<SignIn> {
    let cx = Cx {
        actor: Actor::System("sign-in with the identity provider"),
        origin,
        services: Arc::clone(services),
    };
    let signed_in = sign_in(&cx, base, browser, user_agent, callback).await;
    count_sign_in("oidc", &signed_in);
    match signed_in {
        Ok(signed_in) => Ok(signed_in),
        // Anybody can call this without having begun a sign-in: that is worth no entry.
        Err(error) if matches!(error.code(), "oidc_not_configured" | "oidc_flow" | "oidc_state") => {
            Err(error)
        }
        Err(error) => {
            let mut tx = cx.begin().await?;
            let detail = json!({ "via": "oidc", "code": error.code() });
            cx.audit_outcome(&mut tx, "auth.login", "oidc", None, audit::Outcome::Denied, detail).await?;
            tx.commit().await?;
            Err(error)
        }
    }
}

async fn sign_in(
    cx: &Cx,
    base: &str,
    browser: Option<SecretString>,
    user_agent: &str,
    callback: Callback,
) -> Result<SignIn> {
    let stored = config::required(&cx.services).await?;
    let token = own_flow(cx, browser, callback.state.as_deref()).await?;
    let code = code(&stored, callback)?;
    let identity = redeem(cx, &stored, base, code, &token).await?;
    admission::check(&stored, &identity)?;

    let mut tx = cx.begin().await?;
    let user = account::of(cx, &mut tx, &stored, &identity).await?;
    let oidc = OidcSession {
        issuer: &stored.issuer,
        subject: &identity.subject,
        session: identity.session.as_deref(),
    };
    if !users::can_sign_in(&mut tx, user.id, None).await? {
        return Err(Error::refused(
            "oidc_disabled",
            "Your account here is disabled. Ask an admin to open it again.",
        ));
    }
    let (token, lasts_seconds) = open_session(cx, &mut tx, user.id, user_agent, Some(oidc)).await?;
    cx.audit(&mut tx, "auth.login", &user.id.to_string(), Some(user.id), json!({ "via": "oidc" })).await?;
    tx.commit().await?;
    prewarm(&cx.services, user.id, PrewarmTrigger::SignedIn).await;
    Ok(SignIn { user, token, lasts_seconds })
}

/// The flow that this browser began; it can be used once. A `state` of another flow does not end it.
async fn own_flow(cx: &Cx, browser: Option<SecretString>, state: Option<&str>) -> Result<Token> {
    let lost = || {
        Error::refused(
            "oidc_flow",
            "This sign-in did not begin in this browser, or too long ago. Sign in again.",
        )
    };
    let token = Token::parse(TokenKind::Flow, &browser.ok_or_else(lost)?).map_err(|_| lost())?;
    if state != Some(flow(&token).state.as_str()) {
        return Err(Error::refused("oidc_state", "This answer belongs to another sign-in. Sign in again."));
    }
    let mut tx = cx.begin().await?;
    let taken = oidc::take_flow(&mut tx, token.hash().as_bytes()).await?;
    tx.commit().await?;
    if taken { Ok(token) } else { Err(lost()) }
}

fn code(stored: &Provider, callback: Callback) -> Result<String> {
    if callback.issuer.is_some_and(|issuer| issuer != stored.issuer) {
        return Err(::oidc::Error::Issuer.into());
    }
    match (callback.error.as_deref(), callback.code) {
        (None, Some(code)) => Ok(code),
        (Some("access_denied"), _) => Err(Error::refused(
            "oidc_denied",
            "The identity provider did not let you in, or you cancelled the sign-in.",
        )),
        (Some(_), _) | (None, None) => {
            let detail =
                "The identity provider reported an error. Try again; its own log says what is wrong.";
            Err(Error::refused("oidc_provider", detail))
        }
    }
}

async fn redeem(cx: &Cx, stored: &Provider, base: &str, code: String, token: &Token) -> Result<Identity> {
    let services = &cx.services;
    let provider = discover(services, &stored.issuer).await?;
    let registration = registration(services, stored, base).await?;
    let allowed = allowed_hosts(services, &stored.issuer);
    let access = OutboundAccess { outbound: &services.outbound, allowed: &allowed };
    Ok(provider.redeem(access, &registration, code, &flow(token), services.clock.now()).await?)
}
