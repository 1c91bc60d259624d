//! The first half of a sign-in: from here to the provider.

use super::{
    config,
    discovery::{discover, registration},
};
use crate::{Result, Services};
use ::oidc::Flow;
use secrecy::{ExposeSecret, SecretString};
use secrets::{Token, TokenKind};
use store::oidc;

/// How long a sign-in may take: time to find a telephone with the second factor.
const FLOW_LIFETIME_SECONDS: i32 = 600;

/// A sign-in that has begun.
pub struct StartedFlow {
    /// Where to send the browser.
    pub url: String,
    /// The token that the browser keeps meanwhile: only the browser that began the sign-in can end it.
    pub browser: SecretString,
    pub lasts_seconds: i64,
}

/// Begins a sign-in. `base` is the origin that the browser uses.
pub async fn start(services: &Services, base: &str) -> Result<StartedFlow> {
    let stored = config::required(services).await?;
    let provider = discover(services, &stored.issuer).await?;
    let token = Token::generate(TokenKind::Flow, &mut rand::rng());
    let url = provider.authorize_url(&registration(services, &stored, base).await?, &flow(&token))?;
    let hash = token.hash();
    let store = &services.store;
    store
        .run_system("begin a sign-in", async |tx| {
            oidc::insert_flow(tx, hash.as_bytes(), FLOW_LIFETIME_SECONDS).await
        })
        .await?;
    Ok(StartedFlow { url, browser: token.secret().clone(), lasts_seconds: FLOW_LIFETIME_SECONDS.into() })
}

/// State, nonce and verifier of a browser's sign-in. Derived from its token, so that none of them is stored anywhere.
pub(super) fn flow(token: &Token) -> Flow {
    let text = |label| token.derive(label).expose_secret().to_owned();
    Flow { state: text("state"), nonce: text("nonce"), verifier: token.derive("pkce") }
}
