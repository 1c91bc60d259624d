//! Archives of users' data: their rows, their parts, and which tables go into them.

mod tables;

pub use tables::{TABLES, Table, rows};

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{JobId, UserId};
use uuid::Uuid;

/// How long a complete archive can be downloaded.
const KEPT_HOURS: i32 = 24;

/// An archive.
#[derive(Debug, Clone)]
pub struct Export {
    /// The job that makes it.
    pub job_id: JobId,
    /// The attempt whose parts count.
    pub draft: Option<Uuid>,
    /// When it was last requested.
    pub created_at: DateTime<Utc>,
    /// `None` until it is complete.
    pub size_bytes: Option<i64>,
    /// Until when it can be downloaded; `None` until it is complete.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether that moment has passed, by the database's clock.
    pub expired: bool,
}

/// Records that a job was requested. A second request before it began belongs to the same archive.
pub async fn request(tx: &mut Tx, job: JobId, user: UserId) -> Result<()> {
    sqlx::query!(
        "insert into exports (job_id, user_id) values ($1, $2)
         on conflict (job_id) do update set created_at = clock_timestamp(), size_bytes = null, expires_at = null",
        job.uuid(),
        user.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The acting user's latest archive.
pub async fn latest(tx: &mut Tx, user: UserId) -> Result<Option<Export>> {
    Ok(sqlx::query_as!(
        Export,
        r#"select job_id, draft, created_at, size_bytes, expires_at,
                coalesce(expires_at <= clock_timestamp(), false) as "expired!"
         from exports where user_id = $1 order by created_at desc limit 1"#,
        user.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Begins an attempt: earlier parts are deleted, and an earlier attempt that still runs writes nothing more. `false`:
/// the archive does not exist any more.
pub async fn begin(tx: &mut Tx, job: JobId, draft: Uuid) -> Result<bool> {
    let found = sqlx::query!(
        "update exports set draft = $2, size_bytes = null, expires_at = null where job_id = $1",
        job.uuid(),
        draft,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from export_pieces where job_id = $1", job.uuid()).execute(tx.conn()).await?;
    Ok(found.rows_affected() > 0)
}

/// Appends a part; `false` when another attempt has begun.
pub async fn append(tx: &mut Tx, job: JobId, draft: Uuid, seq: i32, bytes: &[u8]) -> Result<bool> {
    let written = sqlx::query!(
        "insert into export_pieces (job_id, draft, seq, user_id, bytes)
         select job_id, draft, $3, user_id, $4 from exports where job_id = $1 and draft = $2 for share",
        job.uuid(),
        draft,
        seq,
        bytes,
    )
    .execute(tx.conn())
    .await?;
    Ok(written.rows_affected() > 0)
}

/// Removes the parts of an attempt that failed.
pub async fn discard(tx: &mut Tx, job: JobId, draft: Uuid) -> Result<()> {
    sqlx::query!("delete from export_pieces where job_id = $1 and draft = $2", job.uuid(), draft)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Completes an archive: it can be downloaded from now on, and the user's earlier ones are deleted. `false` when
/// another attempt has begun.
pub async fn finish(tx: &mut Tx, job: JobId, draft: Uuid, size: i64) -> Result<bool> {
    let owner = sqlx::query_scalar!(
        "update exports set size_bytes = $3, expires_at = clock_timestamp() + make_interval(hours => $4)
         where job_id = $1 and draft = $2 returning user_id",
        job.uuid(),
        draft,
        size,
        KEPT_HOURS,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(owner) = owner else { return Ok(false) };
    sqlx::query!("delete from exports where user_id = $1 and job_id <> $2", owner, job.uuid())
        .execute(tx.conn())
        .await?;
    Ok(true)
}

/// One part of an archive.
pub async fn piece(tx: &mut Tx, job: JobId, draft: Uuid, seq: i32) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "select bytes from export_pieces where job_id = $1 and draft = $2 and seq = $3",
        job.uuid(),
        draft,
        seq
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Removes expired archives, and those that were not completed within two days. Answers how many.
pub async fn prune(tx: &mut Tx) -> Result<u64> {
    let done = sqlx::query!(
        "delete from exports where expires_at <= clock_timestamp()
            or (expires_at is null and created_at < clock_timestamp() - interval '2 days')",
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
