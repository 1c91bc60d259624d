//! The second half of a sign-in: back from the provider.

use super::{
    account, admission, config,
    live::{Live, allowed, registration},
    start::flow,
};
use crate::{
    Cx, Error, Origin, Result, Services,
    auth::{SignIn, note, open_session},
    containers::{PrewarmTrigger, prewarm},
};
use ::oidc::{Identity, Way};
use domain::Actor;
use secrecy::SecretString;
use secrets::{Token, TokenKind};
use serde_json::json;
use std::sync::Arc;
use store::{audit, credentials::OidcSession, oidc, oidc::Provider, users};

/// What the browser brings back in the address.
#[derive(Debug, Clone, Default)]
pub struct Callback {
    /// The code to redeem.
    pub code: Option<String>,
    /// What was sent along.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// Who sends it back, where the provider says so (RFC 9207).
    pub issuer: Option<String>,
}

/// Ends a sign-in that this browser began, and opens a session. Every refusal has its own code; of a sign-in that was begun here it is audited.
pub async fn callback(
    services: &Arc<Services>,
    origin: Origin,
    base: &str,
    browser: Option<SecretString>,
    user_agent: &str,
    back: Callback,
) -> Result<SignIn> {
    let cx = Cx {
        actor: Actor::System("sign-in with the identity provider"),
        origin,
        services: Arc::clone(services),
    };
    let signed_in = sign_in(&cx, base, browser, user_agent, back).await;
    note("oidc", &signed_in);
    match signed_in {
        Ok(signed_in) => Ok(signed_in),
        // Unknown can come here with nothing in his hands: what no browser began is worth no entry.
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
    back: Callback,
) -> Result<SignIn> {
    let stored = config::required(&cx.services).await?;
    let token = own_flow(cx, browser, back.state.as_deref()).await?;
    let code = code(&stored, back)?;
    let identity = redeem(cx, &stored, base, code, &token).await?;
    admission::check(&stored, &identity)?;

    let mut tx = cx.begin().await?;
    let user = account::of(cx, &mut tx, &stored, &identity).await?;
    let oidc = OidcSession {
        issuer: &stored.issuer,
        subject: &identity.subject,
        session: identity.session.as_deref(),
    };
    if !users::still_opens(&mut tx, user.id, None).await? {
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

/// The browser's own flow, which counts once. A foreign `state` does not end it.
async fn own_flow(cx: &Cx, browser: Option<SecretString>, state: Option<&str>) -> Result<Token> {
    let lost = || {
        Error::refused(
            "oidc_flow",
            "This sign-in was not begun in this browser, or too long ago. Begin again.",
        )
    };
    let token = Token::parse(TokenKind::Flow, &browser.ok_or_else(lost)?).map_err(|_| lost())?;
    if state != Some(flow(&token).state.as_str()) {
        return Err(Error::refused("oidc_state", "This answer belongs to another sign-in. Begin again."));
    }
    let mut tx = cx.begin().await?;
    let taken = oidc::take_flow(&mut tx, token.hash().as_bytes()).await?;
    tx.commit().await?;
    if taken { Ok(token) } else { Err(lost()) }
}

fn code(stored: &Provider, back: Callback) -> Result<String> {
    if back.issuer.is_some_and(|issuer| issuer != stored.issuer) {
        return Err(::oidc::Fault::Issuer.into());
    }
    match (back.error.as_deref(), back.code) {
        (None, Some(code)) => Ok(code),
        (Some("access_denied"), _) => Err(Error::refused(
            "oidc_denied",
            "The identity provider did not let you in, or you turned back.",
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
    let provider = Live::provider(services, &stored.issuer).await?;
    let registration = registration(services, stored, base).await?;
    let allowed = allowed(services, &stored.issuer);
    let way = Way { outbound: &services.outbound, allowed: &allowed };
    Ok(provider.redeem(way, &registration, code, &flow(token), services.clock.now()).await?)
}
