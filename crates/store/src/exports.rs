//! Archives of users' data: their rows, their pieces, and which tables go into them.

mod tables;

pub use tables::{TABLES, Table, rows};

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{JobId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

/// How long a whole archive is handed out, in hours.
const KEPT_HOURS: i32 = 24;

/// An archive.
#[derive(Debug, Clone, FromRow)]
pub struct Export {
    /// The job that makes it.
    #[sqlx(try_from = "Uuid")]
    pub job_id: JobId,
    /// The pieces that count.
    pub draft: Option<Uuid>,
    /// When it was (last) asked for.
    pub created_at: DateTime<Utc>,
    /// Size of the whole; `None` until it is.
    pub size_bytes: Option<i64>,
    /// Until when it is handed out; `None` until it is whole.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether that moment has passed, by the database's clock.
    pub expired: bool,
}

/// Notes that a job was asked for; asked again before it began, it stays one archive.
pub async fn ask(tx: &mut Tx, job: JobId, user: UserId) -> Result<()> {
    sqlx::query(
        "insert into exports (job_id, user_id) values ($1, $2)
         on conflict (job_id) do update set created_at = clock_timestamp(), size_bytes = null, expires_at = null",
    )
    .bind(job.uuid())
    .bind(user.uuid())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The acting user's archive that was asked for last.
pub async fn latest(tx: &mut Tx, user: UserId) -> Result<Option<Export>> {
    Ok(sqlx::query_as(
        "select job_id, draft, created_at, size_bytes, expires_at,
                coalesce(expires_at <= clock_timestamp(), false) as expired
         from exports where user_id = $1 order by created_at desc limit 1",
    )
    .bind(user.uuid())
    .fetch_optional(tx.conn())
    .await?)
}

/// Begins an attempt: earlier pieces go, and an earlier attempt that still runs writes nothing more. `false`: there
/// is no such archive any more.
pub async fn begin(tx: &mut Tx, job: JobId, draft: Uuid) -> Result<bool> {
    let there =
        sqlx::query("update exports set draft = $2, size_bytes = null, expires_at = null where job_id = $1")
            .bind(job.uuid())
            .bind(draft)
            .execute(tx.conn())
            .await?;
    sqlx::query("delete from export_pieces where job_id = $1").bind(job.uuid()).execute(tx.conn()).await?;
    Ok(there.rows_affected() > 0)
}

/// Appends a piece; `false` when another attempt has begun.
pub async fn append(tx: &mut Tx, job: JobId, draft: Uuid, seq: i32, bytes: &[u8]) -> Result<bool> {
    let written = sqlx::query(
        "insert into export_pieces (job_id, draft, seq, user_id, bytes)
         select job_id, draft, $3, user_id, $4 from exports where job_id = $1 and draft = $2 for share",
    )
    .bind(job.uuid())
    .bind(draft)
    .bind(seq)
    .bind(bytes)
    .execute(tx.conn())
    .await?;
    Ok(written.rows_affected() > 0)
}

/// Removes the pieces of an attempt that came to nothing.
pub async fn discard(tx: &mut Tx, job: JobId, draft: Uuid) -> Result<()> {
    sqlx::query("delete from export_pieces where job_id = $1 and draft = $2")
        .bind(job.uuid())
        .bind(draft)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// It is whole: handed out from now on, and the user's earlier ones are not. `false` when another attempt has begun.
pub async fn finish(tx: &mut Tx, job: JobId, draft: Uuid, size: i64) -> Result<bool> {
    let whole: Option<Uuid> = sqlx::query_scalar(
        "update exports set size_bytes = $3, expires_at = clock_timestamp() + make_interval(hours => $4)
         where job_id = $1 and draft = $2 returning user_id",
    )
    .bind(job.uuid())
    .bind(draft)
    .bind(size)
    .bind(KEPT_HOURS)
    .fetch_optional(tx.conn())
    .await?;
    let Some(user) = whole else { return Ok(false) };
    sqlx::query("delete from exports where user_id = $1 and job_id <> $2")
        .bind(user)
        .bind(job.uuid())
        .execute(tx.conn())
        .await?;
    Ok(true)
}

/// One piece of an archive.
pub async fn piece(tx: &mut Tx, job: JobId, draft: Uuid, seq: i32) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar("select bytes from export_pieces where job_id = $1 and draft = $2 and seq = $3")
        .bind(job.uuid())
        .bind(draft)
        .bind(seq)
        .fetch_optional(tx.conn())
        .await?)
}

/// Removes what is past its time, and what never became whole within two days. Answers how many.
pub async fn prune(tx: &mut Tx) -> Result<u64> {
    let gone = sqlx::query(
        "delete from exports where expires_at <= clock_timestamp()
            or (expires_at is null and created_at < clock_timestamp() - interval '2 days')",
    )
    .execute(tx.conn())
    .await?;
    Ok(gone.rows_affected())
}
