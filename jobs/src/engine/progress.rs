//! What a running handler tells about itself. Rows of an attempt that lost its lease are not touched.

use super::{Engine, Ticket};
use crate::{Error, Result, Tx};

impl Engine {
    /// Ends the attempt's present phase and begins `name`.
    pub async fn phase(&self, ticket: Ticket, name: &str) -> Result<()> {
        sqlx::query(include_str!("sql/phase.sql"))
            .bind(ticket.job.uuid())
            .bind(ticket.attempt)
            .bind(self.profile().worker.uuid())
            .bind(name)
            .execute(&self.inner.pool)
            .await?;
        Ok(())
    }

    /// Sets the attempt's progress in per cent; more than 100 counts as 100.
    pub async fn progress(&self, ticket: Ticket, percent: u8) -> Result<()> {
        sqlx::query(
            "update jobs set progress = $4
             where id = $1 and attempt = $2 and lease_owner = $3 and state = 'running'",
        )
        .bind(ticket.job.uuid())
        .bind(ticket.attempt)
        .bind(self.profile().worker.uuid())
        .bind(i16::from(percent.min(100)))
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    /// Makes `tx` valid only for the holder of the lease: fails with a conflict on `job_lease` when another
    /// worker has the job, and keeps it from being taken over until `tx` ends. An effect written in that
    /// transaction is written by one attempt only.
    pub async fn fence(&self, ticket: Ticket, tx: &mut Tx) -> Result<()> {
        let held = sqlx::query(
            "select from jobs
             where id = $1 and attempt = $2 and lease_owner = $3 and state = 'running'
             for share",
        )
        .bind(ticket.job.uuid())
        .bind(ticket.attempt)
        .bind(self.profile().worker.uuid())
        .fetch_optional(tx.conn())
        .await?;
        if held.is_some() { Ok(()) } else { Err(Error::Conflict("job_lease".into())) }
    }
}
