//! The append-only audit log.

use crate::{Result, Tx};
use domain::{Actor, AuditId, UserId};
use serde_json::Value;

/// One entry.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its id.
    pub id: AuditId,
    /// What, as `noun.verb`.
    pub action: &'static str,
    /// On what: an id or a name.
    pub subject: &'a str,
    /// Whose thing it was.
    pub owner: Option<UserId>,
    /// From where.
    pub address: &'a str,
    /// The request it happened in.
    pub request_id: &'a str,
    /// How it ended.
    pub outcome: Outcome,
    /// What else says something. No secrets, no content.
    pub detail: Value,
}

/// How an audited action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Ok,
    Denied,
    Failed,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// Appends an entry in the transaction whose effect it records.
pub async fn append(tx: &mut Tx, actor: &Actor, entry: &Entry<'_>) -> Result<()> {
    let kind = match actor {
        Actor::User(_) => "user",
        Actor::Admin(_) => "admin",
        Actor::System(_) => "system",
    };
    sqlx::query(
        "insert into audit_log (id, actor_id, actor_kind, action, subject, owner_id, address, request_id, outcome, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(entry.id.uuid())
    .bind(actor.person().map(|person| person.id.uuid()))
    .bind(kind)
    .bind(entry.action)
    .bind(entry.subject)
    .bind(entry.owner.map(UserId::uuid))
    .bind(entry.address)
    .bind(entry.request_id)
    .bind(entry.outcome.as_str())
    .bind(&entry.detail)
    .execute(tx.conn())
    .await?;
    Ok(())
}
