//! Taking the ticks that are due.

use super::{Expression, enqueue_kind};
use crate::{ActsFor, Result, Store, Tx};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use std::time::Duration;

#[derive(FromRow)]
struct Due {
    name: String,
    kind: String,
    cron: String,
    next_due: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

/// Enqueues a job for every schedule of these kinds whose tick has come, and answers how long it is until the
/// next one, `None` when none is on.
///
/// Each schedule is one transaction: the tick is gone exactly when its job is there. Of several workers the
/// others pass a locked row by. Ticks that were missed while nobody looked come to one job.
pub async fn tick(store: &Store, kinds: &[String]) -> Result<Option<Duration>> {
    loop {
        let mut tx = store.system("schedules").await?;
        let Some(due) = take(&mut tx, kinds).await? else { break };
        run(&mut tx, &due).await?;
        tx.commit().await?;
    }
    let mut tx = store.system("schedules").await?;
    let seconds: Option<f64> = sqlx::query_scalar(
        "select extract(epoch from min(next_due) - clock_timestamp())::double precision
         from schedules where enabled and kind = any($1)",
    )
    .bind(kinds)
    .fetch_one(tx.conn())
    .await?;
    Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)))
}

async fn take(tx: &mut Tx, kinds: &[String]) -> Result<Option<Due>> {
    let sql = "select name, kind, cron, next_due, clock_timestamp() as now from schedules
               where enabled and kind = any($1) and (next_due is null or next_due <= clock_timestamp())
               order by next_due nulls first, name
               limit 1
               for update skip locked";
    Ok(sqlx::query_as(sql).bind(kinds).fetch_optional(tx.conn()).await?)
}

async fn run(tx: &mut Tx, due: &Due) -> Result<()> {
    let next = Expression::parse(&due.cron).ok().and_then(|cron| cron.next_after(due.now));
    let Some(next) = next else {
        // Written past the API: whoever did it sees that it is off.
        tracing::error!(schedule = due.name, cron = due.cron, "never due: switched off");
        sqlx::query("update schedules set enabled = false where name = $1")
            .bind(&due.name)
            .execute(tx.conn())
            .await?;
        return Ok(());
    };
    // Without a tick it is new or was changed by hand: only the next one is reckoned.
    let job = match due.next_due {
        Some(_) => {
            let acts_for = ActsFor::System { reason: "schedule", owner: None };
            enqueue_kind(tx, acts_for, &due.kind).await?.map(|enqueued| enqueued.id.uuid())
        }
        None => None,
    };
    sqlx::query(
        "update schedules set next_due = $2, last_due = coalesce($3, last_due),
                last_run = case when $4::uuid is null then last_run else clock_timestamp() end,
                last_job = coalesce($4, last_job)
         where name = $1",
    )
    .bind(&due.name)
    .bind(next)
    .bind(due.next_due)
    .bind(job)
    .execute(tx.conn())
    .await?;
    Ok(())
}
