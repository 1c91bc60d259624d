//! The first half of a sign-in: away to the provider.

use super::{
    config,
    live::{Live, registration},
};
use crate::{Result, Services};
use ::oidc::Flow;
use secrecy::{ExposeSecret, SecretString};
use secrets::{Token, TokenKind};
use store::oidc;

/// Seconds until a sign-in that was begun is given up: time to find a telephone with the second factor.
const PATIENCE: i32 = 600;

/// A sign-in that was begun.
pub struct Started {
    /// Where the browser goes now.
    pub url: String,
    /// What the browser keeps meanwhile: who comes back without it is not who went.
    pub browser: SecretString,
    /// How long it is good for.
    pub lasts_seconds: i64,
}

/// Begins a sign-in. `base` is the origin that the browser uses.
pub async fn start(services: &Services, base: &str) -> Result<Started> {
    let stored = config::required(services).await?;
    let provider = Live::provider(services, &stored.issuer).await?;
    let token = Token::generate(TokenKind::Flow, &mut rand::rng());
    let url = provider.authorize_url(&registration(services, &stored, base).await?, &flow(&token))?;
    let mut tx = services.store.system("begin a sign-in").await?;
    oidc::insert_flow(&mut tx, token.hash().as_bytes(), PATIENCE).await?;
    tx.commit().await?;
    Ok(Started { url, browser: token.secret().clone(), lasts_seconds: PATIENCE.into() })
}

/// State, nonce and verifier of a browser's sign-in. Derived from its token, so that none of them is stored anywhere.
pub(super) fn flow(token: &Token) -> Flow {
    let text = |label| token.derive(label).expose_secret().to_owned();
    Flow { state: text("state"), nonce: text("nonce"), verifier: token.derive("pkce") }
}
