//! What was created under which Idempotency-Key.

use crate::{Result, Tx};
use domain::UserId;
use uuid::Uuid;

/// How long a key is remembered.
const KEPT_DAYS: i32 = 30;

/// What a request created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The kind of thing.
    pub made: String,
    /// Its id.
    pub subject: Uuid,
    /// SHA-256 of the request.
    pub digest: Vec<u8>,
}

/// Records what is created under this key, and answers `None`; or what was created under it before. Of two requests
/// at the same time the second waits for the end of the first. Forgets the user's keys that are too old.
pub async fn claim(
    tx: &mut Tx,
    user: UserId,
    key: &str,
    record: &IdempotencyRecord,
) -> Result<Option<IdempotencyRecord>> {
    sqlx::query!(
        "delete from idempotency_keys where user_id = $1 and created_at < now() - make_interval(days => $2)",
        user.uuid(),
        KEPT_DAYS,
    )
    .execute(tx.conn())
    .await?;
    loop {
        let inserted = sqlx::query!(
            "insert into idempotency_keys (user_id, key, made, subject, digest) values ($1, $2, $3, $4, $5)
             on conflict do nothing",
            user.uuid(),
            key,
            record.made,
            record.subject,
            record.digest,
        )
        .execute(tx.conn())
        .await?;
        if inserted.rows_affected() > 0 {
            return Ok(None);
        }
        let before = sqlx::query_as!(
            IdempotencyRecord,
            "select made, subject, digest from idempotency_keys where user_id = $1 and key = $2",
            user.uuid(),
            key,
        )
        .fetch_optional(tx.conn())
        .await?;
        // When another request forgot it in between, the key is free.
        if before.is_some() {
            return Ok(before);
        }
    }
}

/// Forgets the keys of a thing that no longer exists: they may create another.
pub async fn forget(tx: &mut Tx, user: UserId, subject: Uuid) -> Result<()> {
    sqlx::query!("delete from idempotency_keys where user_id = $1 and subject = $2", user.uuid(), subject)
        .execute(tx.conn())
        .await?;
    Ok(())
}
