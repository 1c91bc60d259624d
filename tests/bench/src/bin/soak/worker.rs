//! The process that is killed: a worker as in production, with the soak's handler.

use crate::{
    kind::{Fate, Soaked},
    prepared,
};
use domain::{Actor, WorkerId};
use jobs::{Lane, Outcome, Store};
use std::{collections::HashMap, num::NonZeroUsize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::{JobContext, Registry, WorkerConfig};

const HERE: Actor = Actor::System("soak");

/// Runs until it is killed. Its id is its first argument after `worker`.
pub async fn run() {
    let id: Uuid = std::env::args().nth(2).unwrap().parse().unwrap();
    let store = loop {
        // The database may be away at this very moment.
        if let Ok(store) = Store::connect(&prepared("SOAK_DATABASE_URL"), 8).await {
            break store;
        }
    };
    let slots = HashMap::from([(Lane::Ingest, NonZeroUsize::new(8).unwrap())]);
    let config = WorkerConfig { lanes: slots, ..WorkerConfig::new(WorkerId::from(id), "soak", "0") };
    let effects = store.clone();
    let registry =
        Registry::new().handle(move |cx: JobContext, job: Soaked| handle(effects.clone(), cx, job));
    workers::run(&store, registry, config, CancellationToken::new()).await.unwrap();
}

async fn handle(store: Store, cx: JobContext, job: Soaked) -> Outcome {
    tokio::time::sleep(job.works()).await;
    match job.fate() {
        Fate::GiveUp => return Outcome::fail("It was to give up."),
        Fate::FailOnce if cx.failures() == 0 => return Outcome::retry("It was to fail once."),
        Fate::PanicOnce if cx.failures() == 0 => panic!("it was to panic once"),
        Fate::Succeed | Fate::FailOnce | Fate::PanicOnce => {}
    }
    match effect(&store, &cx).await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

/// The effect as the documents ask for it: fenced, and looked for first, because a worker can die between it and
/// the record of its result.
async fn effect(store: &Store, cx: &JobContext) -> jobs::Result<()> {
    let mut tx = store.begin(&HERE).await?;
    if let Err(error) = cx.fence(&mut tx).await {
        drop(tx);
        let mut tx = store.begin(&HERE).await?;
        sqlx::query("insert into refused (job, attempt) values ($1, $2)")
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
