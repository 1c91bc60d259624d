//! Browser sessions and API tokens: reference tokens, stored hashed.

use crate::{Result, Tx, users::User};
use chrono::{DateTime, Utc};
use domain::{ApiTokenId, SessionId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

/// A valid session and whose it is.
#[derive(Debug, Clone, FromRow)]
pub struct SignedIn {
    /// The session.
    #[sqlx(try_from = "Uuid")]
    pub session_id: SessionId,
    /// Its last use was noted more than a minute ago.
    pub unnoted: bool,
    /// Its user, never a disabled one.
    #[sqlx(flatten)]
    pub user: User,
}

/// A valid API token and whose it is.
#[derive(Debug, Clone, FromRow)]
pub struct TokenUse {
    /// The token.
    #[sqlx(try_from = "Uuid")]
    pub token_id: ApiTokenId,
    /// Its last use was noted more than a minute ago, or never.
    pub unnoted: bool,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Its user, never a disabled one.
    #[sqlx(flatten)]
    pub user: User,
}

/// An API token as its owner sees it.
#[derive(Debug, Clone, FromRow)]
pub struct ApiToken {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: ApiTokenId,
    /// What the user called it.
    pub name: String,
    /// Last four characters.
    pub ends_in: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Creation.
    pub created_at: DateTime<Utc>,
    /// End of validity.
    pub expires_at: Option<DateTime<Utc>>,
    /// Last use.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What a new session is made of.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// SHA-256 of its token.
    pub token_hash: &'a [u8],
    /// Absolute end.
    pub expires_at: DateTime<Utc>,
    /// Browser, clipped.
    pub user_agent: &'a str,
    /// Network address.
    pub address: &'a str,
    /// Which provider vouched for it, if one did.
    pub oidc: Option<OidcSession<'a>>,
}

/// A session as the identity provider knows it.
#[derive(Debug, Clone, Copy)]
pub struct OidcSession<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `sub`.
    pub subject: &'a str,
    /// `sid`, where it says one.
    pub session: Option<&'a str>,
}

/// Stores a session.
pub async fn insert_session(tx: &mut Tx, new: &NewSession<'_>) -> Result<()> {
    sqlx::query(
        "insert into sessions (id, user_id, token_hash, expires_at, user_agent, address,
                oidc_issuer, oidc_subject, oidc_session)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new.id.uuid())
    .bind(new.user.uuid())
    .bind(new.token_hash)
    .bind(new.expires_at)
    .bind(new.user_agent)
    .bind(new.address)
    .bind(new.oidc.map(|oidc| oidc.issuer))
    .bind(new.oidc.map(|oidc| oidc.subject))
    .bind(new.oidc.and_then(|oidc| oidc.session))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The session of that token, if it is valid, was used within the last `idle_hours` and its user is not disabled.
pub async fn session_by_token(tx: &mut Tx, token_hash: &[u8], idle_hours: i32) -> Result<Option<SignedIn>> {
    Ok(sqlx::query_as(
        "select s.id as session_id, s.last_seen_at < now() - interval '1 minute' as unnoted, u.id, u.username, u.display_name, u.role, u.disabled_at, u.created_at
         from sessions s join users u on u.id = s.user_id
         where s.token_hash = $1 and s.expires_at > now() and u.disabled_at is null
           and s.last_seen_at > now() - make_interval(hours => $2)",
    )
    .bind(token_hash)
    .bind(idle_hours)
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes a session's use.
pub async fn note_session_use(tx: &mut Tx, id: SessionId) -> Result<()> {
    sqlx::query("update sessions set last_seen_at = now() where id = $1")
        .bind(id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends a session of the acting user; whether there was one.
pub async fn delete_session(tx: &mut Tx, id: SessionId) -> Result<bool> {
    let done = sqlx::query("delete from sessions where id = $1").bind(id.uuid()).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all sessions of a user.
pub async fn delete_sessions_of(tx: &mut Tx, user: UserId) -> Result<u64> {
    Ok(sqlx::query("delete from sessions where user_id = $1")
        .bind(user.uuid())
        .execute(tx.conn())
        .await?
        .rows_affected())
}

/// What a new API token is made of.
#[derive(Debug)]
pub struct NewApiToken<'a> {
    /// Its id.
    pub id: ApiTokenId,
    /// Whose it is.
    pub user: UserId,
    /// What the user called it.
    pub name: &'a str,
    /// SHA-256 of it.
    pub token_hash: &'a [u8],
    /// Last four characters.
    pub ends_in: &'a str,
    /// What it may do.
    pub scopes: &'a [String],
    /// End of validity.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Stores an API token.
pub async fn insert_token(tx: &mut Tx, new: &NewApiToken<'_>) -> Result<()> {
    sqlx::query(
        "insert into api_tokens (id, user_id, name, token_hash, ends_in, scopes, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(new.id.uuid())
    .bind(new.user.uuid())
    .bind(new.name)
    .bind(new.token_hash)
    .bind(new.ends_in)
    .bind(new.scopes)
    .bind(new.expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The acting user's API tokens, newest first.
pub async fn list_tokens(tx: &mut Tx) -> Result<Vec<ApiToken>> {
    Ok(sqlx::query_as(
        "select id, name, ends_in, scopes, created_at, expires_at, last_used_at from api_tokens order by id desc",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Revokes an API token of the acting user; whether there was one.
pub async fn delete_token(tx: &mut Tx, id: ApiTokenId) -> Result<bool> {
    let done = sqlx::query("delete from api_tokens where id = $1").bind(id.uuid()).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// The API token with that hash, if it is valid and its user is not disabled.
pub async fn token_by_hash(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<TokenUse>> {
    Ok(sqlx::query_as(
        "select t.id as token_id, t.scopes,
                t.last_used_at is null or t.last_used_at < now() - interval '1 minute' as unnoted, u.id, u.username, u.display_name, u.role, u.disabled_at, u.created_at
         from api_tokens t join users u on u.id = t.user_id
         where t.token_hash = $1 and (t.expires_at is null or t.expires_at > now()) and u.disabled_at is null",
    )
    .bind(token_hash)
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes an API token's use.
pub async fn note_token_use(tx: &mut Tx, id: ApiTokenId) -> Result<()> {
    sqlx::query("update api_tokens set last_used_at = now() where id = $1")
        .bind(id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}
