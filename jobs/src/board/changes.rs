//! What changed a moment ago, without a notification per change: each of those would take a lock of the whole
//! Postgres at its commit.

use super::Whose;
use crate::{Result, Tx};
use domain::JobId;
use sqlx::{FromRow, Row, postgres::PgRow};
use uuid::Uuid;

/// A job that may have changed within the last five seconds, or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The job.
    pub id: JobId,
    /// Differs from the mark before exactly when the job has changed.
    pub mark: String,
    /// Whether it runs: a job that ran and is missing in the next answer was put back.
    pub running: bool,
}

impl FromRow<'_, PgRow> for Change {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get::<Uuid, _>("id")?.into(),
            mark: row.try_get("mark")?,
            running: row.try_get("running")?,
        })
    }
}

/// What may have changed, of each sort at most `most`.
pub async fn changes(tx: &mut Tx, whose: Whose, most: i64) -> Result<Vec<Change>> {
    Ok(sqlx::query_as(include_str!("changes.sql"))
        .bind(whose.owner())
        .bind(most)
        .fetch_all(tx.conn())
        .await?)
}
