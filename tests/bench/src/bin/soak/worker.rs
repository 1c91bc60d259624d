//! The process that is killed: a worker as in production, with the handler of the soak test.

use crate::{
    kind::{PlannedEnd, SoakJob},
    variable,
};
use domain::{Actor, WorkerId};
use jobs::{Lane, Outcome, Store};
use std::{collections::HashMap, num::NonZeroUsize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::{JobContext, Registry, WorkerConfig};

const ACTOR: Actor = Actor::System("soak");

/// Runs until it is killed. Its id is its first argument after `worker`.
pub async fn run() {
    let id: Uuid = std::env::args().nth(2).unwrap().parse().unwrap();
    let store = loop {
        // The database may not be available at this moment.
        if let Ok(store) = Store::connect(&variable("SOAK_DATABASE_URL"), 8).await {
            break store;
        }
    };
    let slots = HashMap::from([(Lane::Ingest, NonZeroUsize::new(8).unwrap())]);
    let config = WorkerConfig { lanes: slots, ..WorkerConfig::new(WorkerId::from(id), "soak", "0") };
    let effects = store.clone();
    let registry =
        Registry::new().handle(move |cx: JobContext, job: SoakJob| handle(effects.clone(), cx, job));
    workers::run(&store, registry, config, CancellationToken::new()).await.unwrap();
}

async fn handle(store: Store, cx: JobContext, job: SoakJob) -> Outcome {
    tokio::time::sleep(job.duration()).await;
    match job.planned_end() {
        PlannedEnd::GiveUp => return Outcome::fail("It was planned to fail."),
        PlannedEnd::FailOnce if cx.failures() == 0 => return Outcome::retry("It was planned to fail once."),
        PlannedEnd::PanicOnce if cx.failures() == 0 => panic!("it was planned to panic once"),
        PlannedEnd::Succeed | PlannedEnd::FailOnce | PlannedEnd::PanicOnce => {}
    }
    match write_effect(&store, &cx).await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

/// Fenced, and written only if it does not exist yet, because a worker can be killed between its effect and the record
/// of its result.
async fn write_effect(store: &Store, cx: &JobContext) -> jobs::Result<()> {
    let mut tx = store.begin(&ACTOR).await?;
    if let Err(error) = cx.fence(&mut tx).await {
        drop(tx);
        let mut tx = store.begin(&ACTOR).await?;
        sqlx::query("insert into rejected_effects (job, attempt) values ($1, $2)")
            .bind(cx.id().uuid())
            .bind(cx.attempt())
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        return Err(error);
    }
    sqlx::query("insert into effects (job, attempt) values ($1, $2) on conflict do nothing")
        .bind(cx.id().uuid())
        .bind(cx.attempt())
        .execute(tx.conn())
        .await?;
    tx.commit().await
}
