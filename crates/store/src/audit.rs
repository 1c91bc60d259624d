//! The append-only audit log.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{Actor, AuditId, UserId};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

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
pub async fn append(tx: &mut Tx, actor: &Actor, entry: &Entry<'_>) -> Result<()> {
    let kind = match actor {
        Actor::User(_) => "user",
        Actor::Admin(_) | Actor::Delegate { .. } => "admin",
        Actor::System(_) => "system",
    };
    sqlx::query(
        "insert into audit_log (id, actor_id, actor_kind, action, subject, owner_id, address, request_id, outcome, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(entry.id.uuid())
    .bind(actor.real_user().map(UserId::uuid))
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

/// Whether somebody asked for the deletion of that user.
pub async fn is_deletion_of(tx: &mut Tx, user: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select from audit_log where action = 'user.delete' and subject = $1 and outcome = 'ok')",
    )
    .bind(user.to_string())
    .fetch_one(tx.conn())
    .await?)
}

/// A recorded entry.
#[derive(Debug, Clone, FromRow)]
pub struct Recorded {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: AuditId,
    /// When, by the database's clock.
    pub at: DateTime<Utc>,
    /// Who; `None` for the system and for strangers.
    pub actor_id: Option<Uuid>,
    /// His name now, as far as the reader may know it.
    pub actor_name: Option<String>,
    /// In which capacity: user, admin, system or anonymous.
    pub actor_kind: String,
    /// What, as `noun.verb`.
    pub action: String,
    /// On what.
    pub subject: String,
    /// Whose thing it was.
    pub owner_id: Option<Uuid>,
    /// His name now, as far as the reader may know it.
    pub owner_name: Option<String>,
    /// From where.
    pub address: String,
    /// The request it happened in.
    pub request_id: String,
    /// ok, denied or failed.
    pub outcome: String,
    /// What else says something.
    pub detail: Value,
}

/// Which entries are wanted; `None` = any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Done by.
    pub actor: Option<UserId>,
    /// On a thing of.
    pub owner: Option<UserId>,
    /// An action (`user.change`) or all of a noun (`user`).
    pub action: Option<String>,
    /// How it ended.
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
) -> Result<Vec<Recorded>> {
    let (at, id) = before.unzip();
    Ok(sqlx::query_as(
        "select a.id, a.at, a.actor_id, actor.username as actor_name, a.actor_kind, a.action, a.subject,
                a.owner_id, owner.username as owner_name, a.address, a.request_id, a.outcome, a.detail
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
         order by a.at desc, a.id desc limit $9",
    )
    .bind(filter.actor.map(UserId::uuid))
    .bind(filter.owner.map(UserId::uuid))
    .bind(&filter.action)
    .bind(filter.outcome.map(Outcome::as_str))
    .bind(filter.from)
    .bind(filter.to)
    .bind(at)
    .bind(id.map(AuditId::uuid))
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}
