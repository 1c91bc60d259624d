//! What a running handler reports about itself. Nothing is written for an attempt that has lost its lease.

use super::{AttemptId, Engine};
use crate::{Error, Result, Tx};

impl Engine {
    /// Ends the attempt's current phase and starts the phase `name`.
    pub async fn phase(&self, attempt_id: AttemptId, name: &str) -> Result<()> {
        sqlx::query_file!(
            "src/engine/sql/phase.sql",
            attempt_id.job.uuid(),
            attempt_id.attempt,
            self.profile().worker.uuid(),
            name,
        )
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    /// Sets the attempt's progress in per cent; more than 100 counts as 100.
    pub async fn progress(&self, attempt_id: AttemptId, percent: u8) -> Result<()> {
        sqlx::query!(
            "update jobs set progress = $4
             where id = $1 and attempt = $2 and lease_owner = $3 and state = 'running'",
            attempt_id.job.uuid(),
            attempt_id.attempt,
            self.profile().worker.uuid(),
            i16::from(percent.min(100)),
        )
        .execute(&self.inner.pool)
        .await?;
        Ok(())
    }

    /// Makes `tx` valid only for the holder of the lease: fails with a conflict on `job_lease` if another worker
    /// has the job, and prevents a takeover until `tx` ends. So an effect that is written in `tx` is written by one
    /// attempt only.
    pub async fn fence(&self, attempt_id: AttemptId, tx: &mut Tx) -> Result<()> {
        let held = sqlx::query_scalar!(
            "select id from jobs
             where id = $1 and attempt = $2 and lease_owner = $3 and state = 'running'
             for share",
            attempt_id.job.uuid(),
            attempt_id.attempt,
            self.profile().worker.uuid(),
        )
        .fetch_optional(tx.conn())
        .await?;
        if held.is_some() { Ok(()) } else { Err(Error::Conflict("job_lease".into())) }
    }
}
