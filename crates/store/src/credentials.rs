//! Browser sessions and API tokens: reference tokens, stored hashed.

use crate::{
    Result, Tx,
    users::{User, select_with_user, user_of_row},
};
use chrono::{DateTime, Utc};
use domain::{ApiTokenId, SessionId, UserId};

/// A valid session and its user.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub session_id: SessionId,
    /// Its last recorded use is more than a minute ago.
    pub use_unrecorded: bool,
    /// Never a disabled one.
    pub user: User,
}

/// A valid API token and its user.
#[derive(Debug, Clone)]
pub struct TokenUse {
    pub token_id: ApiTokenId,
    /// Its last recorded use is more than a minute ago, or there is none.
    pub use_unrecorded: bool,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Never a disabled one.
    pub user: User,
}

/// An API token as its owner sees it.
#[derive(Debug, Clone)]
pub struct ApiToken {
    pub id: ApiTokenId,
    /// What the user called it.
    pub name: String,
    /// Last four characters.
    pub ends_in: String,
    /// What it may do.
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub struct NewSession<'a> {
    pub id: SessionId,
    pub user: UserId,
    /// SHA-256 of its token.
    pub token_hash: &'a [u8],
    /// Absolute end.
    pub expires_at: DateTime<Utc>,
    /// Browser, clipped.
    pub user_agent: &'a str,
    /// Network address.
    pub address: &'a str,
    /// The identity provider's session, if one vouched for it.
    pub oidc: Option<OidcSession<'a>>,
}

/// A session as the identity provider knows it.
#[derive(Debug, Clone, Copy)]
pub struct OidcSession<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `sub`.
    pub subject: &'a str,
    /// `sid`, where the provider names one.
    pub session: Option<&'a str>,
}

pub async fn insert_session(tx: &mut Tx, new: &NewSession<'_>) -> Result<()> {
    sqlx::query!(
        "insert into sessions (id, user_id, token_hash, expires_at, user_agent, address,
                oidc_issuer, oidc_subject, oidc_session)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        new.id.uuid(),
        new.user.uuid(),
        new.token_hash,
        new.expires_at,
        new.user_agent,
        new.address,
        new.oidc.map(|oidc| oidc.issuer),
        new.oidc.map(|oidc| oidc.subject),
        new.oidc.and_then(|oidc| oidc.session),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The session of that token, if it is valid, was used within the last `idle_hours` and its user is not disabled.
pub async fn session_by_token(tx: &mut Tx, token_hash: &[u8], idle_hours: i32) -> Result<Option<SignedIn>> {
    let row = select_with_user!(
        r#"s.id as session_id, s.last_seen_at < now() - interval '1 minute' as "use_unrecorded!""#,
        "from sessions s join users u on u.id = s.user_id
         where s.token_hash = $1 and s.expires_at > now() and u.disabled_at is null
           and s.last_seen_at > now() - make_interval(hours => $2)",
        token_hash,
        idle_hours,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| SignedIn {
        session_id: row.session_id.into(),
        use_unrecorded: row.use_unrecorded,
        user: user_of_row!(row),
    }))
}

pub async fn record_session_use(tx: &mut Tx, id: SessionId) -> Result<()> {
    sqlx::query!("update sessions set last_seen_at = now() where id = $1", id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends a session of the acting user; whether there was one.
pub async fn delete_session(tx: &mut Tx, id: SessionId) -> Result<bool> {
    let done = sqlx::query!("delete from sessions where id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all sessions of a user; how many there were.
pub async fn delete_sessions_of(tx: &mut Tx, user: UserId) -> Result<u64> {
    Ok(sqlx::query!("delete from sessions where user_id = $1", user.uuid())
        .execute(tx.conn())
        .await?
        .rows_affected())
}

#[derive(Debug)]
pub struct NewApiToken<'a> {
    pub id: ApiTokenId,
    pub user: UserId,
    /// What the user called it.
    pub name: &'a str,
    /// SHA-256 of it.
    pub token_hash: &'a [u8],
    /// Last four characters.
    pub ends_in: &'a str,
    /// What it may do.
    pub scopes: &'a [String],
    pub expires_at: Option<DateTime<Utc>>,
}

pub async fn insert_token(tx: &mut Tx, new: &NewApiToken<'_>) -> Result<()> {
    sqlx::query!(
        "insert into api_tokens (id, user_id, name, token_hash, ends_in, scopes, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.id.uuid(),
        new.user.uuid(),
        new.name,
        new.token_hash,
        new.ends_in,
        new.scopes,
        new.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The acting user's API tokens, newest first.
pub async fn list_tokens(tx: &mut Tx) -> Result<Vec<ApiToken>> {
    Ok(sqlx::query_as!(
        ApiToken,
        "select id, name, ends_in, scopes, created_at, expires_at, last_used_at from api_tokens order by id desc",
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Revokes an API token of the acting user; whether there was one.
pub async fn delete_token(tx: &mut Tx, id: ApiTokenId) -> Result<bool> {
    let done = sqlx::query!("delete from api_tokens where id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// The API token with that hash, if it is valid and its user is not disabled.
pub async fn token_by_hash(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<TokenUse>> {
    let row = select_with_user!(
        r#"t.id as token_id, t.scopes,
           t.last_used_at is null or t.last_used_at < now() - interval '1 minute' as "use_unrecorded!""#,
        "from api_tokens t join users u on u.id = t.user_id
         where t.token_hash = $1 and (t.expires_at is null or t.expires_at > now()) and u.disabled_at is null",
        token_hash,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| TokenUse {
        token_id: row.token_id.into(),
        use_unrecorded: row.use_unrecorded,
        scopes: row.scopes,
        user: user_of_row!(row),
    }))
}

pub async fn record_token_use(tx: &mut Tx, id: ApiTokenId) -> Result<()> {
    sqlx::query!("update api_tokens set last_used_at = now() where id = $1", id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}
