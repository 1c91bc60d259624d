//! Enqueues the jobs, evenly, whatever the database does.

use crate::{Plan, kind::Soaked};
use domain::Actor;
use jobs::{Options, Store};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Asks for all jobs within nine tenths of the time.
pub async fn ask(store: Store, plan: Plan) {
    let began = Instant::now();
    let pause = plan.length.mul_f64(0.9) / u32::try_from(plan.jobs).unwrap();
    for n in 1..=plan.jobs {
        // An outage is caught up with.
        sleep_until(began + pause * u32::try_from(n).unwrap()).await;
        while let Err(error) = ask_for(&store, n).await {
            // It is not known whether it committed: `asked` tells the next try.
            eprintln!("job {n}: {error}; again");
            sleep(Duration::from_millis(250)).await;
        }
    }
}

/// In one transaction with the note that it was asked for.
async fn ask_for(store: &Store, n: i64) -> jobs::Result<()> {
    const HERE: Actor = Actor::System("soak");
    let mut tx = store.begin(&HERE).await?;
    let known: Option<i64> =
        sqlx::query_scalar("select n from asked where n = $1").bind(n).fetch_optional(tx.conn()).await?;
    if known.is_some() {
        return Ok(());
    }
    let job = jobs::enqueue(&mut tx, &HERE, &Soaked { n }, Options::default()).await?;
    sqlx::query("insert into asked (n, job) values ($1, $2)")
        .bind(n)
        .bind(job.id.uuid())
        .execute(tx.conn())
        .await?;
    tx.commit().await
}
