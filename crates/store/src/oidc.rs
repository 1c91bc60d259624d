//! The identity provider, who is who there, and what may be used once only.

use crate::{Result, Tx, users::User};
use chrono::{DateTime, Utc};
use domain::UserId;
use sqlx::FromRow;
use uuid::Uuid;

/// The configured identity provider.
#[derive(Debug, Clone, FromRow)]
pub struct Provider {
    /// What the sealed secret is bound to.
    pub id: Uuid,
    /// Exactly as the provider spells it.
    pub issuer: String,
    /// Mosaic's id there.
    pub client_id: String,
    /// Sealed; `None` for a public client.
    pub client_secret: Option<Vec<u8>>,
    /// What the sign-in button says.
    pub label: String,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// Whether unknown people get an account.
    pub auto_provision: bool,
    /// Domains that may come in; empty = any.
    pub allowed_domains: Vec<String>,
    /// Groups of which one is needed; empty = none.
    pub allowed_groups: Vec<String>,
    /// The claim that lists groups.
    pub groups_claim: String,
    /// Groups whose members are admins; empty = roles are left alone.
    pub admin_groups: Vec<String>,
}

/// The provider, if one is configured.
pub async fn provider(tx: &mut Tx) -> Result<Option<Provider>> {
    Ok(sqlx::query_as(
        "select id, issuer, client_id, client_secret, label, scopes, auto_provision, allowed_domains,
                allowed_groups, groups_claim, admin_groups from oidc_provider",
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Stores the provider in place of any other.
pub async fn put_provider(tx: &mut Tx, new: &Provider) -> Result<()> {
    sqlx::query(
        "insert into oidc_provider (id, issuer, client_id, client_secret, label, scopes, auto_provision,
                allowed_domains, allowed_groups, groups_claim, admin_groups)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (only_one) do update set id = excluded.id, issuer = excluded.issuer,
                client_id = excluded.client_id, client_secret = excluded.client_secret, label = excluded.label,
                scopes = excluded.scopes, auto_provision = excluded.auto_provision,
                allowed_domains = excluded.allowed_domains, allowed_groups = excluded.allowed_groups,
                groups_claim = excluded.groups_claim, admin_groups = excluded.admin_groups, updated_at = now()",
    )
    .bind(new.id)
    .bind(&new.issuer)
    .bind(&new.client_id)
    .bind(&new.client_secret)
    .bind(&new.label)
    .bind(&new.scopes)
    .bind(new.auto_provision)
    .bind(&new.allowed_domains)
    .bind(&new.allowed_groups)
    .bind(&new.groups_claim)
    .bind(&new.admin_groups)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes the provider; whether there was one.
pub async fn delete_provider(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query("delete from oidc_provider").execute(tx.conn()).await?.rows_affected() > 0)
}

/// The account of a person at a provider.
pub async fn user_of(tx: &mut Tx, issuer: &str, subject: &str) -> Result<Option<User>> {
    Ok(sqlx::query_as(
        "select u.id, u.username, u.display_name, u.role, u.disabled_at, u.created_at
         from oidc_identities i join users u on u.id = i.user_id where i.issuer = $1 and i.subject = $2",
    )
    .bind(issuer)
    .bind(subject)
    .fetch_optional(tx.conn())
    .await?)
}

/// Lets nobody else add an identity until the end of the transaction.
pub async fn lock_identities(tx: &mut Tx) -> Result<()> {
    sqlx::query("lock table oidc_identities in share row exclusive mode").execute(tx.conn()).await?;
    Ok(())
}

/// Ties a person at a provider to an account; an identity that is tied already is a conflict.
pub async fn insert_identity(tx: &mut Tx, issuer: &str, subject: &str, user: UserId) -> Result<()> {
    sqlx::query("insert into oidc_identities (issuer, subject, user_id) values ($1, $2, $3)")
        .bind(issuer)
        .bind(subject)
        .bind(user.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes a sign-in, with the e-mail address as it is now.
pub async fn note_identity_use(tx: &mut Tx, issuer: &str, subject: &str, email: Option<&str>) -> Result<()> {
    sqlx::query(
        "update oidc_identities set last_used_at = now(), email = $3 where issuer = $1 and subject = $2",
    )
    .bind(issuer)
    .bind(subject)
    .bind(email)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a browser has begun a sign-in, valid for `seconds`. Removes what was never ended.
pub async fn insert_flow(tx: &mut Tx, browser_hash: &[u8], seconds: i32) -> Result<()> {
    sqlx::query("delete from oidc_flows where expires_at < now()").execute(tx.conn()).await?;
    sqlx::query(
        "insert into oidc_flows (browser_hash, expires_at) values ($1, now() + make_interval(secs => $2))",
    )
    .bind(browser_hash)
    .bind(seconds)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a begun sign-in; `false` when there is none of that browser, or it was too long ago. Only one caller ever
/// gets `true`.
pub async fn take_flow(tx: &mut Tx, browser_hash: &[u8]) -> Result<bool> {
    let valid: Option<bool> =
        sqlx::query_scalar("delete from oidc_flows where browser_hash = $1 returning expires_at > now()")
            .bind(browser_hash)
            .fetch_optional(tx.conn())
            .await?;
    Ok(valid.unwrap_or(false))
}

/// Notes the use of a logout token; `false` when it was used before.
pub async fn use_logout_token(tx: &mut Tx, issuer: &str, id: &str, until: DateTime<Utc>) -> Result<bool> {
    sqlx::query("delete from oidc_logouts where expires_at < now() - interval '1 hour'")
        .execute(tx.conn())
        .await?;
    let done = sqlx::query(
        "insert into oidc_logouts (issuer, token_id, expires_at) values ($1, $2, $3) on conflict do nothing",
    )
    .bind(issuer)
    .bind(id)
    .bind(until)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
