//! API tokens for programs.

use crate::{Cx, Error, Result, auth::ApiScope, idempotency};
use chrono::TimeDelta;
use domain::{ApiTokenId, Invalid, invalid};
use secrecy::{ExposeSecret, SecretString};
use secrets::{Token, TokenKind};
use serde_json::json;
use store::credentials::{self, ApiToken, NewApiToken};

const MAX_TOKENS_PER_USER: usize = 50;
const MAX_LIFETIME_DAYS: u32 = 3650;

/// Creates a token. Its text is in the answer and nowhere else.
pub async fn create(
    cx: &Cx,
    name: &str,
    scopes: &[String],
    expires_in_days: Option<u32>,
) -> Result<(ApiTokenId, SecretString)> {
    let user = cx.user()?;
    let name = invalid::line("name", name, 80)?;
    let scopes = parse_scopes(scopes)?;
    if expires_in_days.is_some_and(|days| !(1..=MAX_LIFETIME_DAYS).contains(&days)) {
        return Err(Invalid::new(
            "expiresInDays",
            format!("Use 1 to {MAX_LIFETIME_DAYS} days, or leave it out."),
        )
        .into());
    }
    let now = cx.services.clock.now();
    let id = ApiTokenId::new(now);
    let token = Token::generate(TokenKind::Api, &mut rand::rng());
    let (text, hash) = (token.secret().clone(), token.hash());
    let ends_in = text.expose_secret()[text.expose_secret().len() - 4..].to_owned();

    let mut tx = cx.begin().await?;
    let request = json!([name, scopes, expires_in_days]);
    if idempotency::find_created::<ApiTokenId>(cx, &mut tx, "token", id.uuid(), &request).await?.is_some() {
        return Err(Error::conflict(
            "token_made",
            "This request has made its token already, and its text is shown once only. Revoke that token and make \
             another one under a fresh Idempotency-Key.",
        ));
    }
    if credentials::list_tokens(&mut tx).await?.len() >= MAX_TOKENS_PER_USER {
        return Err(Error::conflict(
            "too_many_tokens",
            format!("You have {MAX_TOKENS_PER_USER} API tokens. Revoke one first."),
        ));
    }
    let new = NewApiToken {
        id,
        user,
        name: &name,
        token_hash: hash.as_bytes(),
        ends_in: &ends_in,
        scopes: &scopes,
        expires_at: expires_in_days.map(|days| now + TimeDelta::days(days.into())),
    };
    credentials::insert_token(&mut tx, &new).await?;
    cx.audit(&mut tx, "token.create", &id.to_string(), Some(user), json!({ "name": name, "scopes": scopes }))
        .await?;
    tx.commit().await?;
    Ok((id, text))
}

fn parse_scopes(scopes: &[String]) -> Result<Vec<String>> {
    let wrong = || Invalid::new("scopes", "Name at least one of: chat, knowledge, jobs.");
    if scopes.is_empty() {
        return Err(wrong().into());
    }
    let mut parsed = Vec::new();
    for scope in scopes {
        let scope = ApiScope::parse(scope).ok_or_else(wrong)?.as_str().to_owned();
        if !parsed.contains(&scope) {
            parsed.push(scope);
        }
    }
    Ok(parsed)
}

/// The acting user's tokens, newest first.
pub async fn list(cx: &Cx) -> Result<Vec<ApiToken>> {
    let mut tx = cx.begin().await?;
    Ok(credentials::list_tokens(&mut tx).await?)
}

/// Revokes a token at once.
pub async fn revoke(cx: &Cx, id: ApiTokenId) -> Result<()> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    if !credentials::delete_token(&mut tx, id).await? {
        return Err(Error::NotFound("API token"));
    }
    cx.audit(&mut tx, "token.revoke", &id.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(())
}
