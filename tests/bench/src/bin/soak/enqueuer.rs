//! Enqueues the jobs at an even rate, whatever happens to the database.

use crate::{Plan, kind::SoakJob};
use domain::Actor;
use jobs::{Options, Store};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Enqueues all jobs within nine tenths of the time.
pub async fn enqueue_all(store: Store, plan: Plan) {
    let began = Instant::now();
    let interval = plan.length.mul_f64(0.9) / u32::try_from(plan.jobs).unwrap();
    for n in 1..=plan.jobs {
        // After an outage it catches up.
        sleep_until(began + interval * u32::try_from(n).unwrap()).await;
        while let Err(error) = enqueue(&store, n).await {
            // It is not known whether it committed: the next attempt reads that from `enqueued`.
            eprintln!("job {n}: {error}; trying again");
            sleep(Duration::from_millis(250)).await;
        }
    }
}

/// In one transaction with a row that records it.
async fn enqueue(store: &Store, n: i64) -> jobs::Result<()> {
    const ACTOR: Actor = Actor::System("soak");
    let mut tx = store.begin(&ACTOR).await?;
    let existing: Option<i64> =
        sqlx::query_scalar("select n from enqueued where n = $1").bind(n).fetch_optional(tx.conn()).await?;
    if existing.is_some() {
        return Ok(());
    }
    let job = jobs::enqueue(&mut tx, &ACTOR, &SoakJob { n }, Options::default()).await?;
    sqlx::query("insert into enqueued (n, job) values ($1, $2)")
        .bind(n)
        .bind(job.id.uuid())
        .execute(tx.conn())
        .await?;
    tx.commit().await
}
