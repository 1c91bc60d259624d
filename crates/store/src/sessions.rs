//! Browser sessions as their owner sees them, and those that a provider or another session ends.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{SessionId, UserId};

/// A session of the acting user.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    /// Sign-in.
    pub created_at: DateTime<Utc>,
    /// Last request, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// Absolute end.
    pub expires_at: DateTime<Utc>,
    /// The browser's own name.
    pub user_agent: String,
    /// Network address of the sign-in.
    pub address: String,
    /// Whether an identity provider vouched for it.
    pub oidc: bool,
}

/// The acting user's sessions that are still valid, the most recently used first.
pub async fn list(tx: &mut Tx, idle_hours: i32) -> Result<Vec<Session>> {
    Ok(sqlx::query_as!(
        Session,
        r#"select id, created_at, last_seen_at, expires_at, user_agent, address, oidc_issuer is not null as "oidc!"
         from sessions where expires_at > now() and last_seen_at > now() - make_interval(hours => $1)
         order by last_seen_at desc, id desc"#,
        idle_hours,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Ends all sessions of a user but one; how many there were.
pub async fn delete_others(tx: &mut Tx, user: UserId, except: SessionId) -> Result<u64> {
    Ok(sqlx::query!("delete from sessions where user_id = $1 and id <> $2", user.uuid(), except.uuid())
        .execute(tx.conn())
        .await?
        .rows_affected())
}

/// The identity provider that vouched for a session.
pub async fn oidc_issuer(tx: &mut Tx, id: SessionId) -> Result<Option<String>> {
    let issuer = sqlx::query_scalar!("select oidc_issuer from sessions where id = $1", id.uuid())
        .fetch_optional(tx.conn())
        .await?;
    Ok(issuer.flatten())
}

/// Ends the sessions that a provider has ended: one of its sessions, or all of a person. Answers with their users.
pub async fn delete_of_oidc(
    tx: &mut Tx,
    issuer: &str,
    subject: Option<&str>,
    session: Option<&str>,
) -> Result<Vec<UserId>> {
    let users = sqlx::query_scalar!(
        "delete from sessions where oidc_issuer = $1 and ($2::text is not null or $3::text is not null)
           and ($2 is null or oidc_subject = $2) and ($3 is null or oidc_session = $3 or (oidc_session is null and $2 is not null))
         returning user_id",
        issuer,
        subject,
        session,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(users.into_iter().map(UserId::from).collect())
}
