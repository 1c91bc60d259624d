//! Running the ticks that are due.

use super::{Expression, enqueue_kind};
use crate::{ActsFor, Result, Store, Tx};
use chrono::{DateTime, Utc};
use std::time::Duration;

struct DueSchedule {
    name: String,
    kind: String,
    cron: String,
    next_due: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

/// Enqueues a job for every schedule of these kinds that is due. Returns how long it is until the next tick;
/// `None` if no schedule is on.
///
/// Each schedule has a transaction of its own, so that its tick is taken exactly if its job is enqueued. Another
/// worker skips a locked row. Ticks that were missed while no worker ran result in one job.
pub async fn tick(store: &Store, kinds: &[String]) -> Result<Option<Duration>> {
    loop {
        let mut tx = store.system("schedules").await?;
        let Some(due) = lock_due(&mut tx, kinds).await? else { break };
        run(&mut tx, &due).await?;
        tx.commit().await?;
    }
    let mut tx = store.system("schedules").await?;
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from min(next_due) - clock_timestamp())::double precision
         from schedules where enabled and kind = any($1)",
        kinds,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)))
}

async fn lock_due(tx: &mut Tx, kinds: &[String]) -> Result<Option<DueSchedule>> {
    let due = sqlx::query_as!(
        DueSchedule,
        r#"select name, kind, cron, next_due, clock_timestamp() as "now!" from schedules
           where enabled and kind = any($1) and (next_due is null or next_due <= clock_timestamp())
           order by next_due nulls first, name
           limit 1
           for update skip locked"#,
        kinds,
    );
    Ok(due.fetch_optional(tx.conn()).await?)
}

async fn run(tx: &mut Tx, due: &DueSchedule) -> Result<()> {
    let next = Expression::parse(&due.cron).ok().and_then(|cron| cron.next_after(due.now));
    let Some(next) = next else {
        // The row was changed without the API. Admins see that it is off.
        tracing::error!(schedule = due.name, cron = due.cron, "the schedule is never due: switched off");
        sqlx::query!("update schedules set enabled = false where name = $1", due.name)
            .execute(tx.conn())
            .await?;
        return Ok(());
    };
    // Without a tick the schedule is new or was changed by hand: only the next tick is computed.
    let job = match due.next_due {
        Some(_) => {
            let acts_for = ActsFor::System { reason: "schedule", owner: None };
            enqueue_kind(tx, acts_for, &due.kind).await?.map(|enqueued| enqueued.id.uuid())
        }
        None => None,
    };
    sqlx::query!(
        "update schedules set next_due = $2, last_due = coalesce($3, last_due),
                last_run = case when $4::uuid is null then last_run else clock_timestamp() end,
                last_job = coalesce($4, last_job)
         where name = $1",
        due.name,
        next,
        due.next_due,
        job,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
