//! Enqueue a run, and run it.

use super::plan::{Site, plan};
use crate::{Cx, Error, Progress, Result, Services};
use domain::{
    JobId,
    isolation::{Check, IsolationProber, Verdict, summarize},
};
use jobs::kinds::SelfTest;
use serde_json::json;
use store::isolation;

/// Enqueues a run for an admin; a run that waits is not enqueued twice, and one that runs is repeated afterwards.
pub async fn enqueue(cx: &Cx) -> Result<JobId> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    let job = jobs::enqueue(&mut tx, &cx.actor, &SelfTest {}, jobs::Options::default()).await?;
    isolation::request(&mut tx, job.id).await?;
    cx.audit(&mut tx, "fleet.self_test", &job.id.to_string(), None, json!({})).await?;
    tx.commit().await?;
    Ok(job.id)
}

/// The job: probes the isolation and stores the result.
pub async fn run(
    services: &Services,
    prober: &dyn IsolationProber,
    site: &Site,
    job: &dyn Progress,
    id: JobId,
) -> Result<()> {
    let store = &services.store;
    store.run_system("isolation self-test", async |tx| isolation::begin(tx, id).await).await?;
    job.phase("probe").await;
    let (Verdict { enforced, summary }, checks) = probe(services, prober, site, id.to_string()).await?;
    if enforced == Some(false) {
        tracing::warn!(summary, "isolation self-test");
    }
    let checks = serde_json::to_value(checks).map_err(Error::internal)?;
    store
        .run_system("isolation self-test", async |tx| {
            isolation::finish(tx, id, enforced, &summary, &checks).await
        })
        .await?;
    Ok(())
}

/// Probes the isolation and stores nothing; `run` names the run on the engine.
pub async fn probe(
    services: &Services,
    prober: &dyn IsolationProber,
    site: &Site,
    run: String,
) -> Result<(Verdict, Vec<Check>)> {
    let plan = plan(services, site, run).await?;
    let results = prober.probe(&plan).await?;
    Ok((summarize(&results.checks, results.guard.as_deref()), results.checks))
}
