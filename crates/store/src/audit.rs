//! The append-only audit log.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{Actor, AuditId, UserId};
use serde_json::Value;
use uuid::Uuid;

/// An entry to record.
#[derive(Debug)]
pub struct NewEntry<'a> {
    pub id: AuditId,
    /// What was done, as `noun.verb`.
    pub action: &'static str,
    /// To what: an id or a name.
    pub subject: &'a str,
    /// The user whose thing it was.
    pub owner: Option<UserId>,
    /// The network address that the request came from.
    pub address: &'a str,
    pub request_id: &'a str,
    pub outcome: Outcome,
    /// Further facts. No secrets, no content.
    pub detail: Value,
}

/// How an audited action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Denied,
    Failed,
}

impl Outcome {
    /// The stored text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }

    /// Reads the stored text.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Ok, Self::Denied, Self::Failed].into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Appends an entry in the transaction whose effect it records.
pub async fn append(tx: &mut Tx, actor: &Actor, entry: &NewEntry<'_>) -> Result<()> {
    let kind = match actor {
        Actor::User(_) => "user",
        Actor::Admin(_) | Actor::Delegate { .. } => "admin",
        Actor::System(_) => "system",
    };
    sqlx::query!(
        "insert into audit_log (id, actor_id, actor_kind, action, subject, owner_id, address, request_id, outcome, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        entry.id.uuid(),
        actor.real_user().map(UserId::uuid),
        kind,
        entry.action,
        entry.subject,
        entry.owner.map(UserId::uuid),
        entry.address,
        entry.request_id,
        entry.outcome.as_str(),
        entry.detail,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether a deletion of that user was requested.
pub async fn deletion_was_requested(tx: &mut Tx, user: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from audit_log where action = 'user.delete' and subject = $1 and outcome = 'ok')
                  as "exists!""#,
        user.to_string(),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A recorded entry. The names are the present ones, as far as the reader may know them.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub id: AuditId,
    /// By the database's clock.
    pub at: DateTime<Utc>,
    /// `None` for the system and for callers who are not signed in.
    pub actor_id: Option<Uuid>,
    pub actor_name: Option<String>,
    /// user, admin, system or anonymous.
    pub actor_kind: String,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// To what: an id or a name.
    pub subject: String,
    /// The user whose thing it was.
    pub owner_id: Option<Uuid>,
    pub owner_name: Option<String>,
    /// The network address that the request came from.
    pub address: String,
    pub request_id: String,
    /// ok, denied or failed.
    pub outcome: String,
    /// Further facts.
    pub detail: Value,
}

/// Which entries to list; `None` = any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub actor: Option<UserId>,
    pub owner: Option<UserId>,
    /// An action (`user.change`) or all of a noun (`user`).
    pub action: Option<String>,
    pub outcome: Option<Outcome>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
}

/// The newest entries that the actor of `tx` may read and that `filter` lets through, older than `before`.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    before: Option<(DateTime<Utc>, AuditId)>,
    limit: i64,
) -> Result<Vec<AuditEntry>> {
    let (at, id) = before.unzip();
    Ok(sqlx::query_as!(
        AuditEntry,
        r#"select a.id, a.at, a.actor_id, actor.username as "actor_name?", a.actor_kind, a.action, a.subject,
                a.owner_id, owner.username as "owner_name?", a.address, a.request_id, a.outcome, a.detail
         from audit_log a
         left join users actor on actor.id = a.actor_id
         left join users owner on owner.id = a.owner_id
         where ($1::uuid is null or a.actor_id = $1)
           and ($2::uuid is null or a.owner_id = $2)
           and ($3::text is null or a.action = $3 or starts_with(a.action, $3 || '.'))
           and ($4::text is null or a.outcome = $4)
           and ($5::timestamptz is null or a.at >= $5)
           and ($6::timestamptz is null or a.at < $6)
           and ($7::timestamptz is null or (a.at, a.id) < ($7, $8::uuid))
         order by a.at desc, a.id desc limit $9"#,
        filter.actor.map(UserId::uuid),
        filter.owner.map(UserId::uuid),
        filter.action.as_deref(),
        filter.outcome.map(Outcome::as_str),
        filter.from,
        filter.to,
        at,
        id.map(AuditId::uuid),
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}
