//! The identity provider, which account belongs to which of its people, and what may be used only once.

use crate::{
    Result, Tx,
    users::{User, select_users},
};
use chrono::{DateTime, Utc};
use domain::UserId;
use uuid::Uuid;

/// The configured identity provider.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The sealed secret is bound to it.
    pub id: Uuid,
    /// Exactly as the provider spells it.
    pub issuer: String,
    /// Mosaic's id there.
    pub client_id: String,
    /// Sealed; `None` for a public client.
    pub client_secret: Option<Vec<u8>>,
    /// Text of the sign-in button.
    pub label: String,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// Whether unknown people get an account.
    pub auto_provision: bool,
    /// E-mail domains that may sign in; empty = any.
    pub allowed_domains: Vec<String>,
    /// Groups of which one is needed; empty = none.
    pub allowed_groups: Vec<String>,
    /// The claim that lists groups.
    pub groups_claim: String,
    /// Groups whose members are admins; empty = roles are not changed.
    pub admin_groups: Vec<String>,
}

/// The provider, if one is configured.
pub async fn provider(tx: &mut Tx) -> Result<Option<Provider>> {
    Ok(sqlx::query_as!(
        Provider,
        "select id, issuer, client_id, client_secret, label, scopes, auto_provision, allowed_domains,
                allowed_groups, groups_claim, admin_groups from oidc_provider",
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Stores the provider in place of any other.
pub async fn put_provider(tx: &mut Tx, new: &Provider) -> Result<()> {
    sqlx::query!(
        "insert into oidc_provider (id, issuer, client_id, client_secret, label, scopes, auto_provision,
                allowed_domains, allowed_groups, groups_claim, admin_groups)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (only_one) do update set id = excluded.id, issuer = excluded.issuer,
                client_id = excluded.client_id, client_secret = excluded.client_secret, label = excluded.label,
                scopes = excluded.scopes, auto_provision = excluded.auto_provision,
                allowed_domains = excluded.allowed_domains, allowed_groups = excluded.allowed_groups,
                groups_claim = excluded.groups_claim, admin_groups = excluded.admin_groups, updated_at = now()",
        new.id,
        new.issuer,
        new.client_id,
        new.client_secret.as_deref(),
        new.label,
        &new.scopes,
        new.auto_provision,
        &new.allowed_domains,
        &new.allowed_groups,
        new.groups_claim,
        &new.admin_groups,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes the provider; whether there was one.
pub async fn delete_provider(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query!("delete from oidc_provider").execute(tx.conn()).await?.rows_affected() > 0)
}

/// The account of a person at a provider.
pub async fn user_by_identity(tx: &mut Tx, issuer: &str, subject: &str) -> Result<Option<User>> {
    Ok(select_users!(
        "from oidc_identities i join users u on u.id = i.user_id where i.issuer = $1 and i.subject = $2",
        issuer,
        subject
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Keeps other transactions from adding an identity until this one ends.
pub async fn lock_identities(tx: &mut Tx) -> Result<()> {
    sqlx::query!("lock table oidc_identities in share row exclusive mode").execute(tx.conn()).await?;
    Ok(())
}

/// Links a person at a provider to an account; an identity that is linked already is a conflict.
pub async fn insert_identity(tx: &mut Tx, issuer: &str, subject: &str, user: UserId) -> Result<()> {
    sqlx::query!(
        "insert into oidc_identities (issuer, subject, user_id) values ($1, $2, $3)",
        issuer,
        subject,
        user.uuid()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records a sign-in, with the present e-mail address.
pub async fn record_identity_use(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
    email: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "update oidc_identities set last_used_at = now(), email = $3 where issuer = $1 and subject = $2",
        issuer,
        subject,
        email,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records that a browser has begun a sign-in, valid for `seconds`. Removes expired ones.
pub async fn insert_flow(tx: &mut Tx, browser_hash: &[u8], seconds: i32) -> Result<()> {
    sqlx::query!("delete from oidc_flows where expires_at < now()").execute(tx.conn()).await?;
    sqlx::query!(
        "insert into oidc_flows (browser_hash, expires_at) values ($1, now() + make_interval(secs => $2))",
        browser_hash,
        f64::from(seconds),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a sign-in that was begun; `false` when there is none of that browser, or it has expired. Only one caller gets
/// `true`.
pub async fn take_flow(tx: &mut Tx, browser_hash: &[u8]) -> Result<bool> {
    let valid = sqlx::query_scalar!(
        r#"delete from oidc_flows where browser_hash = $1 returning expires_at > now() as "valid!""#,
        browser_hash
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(valid.unwrap_or(false))
}

/// Records the use of a logout token; `false` when it was used before.
pub async fn use_logout_token(tx: &mut Tx, issuer: &str, id: &str, until: DateTime<Utc>) -> Result<bool> {
    sqlx::query!("delete from oidc_logouts where expires_at < now() - interval '1 hour'")
        .execute(tx.conn())
        .await?;
    let done = sqlx::query!(
        "insert into oidc_logouts (issuer, token_id, expires_at) values ($1, $2, $3) on conflict do nothing",
        issuer,
        id,
        until,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
