//! What was made under which Idempotency-Key.

use crate::{Result, Tx};
use domain::UserId;
use sqlx::FromRow;
use uuid::Uuid;

/// Days for which a key is remembered.
const DAYS: i32 = 30;

/// What a request made.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Made {
    /// What it is.
    pub made: String,
    /// Its id.
    pub subject: Uuid,
    /// SHA-256 of what was asked for.
    pub digest: Vec<u8>,
}

/// Notes what is made under this key, and answers `None`; or what was made under it before. Of two requests at once the
/// second waits for the end of the first. Forgets the user's keys that are too old.
pub async fn claim(tx: &mut Tx, user: UserId, key: &str, made: &Made) -> Result<Option<Made>> {
    sqlx::query(
        "delete from idempotency_keys where user_id = $1 and created_at < now() - make_interval(days => $2)",
    )
    .bind(user.uuid())
    .bind(DAYS)
    .execute(tx.conn())
    .await?;
    loop {
        let noted = sqlx::query(
            "insert into idempotency_keys (user_id, key, made, subject, digest) values ($1, $2, $3, $4, $5)
             on conflict do nothing",
        )
        .bind(user.uuid())
        .bind(key)
        .bind(&made.made)
        .bind(made.subject)
        .bind(&made.digest)
        .execute(tx.conn())
        .await?;
        if noted.rows_affected() > 0 {
            return Ok(None);
        }
        let sql = "select made, subject, digest from idempotency_keys where user_id = $1 and key = $2";
        let before = sqlx::query_as(sql).bind(user.uuid()).bind(key).fetch_optional(tx.conn()).await?;
        // Forgotten in between by another request: then it is free.
        if before.is_some() {
            return Ok(before);
        }
    }
}

/// What was made is gone: its key may make another.
pub async fn forget(tx: &mut Tx, user: UserId, subject: Uuid) -> Result<()> {
    sqlx::query("delete from idempotency_keys where user_id = $1 and subject = $2")
        .bind(user.uuid())
        .bind(subject)
        .execute(tx.conn())
        .await?;
    Ok(())
}
